"""What a reviewer decides about one detection: confirm, correct, reject, and take back."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, User
from accounts.selectors import MANAGING_ROLES, has_role
from accounts.services import record_audit_event
from detections.errors import AlreadyReviewedError, ReviewRefusedError
from detections.models import Detection, RejectReason, ReviewEntry
from detections.services.decisions import (
    Decision,
    Standing,
    lock_detections,
    plate_key,
    read_key,
    record_decisions,
    require_undecided,
    verdict_on,
)
from lpr_project.common.errors import NotAllowedError


@transaction.atomic
def confirm_detection(
    *, detection_id: UUID, actor: User, seen: str = "", reason: str = ""
) -> ReviewEntry:
    """Say that the plate is as it stands; of a rejected one, as it was read.

    Raises:
        AlreadyReviewedError: Its state is not `seen` any more, or somebody else has it.
        ReviewRefusedError: It was merged into another.
        NotAllowedError: The actor may not review it.
    """
    detection = _take(detection_id, actor, seen)
    key = Standing.of(detection).plate or read_key(detection)
    after = Standing(
        review=Detection.Review.CONFIRMED, verdict=verdict_on(detection, key), plate=key
    )
    return _decide(detection, ReviewEntry.Kind.CONFIRMED, after, actor, reason)


@transaction.atomic
def correct_detection(
    *,
    detection_id: UUID,
    actor: User,
    number: str,
    country: str,
    province: str,
    seen: str = "",
    reason: str = "",
) -> ReviewEntry:
    """Say what the plate is; what was read stays beside it. As it stands already confirms it.

    Raises:
        ReviewRefusedError: The text stands on no plate; or it was merged into another.
        AlreadyReviewedError: Its state is not `seen` any more, or somebody else has it.
        NotAllowedError: The actor may not review it.
    """
    key = plate_key(number, country, province)
    detection = _take(detection_id, actor, seen)
    is_as_read = key == read_key(detection)
    review = Detection.Review.CONFIRMED if is_as_read else Detection.Review.CORRECTED
    kind = ReviewEntry.Kind.CONFIRMED if is_as_read else ReviewEntry.Kind.CORRECTED
    after = Standing(review=review, verdict=verdict_on(detection, key), plate=key)
    return _decide(detection, kind, after, actor, reason)


@transaction.atomic
def reject_detection(
    *,
    detection_id: UUID,
    actor: User,
    reject_reason: RejectReason,
    seen: str = "",
    reason: str = "",
) -> ReviewEntry:
    """Say that it is no detection: search does not find it by a plate, and it is not counted.

    Raises:
        ReviewRefusedError: It was merged into another, or "something else" says not what.
        AlreadyReviewedError: Its state is not `seen` any more, or somebody else has it.
        NotAllowedError: The actor may not review it.
    """
    if reject_reason == RejectReason.OTHER and not reason.strip():
        raise ReviewRefusedError(_("Say in words why it is rejected."), field="reason")
    detection = _take(detection_id, actor, seen)
    is_wrong = reject_reason == RejectReason.NO_PLATE
    after = Standing(
        review=Detection.Review.REJECTED, verdict=Detection.Verdict.NO_PLATE if is_wrong else ""
    )
    return _decide(
        detection, ReviewEntry.Kind.REJECTED, after, actor, reason, reject_reason=reject_reason
    )


@transaction.atomic
def undo_entry(*, entry: ReviewEntry, actor: User, reason: str = "") -> ReviewEntry:
    """Bring back how a detection stood before its last entry; undoing is an entry of its own.

    Raises:
        AlreadyReviewedError: Something was decided after it; that is undone first.
        NotAllowedError: It is somebody else's, and the actor is no manager.
    """
    detection = lock_detections(ids=[entry.detection_id], actor=actor)[entry.detection_id]
    require_right_to_undo(entry, actor)
    last = ReviewEntry.objects.filter(detection=detection).order_by("-id").first()
    if last is None or last.pk != entry.pk:
        message = _("Something was decided about it since. Undo that first.")
        raise AlreadyReviewedError(message)
    require_undecided(detection, actor=actor, may_be_merged=True)
    [undone] = record_decisions(decisions=[undoing(entry, detection)], actor=actor, reason=reason)
    audit_decision(undone, actor)
    return undone


def undoing(entry: ReviewEntry, detection: Detection) -> Decision:
    """The decision that brings back how a detection stood before an entry."""
    return Decision(
        detection=detection,
        kind=ReviewEntry.Kind.UNDONE,
        after=Standing.from_json(entry.before),
        other_detection_id=entry.other_detection_id,
        undoes=entry,
    )


def require_right_to_undo(entry: ReviewEntry, actor: User) -> None:
    """Everybody takes back his own decisions, a manager those of others.

    Raises:
        NotAllowedError: It is neither.
    """
    if entry.actor_id != actor.pk and not has_role(actor, entry.organization, *MANAGING_ROLES):
        raise NotAllowedError(_("Only a manager undoes what somebody else decided."))


def _take(detection_id: UUID, actor: User, seen: str) -> Detection:
    detection = lock_detections(ids=[detection_id], actor=actor)[detection_id]
    require_undecided(detection, actor=actor, seen=seen)
    return detection


def _decide(
    detection: Detection,
    kind: ReviewEntry.Kind,
    after: Standing,
    actor: User,
    reason: str,
    *,
    reject_reason: str = "",
) -> ReviewEntry:
    decision = Decision(detection=detection, kind=kind, after=after, reject_reason=reject_reason)
    [entry] = record_decisions(decisions=[decision], actor=actor, reason=reason)
    audit_decision(entry, actor)
    return entry


def audit_decision(entry: ReviewEntry, actor: User) -> None:
    """Note in the audit trail who decided what about which detection, and why."""
    record_audit_event(
        action=AuditEvent.Action.REVIEWED,
        actor=actor,
        organization=entry.detection.camera.organization,
        target=entry.detection,
        reason=entry.reason or entry.reject_reason,
        detail={"decision": entry.kind, "entry": str(entry.pk)},
    )
