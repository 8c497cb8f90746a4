"""Corrections that reach further than one detection: batches of them, and rules."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, User
from accounts.services import record_audit_event
from cameras.models import Camera
from detections.errors import AlreadyReviewedError, ReviewRefusedError
from detections.models import (
    CorrectionBatch,
    CorrectionRule,
    Detection,
    NumberMatch,
    ReviewEntry,
)
from detections.selectors import CORRECTING_ROLES, cameras_reviewed_by, in_time
from detections.services.decisions import (
    Decision,
    Standing,
    lock_detections,
    plate_key,
    record_decisions,
    verdict_on,
)
from detections.services.reviewing import require_right_to_undo, undoing
from lpr_project.common.errors import NotAllowedError
from vehicles.models import Plate
from vehicles.plates.text import PlateTextError, normalise
from vehicles.services import PlateKey

BATCH_MOST = 2_000
Review = Detection.Review


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is read wrongly at a camera, and what it is; empty country or province: as read.

    `since` and `until` limit a batch; a rule has none.
    """

    camera: Camera
    match: NumberMatch
    read_number: str
    number: str
    country: str = ""
    province: str = ""
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a batch would make of one detection."""

    detection: Detection
    after: PlateKey


def preview_correction(*, wanted: Wanted, actor: User) -> list[Proposal]:
    """What a batch would change, newest first, one more than it may change at most.

    Only what nobody has decided about, and only where something would change.

    Raises:
        ReviewRefusedError: A number stands on no plate, or nothing would change by its words.
        NotAllowedError: The actor may not correct at this camera.
    """
    wanted = _checked(wanted, actor)
    record_audit_event(
        action=AuditEvent.Action.SEARCHED,
        actor=actor,
        target=wanted.camera,
        detail={"text": wanted.read_number},
    )
    return _proposals(wanted, _concerned(wanted)[: BATCH_MOST + 1])


@transaction.atomic
def correct_batch(*, wanted: Wanted, actor: User) -> CorrectionBatch:
    """Correct all that `preview_correction` shows, in one transaction.

    Raises:
        ReviewRefusedError: As there; or nothing is found, or more than 2,000 detections.
        NotAllowedError: The actor may not correct at this camera.
    """
    wanted = _checked(wanted, actor)
    ids = list(_concerned(wanted).values_list("pk", flat=True)[: BATCH_MOST + 1])
    if len(ids) > BATCH_MOST:
        message = _(
            "More than 2,000 detections. Narrow the time, and correct one part after another."
        )
        raise ReviewRefusedError(message, field="since")
    held = lock_detections(ids=ids, actor=actor, roles=CORRECTING_ROLES)
    undecided = [row for row in held.values() if row.review in {Review.ACCEPTED, Review.PENDING}]
    proposals = _proposals(wanted, undecided)
    if not proposals:
        raise ReviewRefusedError(_("Nothing to correct was found."), field="read_number")
    batch = CorrectionBatch.objects.create(
        organization=wanted.camera.organization,
        actor=actor,
        since=wanted.since,
        until=wanted.until,
        detections_count=len(proposals),
        **_fields(wanted),
    )
    decisions = [
        Decision(
            detection=proposal.detection,
            kind=ReviewEntry.Kind.CORRECTED,
            after=Standing(
                review=Review.CORRECTED,
                verdict=verdict_on(proposal.detection, proposal.after),
                plate=proposal.after,
            ),
        )
        for proposal in proposals
    ]
    record_decisions(decisions=decisions, actor=actor, reason=wanted.reason, batch=batch)
    _audit_batch(batch, actor)
    return batch


@transaction.atomic
def undo_batch(*, batch: CorrectionBatch, actor: User, reason: str = "") -> CorrectionBatch:
    """Bring back what a batch changed, apart from detections that were decided about since.

    Returns:
        The batch that undoes it; its count says how many were brought back.

    Raises:
        AlreadyReviewedError: It was undone before, or is itself an undoing.
        NotAllowedError: It is somebody else's, and the actor is no manager.
    """
    batch = CorrectionBatch.objects.select_for_update().get(pk=batch.pk)
    if batch.undoes_id is not None or CorrectionBatch.objects.filter(undoes=batch).exists():
        raise AlreadyReviewedError(_("This batch was undone already."))
    entries = {entry.detection_id: entry for entry in batch.entries.all()}
    for entry in list(entries.values())[:1]:
        require_right_to_undo(entry, actor)
    held = lock_detections(ids=_still_there(entries), actor=actor, roles=CORRECTING_ROLES)
    newest = ReviewEntry.objects.filter(detection_id__in=held).order_by("detection_id", "-id")
    last = dict(newest.distinct("detection_id").values_list("detection_id", "pk"))
    decisions = [
        undoing(entries[pk], row) for pk, row in held.items() if last[pk] == entries[pk].pk
    ]
    undone = CorrectionBatch.objects.create(
        organization_id=batch.organization_id,
        camera_id=batch.camera_id,
        match=batch.match,
        read_number=batch.read_number,
        number=batch.number,
        country=batch.country,
        province=batch.province,
        reason=reason[:300],
        since=batch.since,
        until=batch.until,
        actor=actor,
        detections_count=len(decisions),
        undoes=batch,
    )
    record_decisions(decisions=decisions, actor=actor, reason=reason, batch=undone)
    _audit_batch(undone, actor)
    return undone


@transaction.atomic
def create_rule(*, wanted: Wanted, actor: User) -> CorrectionRule:
    """Correct all future readings of a camera so; the reading stays beside it.

    Raises:
        ReviewRefusedError: A number stands on no plate, or there is such a rule already.
        NotAllowedError: The actor may not correct at this camera.
    """
    wanted = _checked(wanted, actor)
    try:
        with transaction.atomic():
            rule = CorrectionRule.objects.create(
                organization=wanted.camera.organization, created_by=actor, **_fields(wanted)
            )
    except IntegrityError as error:
        message = _("There is a rule for this reading at this camera. Switch it off first.")
        raise ReviewRefusedError(message, field="read_number") from error
    record_audit_event(
        action=AuditEvent.Action.CREATED, actor=actor, target=rule, reason=rule.reason
    )
    return rule


@transaction.atomic
def switch_off_rule(*, rule: CorrectionRule, actor: User, reason: str = "") -> CorrectionRule:
    """Stop a rule; what it made of readings before stays.

    Raises:
        NotAllowedError: The actor may not correct at this camera.
    """
    _require_right_to_correct(rule.camera, actor)
    if rule.is_active:
        rule.is_active = False
        rule.save(update_fields=["is_active", "updated_at"])
        record_audit_event(
            action=AuditEvent.Action.CHANGED,
            actor=actor,
            target=rule,
            reason=reason,
            detail={"is_active": False},
        )
    return rule


def _checked(wanted: Wanted, actor: User) -> Wanted:
    """The same with its texts normalised."""
    _require_right_to_correct(wanted.camera, actor)
    try:
        read_number = normalise(wanted.read_number)
    except PlateTextError as error:
        raise ReviewRefusedError(str(error), field="read_number") from error
    key = plate_key(wanted.number, wanted.country, wanted.province)
    if key.number == read_number and not (key.country or key.province):
        raise ReviewRefusedError(_("This would change nothing."), field="number")
    if wanted.since and wanted.until and wanted.since >= wanted.until:
        raise ReviewRefusedError(_("Must be later than the beginning."), field="until")
    return replace(
        wanted,
        read_number=read_number,
        number=key.number,
        country=key.country,
        province=key.province,
        reason=wanted.reason.strip()[:300],
    )


def _require_right_to_correct(camera: Camera, actor: User) -> None:
    if not cameras_reviewed_by(actor, *CORRECTING_ROLES).filter(pk=camera.pk).exists():
        message = _("Batches and rules are for owners, managers and analysts.")
        raise NotAllowedError(message)


def _concerned(wanted: Wanted) -> QuerySet[Detection]:
    """Undecided detections of the camera whose reading the correction concerns, newest first."""
    is_whole = wanted.match == NumberMatch.WHOLE
    lookup = "" if is_whole else "__startswith"
    # By their plates, which are few and have an index on the number; detections have none.
    plates = Plate.objects.filter(
        organization=wanted.camera.organization, **{f"number{lookup}": wanted.read_number}
    )
    return (
        Detection.objects.filter(
            in_time(since=wanted.since, until=wanted.until),
            camera=wanted.camera,
            plate__in=plates.values("pk"),
            review__in=(Review.ACCEPTED, Review.PENDING),
            **{f"read_number{lookup}": wanted.read_number},
        )
        .select_related("camera__organization", "plate")
        .defer("evidence")
        .order_by("-id")
    )


def _proposals(
    wanted: Wanted, detections: "QuerySet[Detection] | list[Detection]"
) -> list[Proposal]:
    rewrite = _rewriter(wanted)
    proposals = []
    for detection in detections:
        number, stood = rewrite(detection.read_number), Standing.of(detection).plate
        if number is None or stood is None:
            continue
        after = PlateKey(number, wanted.country or stood.country, wanted.province or stood.province)
        if after != stood:
            proposals.append(Proposal(detection=detection, after=after))
    return proposals


def _rewriter(wanted: Wanted) -> Callable[[str], str | None]:
    return CorrectionRule(**_fields(wanted)).rewrite


def _fields(wanted: Wanted) -> dict[str, object]:
    names = ("camera", "match", "read_number", "number", "country", "province", "reason")
    return {name: getattr(wanted, name) for name in names}


def _still_there(entries: dict[UUID, ReviewEntry]) -> list[UUID]:
    found = Detection.objects.filter(pk__in=list(entries))
    return list(found.values_list("pk", flat=True))


def _audit_batch(batch: CorrectionBatch, actor: User) -> None:
    record_audit_event(
        action=AuditEvent.Action.REVIEWED,
        actor=actor,
        target=batch,
        reason=batch.reason,
        detail={
            "detections": batch.detections_count,
            "undoes": str(batch.undoes_id) if batch.undoes_id else None,
        },
    )
