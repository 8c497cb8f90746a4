"""Which kinds of process are alive: each writes a key into Redis that expires with its silence."""

import os
import socket
import threading
from typing import Literal, get_args

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

Process = Literal["streams", "recognition", "worker", "deliveries", "beat"]
PROCESSES: tuple[Process, ...] = get_args(Process)
BEAT_SECONDS = 3
EXPIRES_SECONDS = 10


def start_heartbeat(process: Process) -> None:
    """Say every three seconds, from a thread of its own, that this process lives."""
    threading.Thread(target=_beat, args=(process,), name="heartbeat", daemon=True).start()


def _beat(process: Process) -> None:
    name = f"{socket.gethostname()}:{os.getpid()}"
    pause = threading.Event()
    while True:
        try:
            cache.set(alive_key(process), name, timeout=EXPIRES_SECONDS)
        except (RedisError, OSError):
            log.warning("heartbeat_not_written", process=process)
        pause.wait(BEAT_SECONDS)


def is_alive(process: Process) -> bool:
    """Whether at least one process of this kind has written within the last ten seconds.

    Raises:
        redis.exceptions.RedisError: Redis does not answer.
    """
    return cache.get(alive_key(process)) is not None


def alive_key(process: Process) -> str:
    """The cache's key that exists while such a process lives."""
    return f"alive:{process}"
