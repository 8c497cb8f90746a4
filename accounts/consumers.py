"""What the live sockets of people share: who is there, what is away, and missing nothing."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import count
from typing import Any, ClassVar

import orjson
import structlog
from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import override

from accounts.models import User
from lpr_project.common.sockets import Ear, LayerError
from lpr_project.common.watchman import SENTENCES, watchman

log = structlog.get_logger(__name__)

# How often the channel layer is asked whether it still delivers, and the page told so.
BEAT_SECONDS = 3.0
# In beats: how often rights are looked up again, and the database asked for what the layer lost.
RECHECK_BEATS = 10
# Time can be counted back from here.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
BAD_MESSAGE, FORBIDDEN, FAILED = 4400, 4403, 4500

Sight = tuple[frozenset[Any], ...]


class ResumingConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels ships no types
    """One person's socket, which misses nothing although the channel layer may lose messages.

    The page sends `{"type": "resume", "since": <ISO time>}` once it is connected. It gets lists of
    the events that a subclass tells and, at least every few seconds,
    `{"type": "status", "layer": bool, "database": bool, "away": [sentence, …]}`, where `away` says
    of each part of the server that is away what that means. The same event may come twice.

    The database is asked instead of the layer when the page resumes, while the layer does not
    deliver, once it does again, and now and then.
    """

    # Channels' own listening takes a thread for every message, and fails while Redis is away.
    channel_layer_alias = "none: Ear listens"
    overlap: ClassVar[timedelta]
    """So long after the moment that it carries a row may become visible: slow work, slow clocks."""

    async def who_connects(self) -> object:
        """Who opens the socket."""
        return self.scope["user"]

    async def who_is_there(self) -> object:
        """Who opened it, asked again: the session may have ended."""
        store = import_module(settings.SESSION_ENGINE).SessionStore
        return await get_user({"session": store(self.scope["session"].session_key)})

    def look_up(self) -> Sight:
        """Find in the database what `self.user` may hear, and give it as sets."""
        raise NotImplementedError

    def groups_to_hear(self) -> Iterable[str]:
        """Groups of the channel layer to hear."""
        raise NotImplementedError

    def hear(self, message: dict[str, Any]) -> None:
        """Take a message of a group."""
        raise NotImplementedError

    def rows_since(self, since: datetime) -> tuple[Sequence[Any], bool]:
        """Find in the database what is news since a moment, oldest first, and whether it is all."""
        raise NotImplementedError

    def tell(self, rows: Iterable[Any], *, is_complete: bool = True) -> None:
        """Send the page what it may see of these."""
        raise NotImplementedError

    async def tell_status(self, status: dict[str, Any]) -> None:
        """Send the page how the server fares."""
        raise NotImplementedError

    async def connect(self) -> None:
        user = await self.who_connects()
        if not isinstance(user, User) or not user.is_active:
            await self.close()
            return
        self.user = user
        self.query = QueryDict(self.scope["query_string"])
        language = self.query.get("language", "")
        self.language = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        self._checked_at = timezone.now()
        self._layer_delivers = self._database_answers = True
        self._away: frozenset[str] = frozenset()
        self._ear = Ear(self.hear)
        self.sight = await database_sync_to_async(self.look_up)()
        with suppress(*LayerError):
            await self._ear.follow(self.groups_to_hear())
        await self.accept()
        self._beat = asyncio.create_task(self._keep_beat())
        # Beside the beat, which waits for what is away.
        self._watch = asyncio.create_task(self._keep_watch())

    async def disconnect(self, code: int) -> None:  # noqa: ARG002  # Channels' signature
        if not hasattr(self, "_ear"):
            return
        if hasattr(self, "_beat"):
            self._beat.cancel()
            self._watch.cancel()
            # What it opened to look is closed when it has ended.
            await asyncio.wait({self._watch})
        await self._ear.close()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        since = _resume_from(text_data or bytes_data or b"")
        if since is None:
            await self.close(BAD_MESSAGE)
            return
        await self._catch_up(since)
        await self._say_status()

    async def _say_status(self) -> None:
        with override(self.language):
            away = [str(said) for part, said in SENTENCES.items() if part in self._away]
        await self.tell_status(
            {
                "type": "status",
                "layer": self._layer_delivers and "redis" not in self._away,
                "database": self._database_answers and "database" not in self._away,
                "away": away,
            }
        )

    async def _keep_watch(self) -> None:
        """Say what of the server is away, at once when that changes."""
        try:
            while True:
                away = await watchman().away()
                if away != self._away:
                    self._away = away
                    await self._say_status()
                await asyncio.sleep(BEAT_SECONDS)
        except Exception:
            log.exception("live_socket_failed")
            await self.close(FAILED)

    async def _keep_beat(self) -> None:
        try:
            for beat in count(1):
                await asyncio.sleep(BEAT_SECONDS)
                is_due = beat % RECHECK_BEATS == 0 and "database" not in self._away
                if is_due and not await self._may_stay():
                    return
                await self._feel_pulse(asks_anyway=is_due)
                await self._say_status()
        except Exception:
            log.exception("live_socket_failed")
            await self.close(FAILED)

    async def _feel_pulse(self, *, asks_anyway: bool) -> None:
        felt_at = timezone.now()
        try:
            await self._ear.follow(self.groups_to_hear())
            delivers = await self._ear.feel_pulse()
        except LayerError:
            delivers = False
        if delivers and self._layer_delivers and self._database_answers and not asks_anyway:
            # Everything that was published before the pulse has come.
            self._checked_at = felt_at - timedelta(seconds=BEAT_SECONDS)
        else:
            await self._catch_up(self._checked_at)
        self._layer_delivers = delivers

    async def _catch_up(self, since: datetime) -> None:
        """Tell what the database has and the page was not told."""
        if "database" in self._away:
            # To ask would take as long as a pool waits, and the page would hear nothing meanwhile.
            self._database_answers = False
            return
        started_at = timezone.now()
        try:
            rows, is_complete = await database_sync_to_async(self.rows_since)(since - self.overlap)
        except DatabaseError:
            log.warning("live_socket_not_caught_up", exc_info=True)
            self._database_answers = False
            return
        self._database_answers = True
        self._checked_at = started_at
        self.tell(rows, is_complete=is_complete)

    async def look_again(self) -> bool:
        """Take up what may be heard now; False, and closed, where something was taken away.

        What the page shows of that must go.
        """
        before, self.sight = self.sight, await database_sync_to_async(self.look_up)()
        if all(old <= new for old, new in zip(before, self.sight, strict=True)):
            return True
        await self.close(FORBIDDEN)
        return False

    async def _may_stay(self) -> bool:
        """Whether the session still stands and nothing was taken away; what is new is taken up."""
        try:
            user = await self.who_is_there()
            if not isinstance(user, User) or not user.is_active:
                await self.close(FORBIDDEN)
                return False
            self.user = user
            return await self.look_again()
        except DatabaseError:
            # Nobody's rights can have changed while the database is away.
            self._database_answers = False
            return True


def _resume_from(text: str | bytes) -> datetime | None:
    """The moment in a page's `resume` message; None for anything else."""
    try:
        asked = orjson.loads(text)
        since = parse_datetime(asked["since"]) if asked["type"] == "resume" else None
    except (ValueError, TypeError, KeyError):
        return None
    return max(since, EARLIEST) if since is not None and timezone.is_aware(since) else None
