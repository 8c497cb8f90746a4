"""The lease that one camera task holds on its camera, so that no two nodes watch the same one.

A lease is a key in Redis that its holder renews. When Redis itself was restarted all leases are
gone while their holders still work: a new one is given only after every holder has had time to
take its own again.
"""

import threading
from collections.abc import Callable
from functools import cache
from uuid import UUID

import structlog
from redis.exceptions import LockError, RedisError
from redis.lock import Lock

from detections.services.frames import frames_redis

log = structlog.get_logger(__name__)

LEASE_SECONDS = 12.0
RENEW_SECONDS = 3.0


def _lease(camera_id: UUID) -> Lock:
    return Lock(
        frames_redis(),
        f"lpr:lease:{camera_id.hex}",
        timeout=LEASE_SECONDS,
        blocking=False,
        thread_local=False,
    )


def is_leased(camera_id: UUID) -> bool:
    """Whether some task holds the camera."""
    return _lease(camera_id).locked()


def may_lease() -> bool:
    """False for as long as holders of leases that a restarted Redis forgot may still be working.

    Raises:
        redis.exceptions.RedisError: Redis does not answer.
    """
    uptime: int = frames_redis().info("server")["uptime_in_seconds"]
    return uptime > LEASE_SECONDS


class LeaseKeeper:
    """Holds the leases of this process and renews them on a thread of its own."""

    def __init__(self) -> None:
        self._held: dict[UUID, tuple[Lock, Callable[[], None]]] = {}
        self._changed = threading.Lock()
        self._thread: threading.Thread | None = None

    def take(self, camera_id: UUID, on_loss: Callable[[], None]) -> bool:
        """Try to take a camera's lease; `on_loss` is called from another thread if it is lost."""
        with self._changed:
            if camera_id in self._held:
                return False
            lease = _lease(camera_id)
            if not lease.acquire():
                return False
            self._held[camera_id] = (lease, on_loss)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._renew_for_ever, name="leases", daemon=True
                )
                self._thread.start()
        return True

    def give_back(self, camera_id: UUID) -> None:
        """Let another task have the camera at once."""
        with self._changed:
            lease, _ = self._held.pop(camera_id, (None, None))
        if lease is None:
            return
        try:
            lease.release()
        except (LockError, RedisError, OSError):
            log.info("lease_already_gone", camera_id=str(camera_id))

    def _renew_for_ever(self) -> None:
        pause = threading.Event()
        while not pause.wait(RENEW_SECONDS):
            self._renew_once()

    def _renew_once(self) -> None:
        with self._changed:
            held = list(self._held.items())
        for camera_id, (lease, on_loss) in held:
            if not self._renew(lease):
                log.warning("lease_lost", camera_id=str(camera_id))
                with self._changed:
                    self._held.pop(camera_id, None)
                on_loss()

    def _renew(self, lease: Lock) -> bool:
        """Prolong a lease; False when somebody else has it. An unreachable Redis loses nothing."""
        try:
            lease.reacquire()
        except LockError:
            return self._take_again(lease)
        except (RedisError, OSError):
            log.warning("lease_not_renewed", exc_info=True)
        return True

    def _take_again(self, lease: Lock) -> bool:
        token = lease.local.token
        try:
            return lease.do_acquire(token)
        except (RedisError, OSError):
            return True


@cache
def lease_keeper() -> LeaseKeeper:
    """The keeper of this process."""
    return LeaseKeeper()
