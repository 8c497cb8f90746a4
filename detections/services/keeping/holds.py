"""Makes and ends legal holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, Organization, User
from accounts.selectors import MANAGING_ROLES, has_role
from accounts.services import record_audit_event
from cameras.models import Camera
from detections.errors import HoldEndedError, HoldRefusedError
from detections.models import Detection, HeldDetection, HeldPlate, HeldSpan, LegalHold
from detections.services.keeping.removal import KEEP_LOCK
from lpr_project.common.errors import NotAllowedError
from vehicles.models import Plate

NAMED_MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What a camera captured from `since` until before `until`."""

    camera_id: UUID
    since: datetime
    until: datetime


@transaction.atomic
def create_hold(
    *,
    organization: Organization,
    actor: User,
    reason: str,
    case_number: str = "",
    ends_at: datetime | None = None,
    detection_ids: Sequence[UUID] = (),
    plate_ids: Sequence[UUID] = (),
    spans: Sequence[Span] = (),
) -> LegalHold:
    """Keep what is named, whatever retention or an erasure says, until the hold ends.

    Once this has answered, nothing that it names goes any more: no batch of a deletion runs while
    it is made.

    Raises:
        NotAllowedError: The actor neither owns nor manages the organization.
        HoldRefusedError: Without reason or anything named, ended already, or something named is not
            there or belongs to somebody else.
    """
    _require_right_to_hold(actor, organization)
    _check(reason, ends_at, (*detection_ids, *plate_ids, *spans))
    with connection.cursor() as cursor:
        # First of all locks: batches that go take it before theirs.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [KEEP_LOCK])
    _require_all(Detection.objects.filter(organization=organization), detection_ids, "detections")
    _require_all(Plate.objects.filter(organization=organization), plate_ids, "plates")
    cameras = [span.camera_id for span in spans]
    _require_all(Camera.objects.filter(organization=organization), cameras, "cameras")
    hold = LegalHold(
        organization=organization,
        reason=reason.strip()[:300],
        case_number=case_number.strip()[:60],
        ends_at=ends_at,
        created_by=actor,
    )
    hold.full_clean()
    hold.save()
    HeldDetection.objects.bulk_create(
        HeldDetection(hold=hold, detection_id=pk) for pk in dict.fromkeys(detection_ids)
    )
    HeldPlate.objects.bulk_create(
        HeldPlate(hold=hold, plate_id=pk) for pk in dict.fromkeys(plate_ids)
    )
    HeldSpan.objects.bulk_create(
        HeldSpan(hold=hold, camera_id=span.camera_id, since=span.since, until=span.until)
        for span in spans
    )
    record_audit_event(
        action=AuditEvent.Action.CREATED,
        actor=actor,
        target=hold,
        reason=hold.reason,
        case_number=hold.case_number,
        detail={
            "detections": len(set(detection_ids)),
            "plates": len(set(plate_ids)),
            "spans": len(spans),
            "ends_at": ends_at.isoformat() if ends_at else None,
        },
    )
    return hold


@transaction.atomic
def lift_hold(*, hold: LegalHold, actor: User, reason: str) -> LegalHold:
    """End a hold: what it named goes when its retention says so.

    Raises:
        NotAllowedError: The actor neither owns nor manages the organization.
        HoldRefusedError: No reason is given, or it has ended.
    """
    _require_right_to_hold(actor, hold.organization)
    hold = LegalHold.objects.select_for_update().get(pk=hold.pk)
    if not hold.is_active:
        raise HoldEndedError(_("This hold has ended already."))
    if not reason.strip():
        raise HoldRefusedError(_("Say why the hold ends."), field="reason")
    _end(hold, at=timezone.now(), actor=actor, reason=reason)
    return hold


def end_expired_holds() -> int:
    """Note the end of holds whose time has come, which keep nothing since; gives how many."""
    now = timezone.now()
    ended = 0
    expired = LegalHold.objects.filter(lifted_at=None, ends_at__lte=now)
    for pk in expired.values_list("pk", flat=True):
        with transaction.atomic():
            hold = LegalHold.objects.select_for_update().get(pk=pk)
            if hold.lifted_at is None and hold.ends_at is not None:
                _end(hold, at=hold.ends_at, actor=None, reason="")
                ended += 1
    return ended


def _end(hold: LegalHold, *, at: datetime, actor: User | None, reason: str) -> None:
    hold.lifted_at, hold.lifted_by = at, actor
    hold.lift_reason = reason.strip()[:300]
    hold.save(update_fields=["lifted_at", "lifted_by", "lift_reason", "updated_at"])
    record_audit_event(
        action=AuditEvent.Action.CHANGED,
        actor=actor,
        target=hold,
        reason=hold.lift_reason,
        case_number=hold.case_number,
        detail={"ended": at.isoformat()},
    )


def _require_right_to_hold(actor: User, organization: Organization) -> None:
    if not has_role(actor, organization, *MANAGING_ROLES):
        raise NotAllowedError(_("Legal holds are for owners and managers."))


def _check(reason: str, ends_at: datetime | None, named: Sequence[object]) -> None:
    if not reason.strip():
        raise HoldRefusedError(_("Say why this must be kept."), field="reason")
    if ends_at is not None and ends_at <= timezone.now():
        raise HoldRefusedError(_("Give an end that lies in the future."), field="ends_at")
    if not named:
        message = _("Name at least one detection, plate or span of time of a camera.")
        raise HoldRefusedError(message, field="detections")
    if len(named) > NAMED_MOST:
        message = _("Name at most 1,000 things. A span of time of a camera holds any number.")
        raise HoldRefusedError(message, field="detections")
    if any(isinstance(part, Span) and part.since >= part.until for part in named):
        raise HoldRefusedError(_("A span must end after it begins."), field="spans")


def _require_all(rows: QuerySet[Any], wanted: Sequence[UUID], field: str) -> None:
    found = rows.filter(pk__in=wanted).count() if wanted else 0
    if found != len(set(wanted)):
        message = _("One of these is not there, or belongs to another organization.")
        raise HoldRefusedError(message, field=field)
