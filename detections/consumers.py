"""The live page's socket: new detections and how cameras fare, as they happen."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import Error as DatabaseError
from django.utils.translation import override

from accounts.consumers import ResumingConsumer, Sight
from cameras.selectors import camera_ids_visible_to
from detections.events import LiveDetection, MarkedDetection, camera_group
from detections.forms import LiveFilterForm
from detections.selectors import as_rows, detections_recorded_since
from detections.services.live import live_detection
from detections.services.marks import mark_sources_of, marks_of
from detections.views.presentation import show_detection

# Events that come closer together than this travel as one message.
GATHER_SECONDS = 0.03
ROWS_MOST = 200
SENT_MOST = 2_000
FRAGMENTS_MOST = 1_000

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
        self._marks: dict[str, MarkedDetection] = {}
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

    def put_marks(self, marked: MarkedDetection) -> None:
        """Send what is said of a detection; only all that is said now counts."""
        self._marks[marked["id"]] = marked
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
        while self._detections or self._changes or self._marks or self._latest:
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
        if self._marks:
            items = orjson.dumps(list(self._marks.values()))
            events.append(b'{"type":"marks","items":%b}' % items)
        self._detections, self._changes, self._marks, self._latest = [], {}, {}, {}
        self._is_complete = True
        return b"[" + b",".join(events) + b"]"


class LiveConsumer(ResumingConsumer):
    """One person's live page; its query string holds the page's filters and language.

    It gets `{"type": "detections", "complete": bool, "items": [ShownDetection, …]}`,
    `{"type": "changes", "items": [ShownDetection, …]}` of detections that were reviewed, shown or
    not, `{"type": "marks", "items": [MarkedDetection, …]}` of detections that watchlists name, with
    the marks that the person may see, and `CameraSeen`.
    """

    overlap = timedelta(seconds=30)

    async def connect(self) -> None:
        self._outbox = Outbox(self.send)
        self._sent: OrderedDict[str, None] = OrderedDict()
        # What may mark detections and was looked up, and is not for this person.
        self._refused: set[str] = set()
        self._caught_up: list[MarkedDetection] = []
        await super().connect()

    async def disconnect(self, code: int) -> None:
        await super().disconnect(code)
        self._outbox.close()

    async def who_is_there(self) -> object:
        # What was refused may be allowed by now.
        self._refused = set()
        return await super().who_is_there()

    def look_up(self) -> Sight:
        self._filter = LiveFilterForm(self.query, user=self.user).filter
        visible = frozenset(camera_ids_visible_to(self.user))
        chosen = self._filter.camera_ids
        self._cameras = visible if chosen is None else visible & chosen
        self._sources = mark_sources_of(self.user)
        return self._cameras, self._sources

    def groups_to_hear(self) -> Iterable[str]:
        return map(camera_group, self._cameras)

    def hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "live.detections":
            self.tell(message["detections"])
        elif message["type"] == "live.changes":
            for detection in message["detections"]:
                fragment = detection_json(detection, self.language)
                self._outbox.put_change(detection["id"], fragment)
        elif message["type"] == "live.marks":
            self._tell_marks(message["detections"])
        elif message["type"] == "live.camera":
            self._outbox.put_latest(message["camera_id"], message | {"type": "camera"})

    def tell(self, rows: Iterable[LiveDetection], *, is_complete: bool = True) -> None:
        fragments = []
        for detection in rows:
            if detection["id"] in self._sent or not self._filter.matches(detection):
                continue
            self._sent[detection["id"]] = None
            fragments.append(detection_json(detection, self.language))
        while len(self._sent) > SENT_MOST:
            self._sent.popitem(last=False)
        if fragments or not is_complete:
            self._outbox.put_detections(fragments, is_complete=is_complete)
        caught_up, self._caught_up = self._caught_up, []
        for marked in caught_up:
            self._outbox.put_marks(marked)

    def _tell_marks(self, detections: Sequence[MarkedDetection]) -> None:
        for marked in detections:
            said = [mark for mark in marked["marks"] if mark["of"] in self._sources]
            # Nothing is told of what only others may know.
            if said or not marked["marks"]:
                self._outbox.put_marks({"id": marked["id"], "marks": said})
        known = self._sources | self._refused
        if any(mark["of"] not in known for marked in detections for mark in marked["marks"]):
            self._looking = asyncio.create_task(self._look_again(detections))

    async def _look_again(self, detections: Sequence[MarkedDetection]) -> None:
        """A list may be new: what is not known to be refused is looked up once."""
        with suppress(DatabaseError):
            if await self.look_again():
                said = {mark["of"] for marked in detections for mark in marked["marks"]}
                self._refused |= said - self._sources
                self._tell_marks(detections)

    async def tell_status(self, status: dict[str, Any]) -> None:
        self._outbox.put_latest("status", status)

    def rows_since(self, since: datetime) -> tuple[Sequence[LiveDetection], bool]:
        """What was recorded since and not sent, oldest first, and whether that is all."""
        recorded = self._filter.narrow(detections_recorded_since(self.user, since))
        ids = list(recorded.values_list("pk", flat=True)[: ROWS_MOST + 1])
        unsent = [pk for pk in ids[:ROWS_MOST] if str(pk) not in self._sent]
        rows = list(as_rows(recorded.filter(pk__in=unsent))) if unsent else []
        marks = marks_of(self.user, rows)
        self._caught_up = [{"id": str(pk), "marks": said} for pk, said in marks.items()]
        return [live_detection(row) for row in reversed(rows)], len(ids) <= ROWS_MOST
