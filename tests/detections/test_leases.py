import threading
import uuid

import pytest

from detections.services import leases
from detections.services.frames import frames_redis
from detections.services.leases import LeaseKeeper, is_leased

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """No lease ends, and none is renewed, while a test on a busy machine looks away."""
    monkeypatch.setattr(leases, "LEASE_SECONDS", 3_600.0)
    monkeypatch.setattr(leases, "RENEW_SECONDS", 3_600.0)


def test_take_by_second_process_is_refused_until_given_back() -> None:
    camera_id = uuid.uuid4()
    first, second = LeaseKeeper(), LeaseKeeper()
    assert first.take(camera_id, lambda: None)
    assert is_leased(camera_id)
    assert not second.take(camera_id, lambda: None)
    first.give_back(camera_id)
    assert not is_leased(camera_id)
    assert second.take(camera_id, lambda: None)


def test_take_twice_by_one_process_is_refused() -> None:
    camera_id = uuid.uuid4()
    keeper = LeaseKeeper()
    assert keeper.take(camera_id, lambda: None)
    assert not keeper.take(camera_id, lambda: None)


def test_holder_whose_redis_was_emptied_takes_its_lease_again() -> None:
    camera_id = uuid.uuid4()
    keeper, lost = LeaseKeeper(), threading.Event()
    assert keeper.take(camera_id, lost.set)
    frames_redis().flushdb()
    assert not is_leased(camera_id)
    keeper._renew_once()
    assert is_leased(camera_id)
    assert not lost.is_set()


def test_holder_whose_lease_another_took_is_told() -> None:
    camera_id = uuid.uuid4()
    first, second, lost = LeaseKeeper(), LeaseKeeper(), threading.Event()
    assert first.take(camera_id, lost.set)
    frames_redis().flushdb()
    assert second.take(camera_id, lambda: None)
    first._renew_once()
    assert lost.is_set()
    assert is_leased(camera_id)


def test_may_lease_waits_for_the_holders_after_a_restart_of_redis(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", 10_000_000.0)
    assert not leases.may_lease()
    monkeypatch.setattr(leases, "LEASE_SECONDS", -1.0)
    assert leases.may_lease()
