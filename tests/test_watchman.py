"""What is away is said, seen on servers that are killed and come back."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from redis import Redis

from lpr_project.common import watchman
from lpr_project.common.heartbeat import PROCESSES, alive_key
from lpr_project.common.watchman import (
    GRACE_SECONDS,
    SENTENCES,
    Watchman,
    database_answers,
    silent_processes,
)
from lpr_project.local.services import (
    Services,
    start_services,
    throwaway_services,
    wait_for_services,
)
from tests.programs import kill_first


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine answers late."""
    monkeypatch.setattr(watchman, "PATIENCE_SECONDS", 30.0)


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    with throwaway_services({}, is_disposable=True) as services:
        yield services


def kill(services: Services, name: str) -> None:
    server = services.servers[name]
    kill_first(server.directory, {"postgres": "postgres", "redis": "redis-server"}[name])
    while server.accepts_connections():
        time.sleep(0.05)


def place_of(services: Services) -> dict[str, Any]:
    assert services.postgres
    parts = urlsplit(services.postgres.url)
    return {
        "HOST": parts.hostname,
        "PORT": parts.port,
        "NAME": parts.path[1:],
        "USER": parts.username,
        "PASSWORD": parts.password,
    }


def test_a_killed_postgres_is_noticed_and_so_is_its_return(services: Services) -> None:
    place = place_of(services)
    assert asyncio.run(database_answers(place))
    kill(services, "postgres")
    began = time.monotonic()
    assert not asyncio.run(database_answers(place))
    assert time.monotonic() - began < 30
    start_services(services)
    wait_for_services(services)
    assert asyncio.run(database_answers(place))


def test_a_killed_redis_is_noticed_and_so_is_its_return(services: Services) -> None:
    assert services.redis
    url = f"{services.redis.url}/1"
    assert asyncio.run(silent_processes(url, grace_s=0)) == frozenset(PROCESSES)
    kill(services, "redis")
    assert asyncio.run(silent_processes(url)) is None
    start_services(services)
    wait_for_services(services)
    # It has just come back, so that nobody can have spoken yet.
    assert GRACE_SECONDS > 5
    assert asyncio.run(silent_processes(url, grace_s=600)) == frozenset()
    with Redis.from_url(url) as redis:
        redis.set(cache.make_key(alive_key("beat")), b"1")
    assert asyncio.run(silent_processes(url, grace_s=0)) == frozenset(PROCESSES) - {"beat"}


def test_what_has_a_heartbeat_is_not_away() -> None:
    for name in PROCESSES:
        cache.set(alive_key(name), "node:1", 300)
    assert asyncio.run(Watchman().away()) <= {"database"}
    cache.delete(alive_key("recognition"))
    assert asyncio.run(Watchman().away()) - {"database"} == {"recognition"}


def test_each_part_has_its_sentence() -> None:
    assert set(SENTENCES) == {"database", "redis", *PROCESSES}
