"""Tells open consoles of alerts, once they are committed."""

from collections import defaultdict
from collections.abc import Sequence

from alerts.events import LiveAlert, publish_alerts
from alerts.models import Alert

# A storm is many: each message stays small.
ALERTS_IN_A_MESSAGE = 100


def live_alert(alert: Alert) -> LiveAlert:
    """What a console shows of an alert."""
    return {
        "id": str(alert.pk),
        "organization_id": alert.organization_id,
        "watchlist_id": str(alert.watchlist_id) if alert.watchlist_id else None,
        "camera_id": str(alert.camera_id) if alert.camera_id else None,
        "detection_id": str(alert.detection_id) if alert.detection_id else None,
        "title": alert.title,
        "number": alert.number,
        "country": alert.country,
        "province": alert.province,
        "priority": alert.priority,
        "state": alert.state,
        "verdict": alert.verdict,
        "passes": alert.passes,
        "assigned_to": str(alert.assigned_to or ""),
        "acknowledged_by": str(alert.acknowledged_by or ""),
        "raised_at": alert.raised_at.isoformat(),
        "last_seen_at": alert.last_seen_at.isoformat(),
        "changed_at": alert.changed_at.isoformat(),
        "facts": alert.facts,
    }


def announce_alerts(alerts: Sequence[Alert]) -> None:
    """Publish alerts as they now stand; each socket tells those that its person may see."""
    by_organization: dict[int, list[LiveAlert]] = defaultdict(list)
    for alert in alerts:
        by_organization[alert.organization_id].append(live_alert(alert))
    for organization_id, shown in by_organization.items():
        for start in range(0, len(shown), ALERTS_IN_A_MESSAGE):
            publish_alerts(organization_id, shown[start : start + ALERTS_IN_A_MESSAGE])
