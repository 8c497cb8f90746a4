"""Limits on calls: counted once however many ask at the same moment."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from lpr_project.common.throttling import Rate, take_token

pytestmark = pytest.mark.django_db  # for the emptied Redis


def test_take_token_gives_each_token_to_one() -> None:
    rate = Rate(burst=5, per_minute=1)

    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(lambda _: take_token("many", rate), range(64)))

    assert waits.count(0.0) == 5
    assert all(30 < wait <= 60 for wait in waits if wait)


def test_take_token_refills_with_time() -> None:
    rate = Rate(burst=1, per_minute=6000)
    assert take_token("one", rate) == 0

    waits = [take_token("one", rate) for _ in range(3000)]

    # 100 tokens a second come back while 3,000 ask.
    assert 0 < waits.count(0.0) < 3000
    assert max(waits) <= 0.01


def test_take_token_keeps_names_apart() -> None:
    rate = Rate(burst=1, per_minute=1)

    assert take_token("one", rate) == take_token("other", rate) == 0
    assert take_token("one", rate) > 0
