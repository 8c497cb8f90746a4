"""What a delivery says: for people in words, for programs as facts."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.core import signing
from django.core.files.storage import storages
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _

from alerts.models import Alert, Channel, Delivery, Endpoint
from alerts.selectors.alerts import alerts_told_by
from alerts.services.channels.message import Message
from alerts.services.templates import SUBJECT_MOST, fill
from detections.models import Detection
from vehicles.plates.provinces import find_province

log = structlog.get_logger(__name__)

VERSION = 1
# How many alerts a message of many names; the others are counted.
NAMED_MOST = 20
LISTED_MOST = 500
LINK_SECONDS = 24 * 3600
PICTURE_BYTES_MOST = 500_000
_SALT = "alerts.picture"


_SAMPLE = {
    "plate": "1กข 1234",
    "country": "TH",
    "title": "1กข 1234 · Stolen vehicles · Gate 1",
    "list": "Stolen vehicles",
    "category": "stolen",
    "camera": "Gate 1",
    "time": "2026-01-31 14:05",
    "priority": "90",
    "reason": "Taken at night",
    "case_number": "7/2026",
    "vehicle": "white pick-up",
    "certainty": "97%",
    "passes": "1",
    "organization": "Harbour",
    "link": "https://lpr.example.org/alerts/…",
    "picture": "https://lpr.example.org/alerts/picture/…",
}
# What previews are filled with.
SAMPLE_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {**_SAMPLE, "province": "Bangkok", "match": "the same number"},
    "th": {**_SAMPLE, "province": "กรุงเทพมหานคร", "match": "หมายเลขเดียวกัน"},
}


def picture_token(detection_id: UUID) -> str:
    """What opens the picture of one plate for a day, whoever holds it."""
    return signing.dumps(detection_id.hex, salt=_SALT)


def detection_of_token(token: str) -> UUID | None:
    """The detection whose picture a link may show; None for a wrong or expired one."""
    try:
        return UUID(signing.loads(token, salt=_SALT, max_age=LINK_SECONDS))
    except (signing.BadSignature, ValueError, TypeError):
        return None


def alert_link(alert: Alert) -> str:
    """Where a person opens the alert; empty where the server does not know its own address."""
    return _absolute(reverse("alerts:alert", args=[alert.pk]))


def _absolute(path: str) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}" if settings.PUBLIC_URL else ""


def picture_link(alert: Alert) -> str:
    """A link to the crop that expires; empty where there is none."""
    if alert.detection_id is None or not alert.facts.get("has_crop"):
        return ""
    return _absolute(reverse("alerts:picture", args=[picture_token(alert.detection_id)]))


def alert_words(alert: Alert) -> dict[str, str]:
    """What placeholders become, in the language that is active and the organization's zone."""
    facts = alert.facts
    place = find_province(alert.province) if alert.province else None
    is_thai = (get_language() or "").startswith("th")
    at = alert.raised_at.astimezone(alert.organization.zone)
    certainty = facts.get("certainty")
    return {
        "plate": alert.number,
        "province": (place.name_th if is_thai else place.name_en) if place else alert.province,
        "country": alert.country,
        "title": alert.title,
        "list": facts.get("list", ""),
        "category": facts.get("category", ""),
        "rule": facts.get("rule", ""),
        "camera": facts.get("camera", ""),
        "time": date_format(at, "DATETIME_FORMAT"),
        "priority": str(alert.priority),
        "reason": facts.get("reason", ""),
        "case_number": facts.get("case_number", ""),
        "vehicle": facts.get("vehicle", ""),
        "match": facts.get("match", ""),
        "certainty": "" if certainty is None else f"{certainty:.0%}",
        "passes": str(alert.passes),
        "organization": alert.organization.name,
        "link": alert_link(alert),
        "picture": picture_link(alert),
    }


def alert_facts(alert: Alert) -> dict[str, Any]:
    """An alert as programs get it: version 1, to which fields may be added."""
    return {
        "id": str(alert.pk),
        "title": alert.title,
        "state": alert.state,
        "priority": alert.priority,
        "raised_at": alert.raised_at.isoformat(),
        "passes": alert.passes,
        "plate": {"number": alert.number, "country": alert.country, "province": alert.province},
        "detection_id": str(alert.detection_id) if alert.detection_id else None,
        "camera_id": str(alert.camera_id) if alert.camera_id else None,
        "watchlist_id": str(alert.watchlist_id) if alert.watchlist_id else None,
        **alert.facts,
        "url": alert_link(alert),
        "picture_url": picture_link(alert),
    }


def default_template(channel: str) -> tuple[str, str]:
    """The product's own subject and text for a channel, in the language that is active."""
    subject = "{{ title }}"
    short = _("{{ camera }}, {{ time }}. {{ reason }}")
    if channel in {Channel.SERVICE, Channel.WEB_PUSH}:
        return subject, short
    lines = (
        _("Plate: {{ plate }} {{ province }}"),
        _("Where: {{ camera }}"),
        _("When: {{ time }}"),
        _("Why: {{ list }}{{ rule }} {{ category }}"),
        _("Match: {{ match }} {{ certainty }}"),
        _("Reason: {{ reason }} {{ case_number }}"),
        _("Priority: {{ priority }}"),
    )
    return subject, "\n".join(lines)


def render(delivery: Delivery, endpoint: Endpoint) -> Message:
    """What a delivery says; what was said at the first try stands."""
    if not delivery.content:
        with override(endpoint.language):
            delivery.content = _compose(delivery, endpoint)
    content = delivery.content
    picture, kind = _picture(delivery.alert, endpoint)
    return Message(
        key=delivery.pk,
        subject=content["subject"],
        body=content["body"],
        facts=content["facts"],
        link=content["link"],
        picture=picture,
        picture_type=kind,
        age_s=(timezone.now() - delivery.created_at).total_seconds(),
    )


def _compose(delivery: Delivery, endpoint: Endpoint) -> dict[str, Any]:
    envelope = {
        "version": VERSION,
        "id": str(delivery.pk),
        "type": f"{delivery.kind}.raised" if delivery.step == 0 else f"{delivery.kind}.escalated",
        "step": delivery.step,
        "recipient": endpoint.name,
        "at": delivery.created_at.isoformat(),
    }
    if delivery.kind == Delivery.Kind.TEST:
        return {
            "subject": _("Test of LPR Server"),
            "body": _("This recipient works. No vehicle was seen."),
            "facts": envelope | {"type": "test"},
            "link": "",
        }
    if delivery.alert is None:
        return _compose_many(delivery, envelope)
    subject, body = words_for(endpoint, alert_words(delivery.alert))
    return {
        "subject": subject,
        "body": body,
        "facts": envelope | {"alert": alert_facts(delivery.alert)},
        "link": alert_link(delivery.alert),
    }


def words_for(endpoint: Endpoint, words: Mapping[str, str]) -> tuple[str, str]:
    """Subject and text of a message, by the endpoint's template or the product's own."""
    template = endpoint.template
    subject, body = (
        (template.subject, template.body) if template else default_template(endpoint.channel)
    )
    if endpoint.picture == Endpoint.Picture.NONE:
        words = {**words, "picture": ""}
    text = "\n".join(line.rstrip() for line in fill(body, words).splitlines())
    if endpoint.picture == Endpoint.Picture.LINK and words["picture"] and not template:
        text += "\n" + _("Picture, for a day: %s") % words["picture"]
    return fill(subject, words, most=SUBJECT_MOST), text


def _compose_many(delivery: Delivery, envelope: dict[str, Any]) -> dict[str, Any]:
    carried = alerts_told_by(delivery).select_related("organization").order_by("-priority", "-id")
    count = carried.count()
    alerts = list(carried[:LISTED_MOST])
    heads = {
        Delivery.Kind.STORM: ngettext("%d more alert", "%d more alerts", count),
        Delivery.Kind.DIGEST: ngettext("%d alert", "%d alerts", count),
        Delivery.Kind.QUIET: ngettext(
            "%d alert in the quiet hours", "%d alerts in the quiet hours", count
        ),
    }
    subject = heads[Delivery.Kind(delivery.kind)] % count
    if delivery.kind == Delivery.Kind.STORM:
        subject += " " + _("within a minute: look at the console")
    lines = [f"{alert.title} · {alert.facts.get('camera', '')}" for alert in alerts[:NAMED_MOST]]
    if count > NAMED_MOST:
        lines.append(_("… and %d others.") % (count - NAMED_MOST))
    return {
        "subject": subject,
        "body": "\n".join(lines),
        "facts": envelope | {"count": count, "alerts": [alert_facts(alert) for alert in alerts]},
        "link": _absolute(reverse("alerts:console")),
    }


def _picture(alert: Alert | None, endpoint: Endpoint) -> tuple[bytes | None, str]:
    """The crop and its type, where the endpoint wants it attached and it is still there."""
    if endpoint.picture != Endpoint.Picture.ATTACHED or alert is None or not alert.detection_id:
        return None, ""
    detection = Detection.objects.filter(pk=alert.detection_id).only("crop_name").first()
    if detection is None or not detection.crop_name:
        return None, ""
    try:
        with storages["pictures"].open(detection.crop_name) as stored:
            content = stored.read(PICTURE_BYTES_MOST + 1)
    except OSError:
        # A message without its picture is better than none.
        log.warning("picture_not_attached", alert_id=str(alert.pk))
        return None, ""
    kind = "image/webp" if detection.crop_name.endswith(".webp") else "image/jpeg"
    return (content, kind) if len(content) <= PICTURE_BYTES_MOST else (None, "")
