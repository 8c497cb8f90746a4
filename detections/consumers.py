"""The live page's socket: new detections and how cameras fare, as they happen."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import count
from typing import Any
from uuid import UUID

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
from cameras.selectors import camera_ids_visible_to
from detections.events import LiveDetection, camera_group
from detections.forms import DetectionFilter, LiveFilterForm
from detections.selectors import as_rows, detections_recorded_since
from detections.services.live import live_detection
from detections.views.presentation import show_detection
from lpr_project.common.sockets import Ear, LayerError
from lpr_project.common.watchman import SENTENCES, watchman

log = structlog.get_logger(__name__)

# Events that come closer together than this travel as one message.
GATHER_SECONDS = 0.03
# How often the channel layer is asked whether it still delivers, and the page told so.
BEAT_SECONDS = 3.0
# In beats: how often rights are looked up again, and the database asked for what the layer lost.
RECHECK_BEATS = 10
# So long after the moment that it carries a row may become visible: slow work, a slow clock.
OVERLAP = timedelta(seconds=30)
# Time can be counted back from here.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
ROWS_MOST = 200
SENT_MOST = 2_000
FRAGMENTS_MOST = 1_000
BAD_MESSAGE, FORBIDDEN, FAILED = 4400, 4403, 4500

_fragments: OrderedDict[tuple[str, ...], bytes] = OrderedDict()


def detection_json(detection: LiveDetection, language: str) -> bytes:
    """A detection as the page takes it, made once for all sockets of this process."""
    changing = (detection["number"], detection["country"], detection["province"])
    key = (detection["id"], *changing, detection["review"], language)
    if key not in _fragments:
        with override(language):
            _fragments[key] = orjson.dumps(show_detection(detection))
        if len(_fragments) > FRAGMENTS_MOST:
            _fragments.popitem(last=False)
    return _fragments[key]


class Outbox:
    """Gathers what is to be sent, so that a burst is few messages; of a camera only the newest."""

    def __init__(self, send: Callable[[str], Awaitable[None]]) -> None:
        self._send = send
        self._detections: list[bytes] = []
        self._changes: dict[str, bytes] = {}
        self._latest: dict[str, bytes] = {}
        self._is_complete = True
        self._flushed_at = 0.0
        self._flush: asyncio.Task[None] | None = None

    def put_detections(self, fragments: Iterable[bytes], *, is_complete: bool = True) -> None:
        """Send detections; `is_complete` says whether there are older ones that are left out."""
        self._detections.extend(fragments)
        self._is_complete &= is_complete
        self._wake()

    def put_change(self, key: str, fragment: bytes) -> None:
        """Send a detection as it now stands; only its newest standing counts."""
        self._changes[key] = fragment
        self._wake()

    def put_latest(self, key: str, event: dict[str, Any]) -> None:
        """Send an event that replaces an unsent one of the same key."""
        self._latest[key] = orjson.dumps(event)
        self._wake()

    def close(self) -> None:
        """Send nothing more."""
        if self._flush is not None:
            self._flush.cancel()

    def _wake(self) -> None:
        if self._flush is None or self._flush.done():
            self._flush = asyncio.create_task(self._gather_and_send())

    async def _gather_and_send(self) -> None:
        loop = asyncio.get_running_loop()
        while self._detections or self._changes or self._latest:
            # The first event after a quiet while goes at once.
            await asyncio.sleep(max(self._flushed_at + GATHER_SECONDS - loop.time(), 0))
            self._flushed_at = loop.time()
            await self._send(self._take().decode())

    def _take(self) -> bytes:
        events = list(self._latest.values())
        if self._detections:
            items, complete = b",".join(self._detections), str(self._is_complete).lower().encode()
            events.append(b'{"type":"detections","complete":%b,"items":[%b]}' % (complete, items))
        if self._changes:
            # Behind new detections: one of them may be what has changed since.
            items = b",".join(self._changes.values())
            events.append(b'{"type":"changes","items":[%b]}' % items)
        self._detections, self._changes, self._latest = [], {}, {}
        self._is_complete = True
        return b"[" + b",".join(events) + b"]"


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels ships no types
    """One person's live page; its query string holds the page's filters and language.

    The page sends `{"type": "resume", "since": <ISO time>}` once it is connected. It gets lists of
    `{"type": "detections", "complete": bool, "items": [ShownDetection, …]}`,
    `{"type": "changes", "items": [ShownDetection, …]}` of detections that were reviewed, shown or
    not, `CameraSeen` and, at least every few seconds,
    `{"type": "status", "layer": bool, "database": bool, "away": [sentence, …]}`, where `away` says
    of each part of the server that is away what that means. The same detection may come twice.

    The layer may lose messages. The database is asked instead when the page resumes, while the
    layer does not deliver, once it does again, and now and then.
    """

    # Channels' own listening takes a thread for every message, and fails while Redis is away.
    channel_layer_alias = "none: Ear listens"
    _cameras: frozenset[UUID]
    _filter: DetectionFilter

    async def connect(self) -> None:
        user = self.scope["user"]
        if not isinstance(user, User) or not user.is_active:
            await self.close()
            return
        self._user = user
        self._query = QueryDict(self.scope["query_string"])
        language = self._query.get("language", "")
        self._language = (
            language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        )
        self._outbox = Outbox(self.send)
        self._ear = Ear(self._hear)
        self._sent: OrderedDict[str, None] = OrderedDict()
        self._checked_at = timezone.now()
        self._layer_delivers = self._database_answers = True
        self._away: frozenset[str] = frozenset()
        self._filter, self._cameras = await database_sync_to_async(self._look_up)()
        with suppress(*LayerError):
            await self._ear.follow(map(camera_group, self._cameras))
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
        self._outbox.close()
        await self._ear.close()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        since = _resume_from(text_data or bytes_data or b"")
        if since is None:
            await self.close(BAD_MESSAGE)
            return
        await self._catch_up(since)
        self._tell_status()

    def _look_up(self) -> tuple[DetectionFilter, frozenset[UUID]]:
        """What the page asks for, and the cameras that it may hear."""
        chosen = LiveFilterForm(self._query, user=self._user).filter
        visible = frozenset(camera_ids_visible_to(self._user))
        return chosen, visible if chosen.camera_ids is None else visible & chosen.camera_ids

    def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "live.detections":
            self._tell(message["detections"])
        elif message["type"] == "live.changes":
            for detection in message["detections"]:
                fragment = detection_json(detection, self._language)
                self._outbox.put_change(detection["id"], fragment)
        elif message["type"] == "live.camera":
            self._outbox.put_latest(message["camera_id"], message | {"type": "camera"})

    def _tell(self, detections: Iterable[LiveDetection], *, is_complete: bool = True) -> None:
        fragments = []
        for detection in detections:
            if detection["id"] in self._sent or not self._filter.matches(detection):
                continue
            self._sent[detection["id"]] = None
            fragments.append(detection_json(detection, self._language))
        while len(self._sent) > SENT_MOST:
            self._sent.popitem(last=False)
        if fragments or not is_complete:
            self._outbox.put_detections(fragments, is_complete=is_complete)

    def _tell_status(self) -> None:
        with override(self._language):
            away = [str(said) for part, said in SENTENCES.items() if part in self._away]
        self._outbox.put_latest(
            "status",
            {
                "type": "status",
                "layer": self._layer_delivers and "redis" not in self._away,
                "database": self._database_answers and "database" not in self._away,
                "away": away,
            },
        )

    async def _keep_watch(self) -> None:
        """Say what of the server is away, at once when that changes."""
        try:
            while True:
                away = await watchman().away()
                if away != self._away:
                    self._away = away
                    self._tell_status()
                await asyncio.sleep(BEAT_SECONDS)
        except Exception:
            log.exception("live_socket_failed")
            await self.close(FAILED)

    async def _catch_up(self, since: datetime) -> None:
        """Tell what the database has and the page was not told."""
        if "database" in self._away:
            # To ask would take as long as a pool waits, and the page would hear nothing meanwhile.
            self._database_answers = False
            return
        started_at = timezone.now()
        try:
            rows, is_complete = await database_sync_to_async(self._rows_since)(since - OVERLAP)
        except DatabaseError:
            log.warning("live_page_not_caught_up", exc_info=True)
            self._database_answers = False
            return
        self._database_answers = True
        self._checked_at = started_at
        self._tell(rows, is_complete=is_complete)

    def _rows_since(self, since: datetime) -> tuple[list[LiveDetection], bool]:
        """What was recorded since and not sent, oldest first, and whether that is all."""
        recorded = self._filter.narrow(detections_recorded_since(self._user, since))
        ids = list(recorded.values_list("pk", flat=True)[: ROWS_MOST + 1])
        unsent = [pk for pk in ids[:ROWS_MOST] if str(pk) not in self._sent]
        rows = as_rows(recorded.filter(pk__in=unsent)) if unsent else ()
        return [live_detection(row) for row in reversed(rows)], len(ids) <= ROWS_MOST

    async def _keep_beat(self) -> None:
        try:
            for beat in count(1):
                await asyncio.sleep(BEAT_SECONDS)
                is_due = beat % RECHECK_BEATS == 0 and "database" not in self._away
                if is_due and not await self._may_stay():
                    await self.close(FORBIDDEN)
                    return
                await self._feel_pulse(asks_anyway=is_due)
                self._tell_status()
        except Exception:
            log.exception("live_socket_failed")
            await self.close(FAILED)

    async def _feel_pulse(self, *, asks_anyway: bool) -> None:
        felt_at = timezone.now()
        try:
            await self._ear.follow(map(camera_group, self._cameras))
            delivers = await self._ear.feel_pulse()
        except LayerError:
            delivers = False
        if delivers and self._layer_delivers and self._database_answers and not asks_anyway:
            # Everything that was published before the pulse has come.
            self._checked_at = felt_at - timedelta(seconds=BEAT_SECONDS)
        else:
            await self._catch_up(self._checked_at)
        self._layer_delivers = delivers

    async def _may_stay(self) -> bool:
        """Whether the session still stands and no camera was taken away; new ones are taken up."""
        store = import_module(settings.SESSION_ENGINE).SessionStore
        try:
            user = await get_user({"session": store(self.scope["session"].session_key)})
            if not isinstance(user, User) or not user.is_active:
                return False
            before, self._user = self._cameras, user
            self._filter, self._cameras = await database_sync_to_async(self._look_up)()
        except DatabaseError:
            # Nobody's rights can have changed while the database is away.
            self._database_answers = False
            return True
        return before <= self._cameras


def _resume_from(text: str | bytes) -> datetime | None:
    """The moment in a page's `resume` message; None for anything else."""
    try:
        asked = orjson.loads(text)
        since = parse_datetime(asked["since"]) if asked["type"] == "resume" else None
    except (ValueError, TypeError, KeyError):
        return None
    return max(since, EARLIEST) if since is not None and timezone.is_aware(since) else None
