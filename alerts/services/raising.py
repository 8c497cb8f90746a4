"""Makes alerts of hits and of rules that fired: each cause once, whatever is tried again."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from alerts.models import Alert, AlertChange, Hit, Occurrence
from alerts.models.alerts import TITLE_MOST
from alerts.services.announcing import announce_alerts
from alerts.services.escalation import Plans, begin_escalation, told_at_once
from alerts.services.outbox import make_deliveries
from detections.models import Detection
from lpr_project.common.models import uuid7_floor

log = structlog.get_logger(__name__)

COOLDOWN_SECONDS = 300
# Hits of longer ago are told by nobody: alerts are about now.
LATEST = timedelta(hours=6)
MISSED_AFTER = timedelta(seconds=5)
MISSED_MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why there should be an alert. `key` says which cause it is, for ever."""

    key: str
    organization_id: int
    same: str = field(metadata={"doc": "causes of the same are one alert within the cooldown"})
    title: str
    priority: int
    at: datetime
    facts: dict[str, Any]
    detection_id: UUID | None = None
    camera_id: UUID | None = None
    watchlist_id: UUID | None = None
    hit_id: UUID | None = None
    rule_id: int | None = None
    policy_id: int | None = None
    cooldown_seconds: int | None = None
    number: str = ""
    country: str = ""
    province: str = ""


def cause_of_hit(hit: Hit) -> Cause:
    """A hit as the cause of an alert."""
    watchlist, camera, detection = hit.watchlist, hit.camera, hit.detection
    said = hit.entry_said or {}
    point = camera.point
    facts = {
        "list": watchlist.name,
        "category": watchlist.category,
        "color": watchlist.color,
        "sound": watchlist.sound,
        "camera": camera.name,
        "position": [point.y, point.x] if point else None,
        "policy": hit.policy,
        "match": str(hit.get_policy_display()),
        "edits": hit.edits,
        "certainty": round(hit.certainty, 3),
        "province_agrees": hit.province_agrees,
        "hit_id": str(hit.pk),
        "entry_id": str(hit.entry_id) if hit.entry_id else None,
        "entry": hit.entry_number,
        "entry_country": said.get("country", ""),
        "entry_province": said.get("province", ""),
        "reason": said.get("reason", ""),
        "case_number": said.get("case_number", ""),
        "vehicle": said.get("vehicle", ""),
        **facts_of_detection(detection),
    }
    return Cause(
        key=hit.occurrence_key,
        organization_id=hit.organization_id,
        same=f"{hit.watchlist_id}:{hit.camera_id}:{hit.number}:{hit.country}:{hit.province}",
        title=f"{hit.number} · {watchlist.name} · {camera.name}",
        priority=watchlist.priority,
        at=hit.captured_at,
        facts=facts,
        detection_id=hit.detection_id,
        camera_id=hit.camera_id,
        watchlist_id=hit.watchlist_id,
        hit_id=hit.pk,
        number=hit.number,
        country=hit.country,
        province=hit.province,
    )


def facts_of_detection(detection: Detection | None) -> dict[str, Any]:
    """What an alert keeps of the pass that it is about."""
    if detection is None:
        return {}
    return {
        "captured_at": detection.captured_at.isoformat(),
        "confidence": detection.confidence,
        "read": detection.read_number,
        "read_country": detection.read_country,
        "read_province": detection.read_province,
        "direction": detection.direction,
        "vehicle_kind": detection.vehicle_kind,
        "vehicle_color": detection.vehicle_color,
        "has_crop": bool(detection.crop_name),
        "has_frame": bool(detection.frame_name),
    }


def raise_for_hits(*, hits: Sequence[Hit]) -> list[Alert]:
    """Alerts for new hits; those that are about long ago stay hits.

    Where several entries of a list match one passing, its alert shows the one that is surest.
    """
    earliest = timezone.now() - LATEST
    live = [hit for hit in hits if hit.captured_at >= earliest and hit.origin != Hit.Origin.PAST]
    live.sort(key=lambda hit: (hit.captured_at, -hit.certainty))
    return raise_alerts(causes=[cause_of_hit(hit) for hit in live])


def raise_missed() -> int:
    """Raise what a process that died between a hit's commit and its alert left behind."""
    now = timezone.now()
    key = Concat(Value(Hit.OCCURRENCE), Cast(OuterRef("pk"), CharField()))
    recent = (
        Hit.objects.select_related("watchlist", "camera", "entry", "detection__plate")
        .filter(
            pk__gte=uuid7_floor(now - LATEST),
            matched_at__lt=now - MISSED_AFTER,
            captured_at__gte=now - LATEST,
            withdrawn_at=None,
        )
        .exclude(origin=Hit.Origin.PAST)
        .exclude(Exists(Occurrence.objects.filter(key=key)))
    )
    missed = list(recent.order_by("id")[:MISSED_MOST])
    raise_for_hits(hits=missed)
    return len(missed)


@transaction.atomic
def raise_alerts(*, causes: Sequence[Cause]) -> list[Alert]:
    """Make alerts, or add to those that are open for the same; returns those that are new.

    In one transaction: the alerts, their causes, their history and the deliveries of those who
    are told at once. After it: consoles and workers hear of them.
    """
    if not causes:
        return []
    _lock(_digest(cause.same) for cause in causes)
    known = set(
        Occurrence.objects.filter(key__in=[cause.key for cause in causes]).values_list(
            "key", flat=True
        )
    )
    fresh = list({cause.key: cause for cause in causes if cause.key not in known}.values())
    if not fresh:
        return []
    work = _Raising(fresh)
    work.write()
    return work.new


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()


def _lock(digests: Iterable[str]) -> None:
    """Let nobody else decide at the same time whether the same is an alert of its own."""
    # Always in one order, so that two transactions cannot wait for each other.
    numbers = sorted({int(digest[:15], 16) for digest in digests})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(number) FROM unnest(%s::bigint[]) AS number", [numbers]
        )


class _Raising:
    """One transaction's alerts: new ones, and those that were added to."""

    def __init__(self, causes: Sequence[Cause]) -> None:
        self._now = timezone.now()
        self._plans = Plans(cause.organization_id for cause in causes)
        self.new: list[Alert] = []
        self._added_to: dict[UUID, Alert] = {}
        self._told: set[tuple[UUID, UUID | None]] = set()
        self._occurrences: list[Occurrence] = []
        self._changes: list[AlertChange] = []
        self._open = self._open_alerts(causes)
        for cause in causes:
            self._take(cause)

    def _open_alerts(self, causes: Sequence[Cause]) -> dict[str, Alert]:
        longest = self._now - timedelta(days=1)
        alerts = (
            Alert.objects.select_for_update(of=("self",), no_key=True)
            .select_related("assigned_to", "acknowledged_by", "organization", "policy")
            .filter(
                cooldown_key__in={_digest(cause.same) for cause in causes},
                raised_at__gt=longest,
            )
        )
        # The newest of each stays.
        return {alert.cooldown_key: alert for alert in alerts.order_by("id")}

    def _take(self, cause: Cause) -> None:
        alert = self._open.get(_digest(cause.same))
        if alert is None or not self._is_warm(alert, cause):
            alert = self._raise(cause)
        elif not self._is_told(alert, cause):
            self._add(alert, cause)
        self._told.add((alert.pk, cause.detection_id))
        self._occurrences.append(
            Occurrence(
                key=cause.key,
                alert=alert,
                hit_id=cause.hit_id,
                detection_id=cause.detection_id,
                at=cause.at,
            )
        )

    def _is_warm(self, alert: Alert, cause: Cause) -> bool:
        seconds = cause.cooldown_seconds
        if seconds is None:
            policy = self._plans.policy_for(alert, alert.policy_id)
            seconds = policy.cooldown_seconds if policy else COOLDOWN_SECONDS
        return self._now - alert.raised_at < timedelta(seconds=seconds)

    def _is_told(self, alert: Alert, cause: Cause) -> bool:
        """Whether this passing is counted: another entry of the list matches it, too."""
        passing = cause.detection_id
        return passing is not None and (
            passing == alert.detection_id or (alert.pk, passing) in self._told
        )

    def _raise(self, cause: Cause) -> Alert:
        alert = Alert(
            organization_id=cause.organization_id,
            camera_id=cause.camera_id,
            detection_id=cause.detection_id,
            watchlist_id=cause.watchlist_id,
            rule_id=cause.rule_id,
            priority=cause.priority,
            title=cause.title[:TITLE_MOST],
            number=cause.number,
            country=cause.country,
            province=cause.province,
            facts=cause.facts,
            cooldown_key=_digest(cause.same),
            raised_at=self._now,
            changed_at=self._now,
            last_seen_at=cause.at,
        )
        policy = self._plans.policy_for(alert, cause.policy_id)
        alert.policy_id = policy.pk if policy else None
        self._open[alert.cooldown_key] = alert
        self.new.append(alert)
        self._note(alert, AlertChange.Kind.RAISED)
        return alert

    def _add(self, alert: Alert, cause: Cause) -> None:
        alert.passes += 1
        alert.last_seen_at = max(alert.last_seen_at, cause.at)
        alert.changed_at = self._now
        if not alert._state.adding:  # noqa: SLF001  # Django's own word for "not saved yet"
            self._added_to[alert.pk] = alert
        self._note(alert, AlertChange.Kind.REPEATED)

    def _note(self, alert: Alert, kind: AlertChange.Kind) -> None:
        self._changes.append(
            AlertChange(
                alert=alert, kind=kind, actor_label="server", before=alert.state, after=alert.state
            )
        )

    def write(self) -> None:
        """Write all of it, and tell everybody once it is committed."""
        begin_escalation(self.new, self._plans)
        Alert.objects.bulk_create(self.new, batch_size=1_000)
        if self._added_to:
            Alert.objects.bulk_update(
                self._added_to.values(), ["passes", "last_seen_at", "changed_at"]
            )
        Occurrence.objects.bulk_create(self._occurrences, batch_size=1_000)
        AlertChange.objects.bulk_create(self._changes, batch_size=1_000)
        make_deliveries(told_at_once(self.new, self._plans))
        changed = [*self.new, *self._added_to.values()]
        transaction.on_commit(partial(announce_alerts, changed))
