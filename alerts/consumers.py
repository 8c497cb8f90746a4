"""The console's socket: alerts as they are raised and answered."""

import asyncio
from collections.abc import Iterable
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

from accounts.errors import ApiKeyError
from accounts.models import ApiKey, Scope, User
from accounts.services import authenticate_api_key
from alerts.events import LiveAlert, organization_group
from alerts.selectors.alerts import Audience, alerts_changed_since, audience_of
from alerts.services.announcing import live_alert
from alerts.views.presentation import show_alert
from lpr_project.common.sockets import Ear, LayerError

log = structlog.get_logger(__name__)

GATHER_SECONDS = 0.02
BEAT_SECONDS = 3.0
# In beats: how often rights are looked up again, and the database asked for what the layer lost.
RECHECK_BEATS = 10
# So long after the moment that it carries a change may become visible.
OVERLAP = timedelta(seconds=10)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
ROWS_MOST = 500
BAD_MESSAGE, FORBIDDEN, FAILED = 4400, 4403, 4500


class AlertsConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels ships no types
    """One person's console, or a program that presents an API key and hears alerts.

    The page sends `{"type": "resume", "since": <ISO time>}` once it is connected. It gets lists of
    `{"type": "alerts", "complete": bool, "items": [ShownAlert, …]}` and
    `{"type": "status", "layer": bool, "database": bool}`, the last every few seconds. An alert
    comes whenever it changes, and may come twice.

    The layer may lose messages. The database is asked instead when the page resumes, while the
    layer does not deliver, once it does again, and now and then.
    """

    # Channels' own listening takes a thread for every message, and fails while Redis is away.
    channel_layer_alias = "none: Ear listens"
    _audience: Audience

    async def connect(self) -> None:
        self._key: ApiKey | None = None
        user = self.scope["user"]
        if not isinstance(user, User) and (presented := _presented(self.scope)):
            self._key = await database_sync_to_async(_key_of)(presented)
            user = self._key.user if self._key else user
        if not isinstance(user, User) or not user.is_active:
            await self.close()
            return
        self._user = user
        language = QueryDict(self.scope["query_string"]).get("language", "")
        self._language = (
            language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        )
        self._waiting: dict[str, LiveAlert] = {}
        # Lists and cameras that the person may not see, as far as they were looked up.
        self._refused: set[tuple[str | None, str | None]] = set()
        self._is_complete = True
        self._flush: asyncio.Task[None] | None = None
        self._ear = Ear(self._hear)
        self._checked_at = timezone.now()
        self._layer_delivers = self._database_answers = True
        self._audience = await database_sync_to_async(audience_of)(user)
        try:
            await self._ear.follow(self._groups())
        except LayerError:
            self._layer_delivers = False
        await self.accept()
        self._beat = asyncio.create_task(self._keep_beat())

    async def disconnect(self, code: int) -> None:  # noqa: ARG002  # Channels' signature
        if not hasattr(self, "_ear"):
            return
        for task in (getattr(self, "_beat", None), self._flush):
            if task is not None:
                task.cancel()
        await self._ear.close()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        since = _resume_from(text_data or bytes_data or b"")
        if since is None:
            await self.close(BAD_MESSAGE)
            return
        await self._catch_up(since)
        await self._tell_status()

    def _groups(self) -> list[str]:
        return [organization_group(one) for one in self._audience.member_of]

    def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] != "alerts.changed":
            return
        self._tell(message["alerts"])
        unknown = [
            alert
            for alert in message["alerts"]
            if not self._sees(alert) and _place(alert) not in self._refused
        ]
        if unknown:
            self._looking = asyncio.create_task(self._look_again(unknown))

    async def _look_again(self, alerts: list[LiveAlert]) -> None:
        """Lists and cameras may be new: what is not known to be refused is looked up once."""
        self._refused |= {_place(alert) for alert in alerts}
        with suppress(DatabaseError):
            self._audience = await database_sync_to_async(audience_of)(self._user)
            self._tell(alerts)

    def _tell(self, alerts: Iterable[LiveAlert], *, is_complete: bool = True) -> None:
        for alert in alerts:
            if self._sees(alert):
                # Only its newest standing counts.
                self._waiting[alert["id"]] = alert
        self._is_complete &= is_complete
        if (self._waiting or not is_complete) and (self._flush is None or self._flush.done()):
            self._flush = asyncio.create_task(self._gather_and_send())

    def _sees(self, alert: LiveAlert) -> bool:
        camera, watchlist = alert["camera_id"], alert["watchlist_id"]
        return self._audience.sees(
            organization_id=alert["organization_id"],
            watchlist_id=UUID(watchlist) if watchlist else None,
            camera_id=UUID(camera) if camera else None,
        )

    async def _gather_and_send(self) -> None:
        while self._waiting or not self._is_complete:
            alerts, self._waiting = self._waiting, {}
            is_complete, self._is_complete = self._is_complete, True
            with override(self._language):
                items = [show_alert(alert) for alert in alerts.values()]
            event = {"type": "alerts", "complete": is_complete, "items": items}
            await self.send(orjson.dumps([event]).decode())
            # The first goes at once; what comes close behind it travels together.
            await asyncio.sleep(GATHER_SECONDS)

    async def _tell_status(self) -> None:
        status = {"layer": self._layer_delivers, "database": self._database_answers}
        await self.send(orjson.dumps([{"type": "status", **status}]).decode())

    async def _catch_up(self, since: datetime) -> None:
        """Tell what the database has and the page may not know."""
        started_at = timezone.now()
        try:
            rows, is_complete = await database_sync_to_async(self._rows_since)(since - OVERLAP)
        except DatabaseError:
            log.warning("console_not_caught_up", exc_info=True)
            self._database_answers = False
            return
        self._database_answers = True
        self._checked_at = started_at
        self._tell(rows, is_complete=is_complete)

    def _rows_since(self, since: datetime) -> tuple[list[LiveAlert], bool]:
        rows = list(alerts_changed_since(self._user, since)[: ROWS_MOST + 1])
        return [live_alert(row) for row in reversed(rows[:ROWS_MOST])], len(rows) <= ROWS_MOST

    async def _keep_beat(self) -> None:
        try:
            for beat in count(1):
                await asyncio.sleep(BEAT_SECONDS)
                is_due = beat % RECHECK_BEATS == 0
                if is_due and not await self._may_stay():
                    await self.close(FORBIDDEN)
                    return
                await self._feel_pulse(asks_anyway=is_due)
                await self._tell_status()
        except Exception:
            log.exception("console_socket_failed")
            await self.close(FAILED)

    async def _feel_pulse(self, *, asks_anyway: bool) -> None:
        felt_at = timezone.now()
        try:
            await self._ear.follow(self._groups())
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
        """Whether the session still stands; what the person may see is looked up again."""
        store = import_module(settings.SESSION_ENGINE).SessionStore
        try:
            if self._key is not None:
                presented = _presented(self.scope)
                self._key = await database_sync_to_async(_key_of)(presented)
                user = self._key.user if self._key else None
            else:
                user = await get_user({"session": store(self.scope["session"].session_key)})
            if not isinstance(user, User) or not user.is_active:
                return False
            before, self._user = self._audience, user
            self._refused = set()
            self._audience = await database_sync_to_async(audience_of)(user)
        except DatabaseError:
            # Nobody's rights can have changed while the database is away.
            self._database_answers = False
            return True
        # A page that shows what was taken away must be loaded anew.
        return (
            before.watchlists <= self._audience.watchlists
            and before.cameras <= self._audience.cameras
            and before.organizations <= self._audience.organizations
        )


def _presented(scope: dict[str, Any]) -> str:
    """The API key that a program sends, or nothing."""
    sent = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    scheme, _, presented = sent.partition(" ")
    return presented.strip() if scheme.lower() == "bearer" else ""


def _key_of(presented: str) -> ApiKey | None:
    """A usable key that may see alerts."""
    try:
        key = authenticate_api_key(presented=presented)
    except ApiKeyError:
        return None
    return key if Scope.ALERTS_READ in key.scopes else None


def _place(alert: LiveAlert) -> tuple[str | None, str | None]:
    return alert["watchlist_id"], alert["camera_id"]


def _resume_from(text: str | bytes) -> datetime | None:
    """The moment in a page's `resume` message; None for anything else."""
    try:
        message = orjson.loads(text)
        since = parse_datetime(message["since"]) if message["type"] == "resume" else None
    except (ValueError, TypeError, KeyError):
        return None
    if since is None or since.tzinfo is None or since < EARLIEST:
        return None
    return since
