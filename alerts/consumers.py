"""The console's socket: alerts as they are raised and answered."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from channels.db import database_sync_to_async
from django.db import Error as DatabaseError
from django.utils.translation import override

from accounts.consumers import ResumingConsumer, Sight
from accounts.errors import ApiKeyError
from accounts.models import ApiKey, Scope, User
from accounts.services import authenticate_api_key
from alerts.events import LiveAlert, organization_group
from alerts.selectors.alerts import alerts_changed_since, audience_of
from alerts.services.announcing import live_alert
from alerts.views.presentation import show_alert

GATHER_SECONDS = 0.02
ROWS_MOST = 500


class AlertsConsumer(ResumingConsumer):
    """One person's console, or a program that presents an API key and hears alerts.

    It gets `{"type": "alerts", "complete": bool, "items": [ShownAlert, …]}`. An alert comes
    whenever it changes.
    """

    overlap = timedelta(seconds=10)

    async def connect(self) -> None:
        self._waiting: dict[str, LiveAlert] = {}
        # Lists and cameras that the person may not see, as far as they were looked up.
        self._refused: set[tuple[str | None, str | None]] = set()
        self._is_complete = True
        self._flush: asyncio.Task[None] | None = None
        await super().connect()

    async def disconnect(self, code: int) -> None:
        await super().disconnect(code)
        if self._flush is not None:
            self._flush.cancel()

    async def who_connects(self) -> object:
        user = await super().who_connects()
        self._presents_key = not isinstance(user, User) and bool(_presented(self.scope))
        return await self._owner_of_key() if self._presents_key else user

    async def who_is_there(self) -> object:
        # What was refused may be allowed by now.
        self._refused = set()
        return await (self._owner_of_key() if self._presents_key else super().who_is_there())

    async def _owner_of_key(self) -> User | None:
        key = await database_sync_to_async(_key_of)(_presented(self.scope))
        return key.user if key else None

    def look_up(self) -> Sight:
        self._audience = audience_of(self.user)
        return self._audience.watchlists, self._audience.cameras, self._audience.organizations

    def groups_to_hear(self) -> Iterable[str]:
        return map(organization_group, self._audience.member_of)

    def hear(self, message: dict[str, Any]) -> None:
        if message["type"] != "alerts.changed":
            return
        self.tell(message["alerts"])
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
            if await self.look_again():
                self.tell(alerts)

    def tell(self, rows: Iterable[LiveAlert], *, is_complete: bool = True) -> None:
        for alert in rows:
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
            with override(self.language):
                items = [show_alert(alert) for alert in alerts.values()]
            event = {"type": "alerts", "complete": is_complete, "items": items}
            await self.send(orjson.dumps([event]).decode())
            # The first goes at once; what comes close behind it travels together.
            await asyncio.sleep(GATHER_SECONDS)

    async def tell_status(self, status: dict[str, Any]) -> None:
        await self.send(orjson.dumps([status]).decode())

    def rows_since(self, since: datetime) -> tuple[Sequence[LiveAlert], bool]:
        rows = list(alerts_changed_since(self.user, since)[: ROWS_MOST + 1])
        return [live_alert(row) for row in reversed(rows[:ROWS_MOST])], len(rows) <= ROWS_MOST


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
