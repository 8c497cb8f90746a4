"""What goes over the console's WebSocket.

One channel-layer group for each organization, `organization_group(id)`. A socket joins those of
its person, and leaves out alerts of lists and cameras that the person may not see: a group for each
list would not tell of lists that are made while it is open. The layer may lose messages: consoles
catch up from the database by `changed_at`.
"""

from typing import Any, Literal, TypedDict

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


def organization_group(organization_id: int) -> str:
    """Name of an organization's channel-layer group of alerts."""
    return f"alerts.{organization_id}"


def publish_alerts(organization_id: int, alerts: list[LiveAlert]) -> None:
    """Tell consoles of alerts of one organization."""
    event: AlertsChanged = {"type": "alerts.changed", "alerts": alerts}
    publish(organization_group(organization_id), {**event})
