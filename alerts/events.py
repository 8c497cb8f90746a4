"""What goes over the console's WebSocket.

One channel-layer group for each list, `list_group(id)`, and one for each organization's alerts
without a list; a socket joins those that its person may see, and leaves out cameras that it may
not. The layer may lose messages: consoles catch up from the database by `changed_at`.
"""

from typing import Any, Literal, TypedDict
from uuid import UUID

from lpr_project.common.sockets import publish


class LiveAlert(TypedDict):
    """An alert as consoles show it. Times are ISO 8601 in UTC."""

    id: str
    organization_id: int
    watchlist_id: str | None
    camera_id: str | None
    detection_id: str | None
    title: str
    number: str
    country: str
    province: str
    priority: int
    state: str
    verdict: str
    passes: int
    assigned_to: str
    acknowledged_by: str
    raised_at: str
    last_seen_at: str
    changed_at: str
    facts: dict[str, Any]


class AlertsChanged(TypedDict):
    """Alerts that are new or stand otherwise than before."""

    type: Literal["alerts.changed"]
    alerts: list[LiveAlert]


def audience_group(organization_id: int, watchlist_id: UUID | None) -> str:
    """Name of the channel-layer group that hears of alerts of a list, or of no list."""
    return f"alerts.list.{watchlist_id.hex}" if watchlist_id else f"alerts.org.{organization_id}"


def publish_alerts(group: str, alerts: list[LiveAlert]) -> None:
    """Tell consoles of alerts of one audience."""
    event: AlertsChanged = {"type": "alerts.changed", "alerts": alerts}
    publish(group, {**event})
