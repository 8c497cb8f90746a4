"""What of the server is away at the moment, looked at once for all open pages of a process."""

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils.translation import gettext_lazy as _
from redis.asyncio import Redis
from redis.exceptions import RedisError

from lpr_project.common.heartbeat import PROCESSES, alive_key

LOOK_SECONDS = 2.0
# So long a part may take to answer before it counts as away.
PATIENCE_SECONDS = 2.0
# Twice the pause between two heartbeats.
GRACE_SECONDS = 6.0

SENTENCES = {
    "database": _(
        "The database (PostgreSQL) does not answer. What is shown may be old and nothing can be "
        "saved; what cameras see is kept in memory and recorded when it is back."
    ),
    "redis": _(
        "Redis does not answer. Plates are not read and live updates are down until it is back; "
        "what is recorded meanwhile is read from the database every few seconds."
    ),
    "recognition": _(
        "No recognition worker is running: no plate is read until one is started again."
    ),
    "streams": _("No camera worker (streams) is running: no camera is watched until one is."),
    "worker": _("No background worker is running: uploads, exports and messages wait for one."),
    "deliveries": _(
        "No delivery worker is running: messages about alerts wait until one is started."
    ),
    "beat": _(
        "The scheduler (beat) is not running: cameras that stop are not started again, and nothing "
        "that is due is done."
    ),
}
"""What to say of each part that is away, the worst first."""


class Watchman:
    """Looks at the parts of the server for one event loop, however many pages ask.

    A look opens a connection of its own: pools answer too late, for they wait for better times.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._looked_at = float("-inf")
        self._away: frozenset[str] = frozenset()

    async def away(self) -> frozenset[str]:
        """Names of the parts that are away, keys of `SENTENCES`; at most two seconds old."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if now - self._looked_at >= LOOK_SECONDS:
                redis_url = str(settings.CACHES["default"]["LOCATION"])
                # A group, unlike gather, has closed its connections when it is cancelled.
                async with asyncio.TaskGroup() as group:
                    answer = group.create_task(database_answers(connection.settings_dict))
                    look = group.create_task(silent_processes(redis_url))
                database, silent = answer.result(), look.result()
                others = frozenset({"redis"}) if silent is None else silent
                self._away = others if database else others | {"database"}
                self._looked_at = asyncio.get_running_loop().time()
            return self._away


async def database_answers(place: dict[str, Any]) -> bool:
    """Whether PostgreSQL takes a connection, given Django's description of where it is."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            opened = await psycopg.AsyncConnection.connect(
                host=place["HOST"],
                port=place["PORT"],
                dbname=place["NAME"],
                user=place["USER"],
                password=place["PASSWORD"],
            )
            await opened.close()
    except (psycopg.Error, OSError):
        return False
    return True


async def silent_processes(
    redis_url: str, *, grace_s: float = GRACE_SECONDS
) -> frozenset[str] | None:
    """Kinds of process that have not been heard of lately; None where Redis does not answer.

    Args:
        redis_url: The cache's.
        grace_s: A Redis that runs for less knows of no process yet, so that none counts as silent.
    """
    redis = Redis.from_url(redis_url)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            server = await redis.info("server")
            heard = await redis.mget([cache.make_key(alive_key(name)) for name in PROCESSES])
    except (RedisError, OSError):
        return None
    finally:
        await redis.aclose()
    if server["uptime_in_seconds"] < grace_s:
        return frozenset()
    return frozenset(name for name, value in zip(PROCESSES, heard, strict=True) if value is None)


_watchmen: WeakKeyDictionary[asyncio.AbstractEventLoop, Watchman] = WeakKeyDictionary()


def watchman() -> Watchman:
    """The one of this event loop."""
    return _watchmen.setdefault(asyncio.get_running_loop(), Watchman())
