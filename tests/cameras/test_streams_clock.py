import itertools
import random

import pytest

from cameras.streams.clock import LiveClock, RateLimit

START_S = 1_800_000_000.0


def test_live_clock_jitter_is_smoothed() -> None:
    clock, noise = LiveClock(), random.Random(1)  # noqa: S311 - not a secret
    seen = [
        clock.seen_s(number * 0.04, START_S + number * 0.04 + noise.uniform(0, 0.3))
        for number in range(2_000)
    ]
    steps = [later - earlier for earlier, later in itertools.pairwise(seen)]
    assert min(steps) > 0
    assert max(steps[500:]) < 0.05
    assert seen[-1] == pytest.approx(START_S + 1_999 * 0.04, abs=0.05)


def test_live_clock_drifting_camera_is_followed() -> None:
    clock, drift, frames = LiveClock(), 1.0001, 25 * 3_600
    seen_s = 0.0
    for number in range(frames):
        seen_s = clock.seen_s(number * 0.04, START_S + number * 0.04 * drift)
    assert seen_s == pytest.approx(START_S + (frames - 1) * 0.04 * drift, abs=0.01)


@pytest.mark.parametrize("media_after_s", [0.0, 5_000.0])
def test_live_clock_restarted_count_stays_on_arrival(media_after_s: float) -> None:
    clock = LiveClock()
    clock.seen_s(1_000.0, START_S)
    assert clock.seen_s(media_after_s, START_S + 0.1) == pytest.approx(START_S + 0.1)


def test_live_clock_machine_clock_set_back_is_followed() -> None:
    clock = LiveClock()
    clock.seen_s(10.0, START_S)
    assert clock.seen_s(10.04, START_S - 3_600) == pytest.approx(START_S - 3_600)


def test_live_clock_without_timestamps_is_arrival_and_grows() -> None:
    clock = LiveClock()
    seen = [clock.seen_s(None, arrival_s) for arrival_s in (START_S, START_S, START_S + 1)]
    assert seen[0] == START_S
    assert seen[0] < seen[1] < seen[2] == START_S + 1


@pytest.mark.parametrize(
    ("source_fps", "limit", "expected"), [(25, 10, 100), (25, 5, 50), (25, 25, 250), (8, 10, 80)]
)
def test_rate_limit_hands_out_the_wanted_rate(source_fps: int, limit: float, expected: int) -> None:
    rate = RateLimit(limit)
    due = sum(rate.is_due(START_S + number / source_fps) for number in range(10 * source_fps))
    assert due == pytest.approx(expected, abs=1)


def test_rate_limit_none_takes_all() -> None:
    rate = RateLimit(None)
    assert all(rate.is_due(number / 25) for number in range(10))


def test_rate_limit_goes_on_after_the_clock_was_set_back() -> None:
    rate = RateLimit(10)
    assert rate.is_due(START_S)
    assert rate.is_due(START_S - 3_600)
    assert not rate.is_due(START_S - 3_600 + 0.04)
