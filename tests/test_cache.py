"""What lies in the cache, and what somebody else may have laid there."""

import pickle
from typing import Any

import orjson
import pytest
from django.conf import settings
from django.core.cache import cache
from redis import Redis


@pytest.mark.parametrize(
    "value",
    [b"\xff\xd8 a picture", b"b", b"", "text", {"a": [1.5, None, "ก"]}, [1, 2], 7, True, None],
)
def test_cache_gives_back_what_was_laid_in(db: None, value: Any) -> None:
    cache.set("key", value, 10)

    assert cache.get("key", "nothing") == value


def test_cache_counts_up(db: None) -> None:
    cache.set("key", 1, 10)
    cache.incr("key", 2)

    assert cache.get("key") == 3


class _Trap:
    def __reduce__(self) -> Any:
        return pytest.fail, ("The cache ran what it read.",)


def test_cache_runs_nothing_that_it_reads(db: None) -> None:
    with Redis.from_url(str(settings.CACHES["default"]["LOCATION"])) as redis:
        redis.set(cache.make_key("key"), pickle.dumps(_Trap()))

    with pytest.raises(orjson.JSONDecodeError):
        cache.get("key")
