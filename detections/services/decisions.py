"""What every decision about detections does: plates and counts follow, and history is written."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Role, User
from detections.errors import AlreadyReviewedError, ReviewRefusedError
from detections.models import CorrectionBatch, Detection, ReviewEntry
from detections.selectors import cameras_reviewed_by
from detections.services.rollups import Counted, hour_of, note_changes
from detections.signals import detections_reviewed, detections_reviewing
from lpr_project.common.errors import NotAllowedError
from vehicles.models import Plate
from vehicles.plates.countries import find_country
from vehicles.plates.provinces import find_province
from vehicles.plates.text import PlateTextError, normalise
from vehicles.services import (
    PlateKey,
    Remaining,
    Sighting,
    count_sightings,
    take_back_sightings,
)

_PROVINCE_MOST = 6
_BULK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a detection stands: what a decision changes, and what undoing brings back.

    `plate` None is what search must not find; `merged_into` names the pass that was kept.
    """

    review: str
    verdict: str = ""
    plate: PlateKey | None = None
    merged_into: UUID | None = None

    @classmethod
    def of(cls, detection: Detection) -> Self:
        """How a detection stands now; its plate must have been loaded."""
        plate = detection.plate
        return cls(
            review=detection.review,
            verdict=detection.verdict,
            plate=PlateKey(plate.number, plate.country, plate.province) if plate else None,
            merged_into=detection.merged_into_id,
        )

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """What `as_json` made."""
        number = kept["number"]
        merged_into = kept["merged_into"]
        return cls(
            review=kept["review"],
            verdict=kept["verdict"],
            plate=PlateKey(number, kept["country"], kept["province"]) if number else None,
            merged_into=UUID(merged_into) if merged_into else None,
        )

    def as_json(self) -> dict[str, Any]:
        """Plain data for the history."""
        number, country, province = self.plate or (None, "", "")
        return {
            "review": self.review,
            "verdict": self.verdict,
            "number": number,
            "country": country,
            "province": province,
            "merged_into": str(self.merged_into) if self.merged_into else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What shall become of one detection, whose row the transaction holds."""

    detection: Detection
    kind: ReviewEntry.Kind
    after: Standing
    reject_reason: str = ""
    other_detection_id: UUID | None = None
    undoes: ReviewEntry | None = None


def lock_detections(
    *, ids: Collection[UUID], actor: User, roles: Collection[Role] = ()
) -> dict[UUID, Detection]:
    """Hold detections until the end of the transaction, in one order for everybody.

    Raises:
        NotAllowedError: One of them is gone, or the actor may not review it.
    """
    cameras = list(cameras_reviewed_by(actor, *roles).order_by().values_list("pk", flat=True))
    found = (
        Detection.objects.select_related("camera__organization", "plate")
        .defer("evidence")
        .filter(pk__in=ids, camera_id__in=cameras)
        .order_by("id")
        .select_for_update(of=("self",))
    )
    detections = {detection.pk: detection for detection in found}
    if len(detections) != len(set(ids)):
        raise NotAllowedError(_("You may not review this detection. Ask a manager for the role."))
    return detections


def require_undecided(
    detection: Detection, *, actor: User, seen: str = "", may_be_merged: bool = False
) -> None:
    """Refuse a decision by somebody who looks at what has changed meanwhile.

    Args:
        detection: Held.
        seen: The review state that the person saw; empty where that does not matter.
        may_be_merged: Whether a pass that was merged into another may be decided about.

    Raises:
        AlreadyReviewedError: Somebody else has it before him, or has decided.
        ReviewRefusedError: It was merged into another.
    """
    until = detection.claimed_until
    if detection.claimed_by_id not in {None, actor.pk} and until and until > timezone.now():
        raise AlreadyReviewedError(_("Somebody else is looking at this one. Take the next."))
    if seen and detection.review != seen:
        state = Detection.Review(detection.review).label
        message = _("Somebody else decided meanwhile; it is now: %(state)s. Look at it again.")
        raise AlreadyReviewedError(message % {"state": state}, review=detection.review)
    if detection.review == Detection.Review.MERGED and not may_be_merged:
        message = _("This pass was merged into another. Undo the merging first.")
        raise ReviewRefusedError(message)


def read_key(detection: Detection) -> PlateKey:
    """The registration as it was read."""
    return PlateKey(detection.read_number, detection.read_country, detection.read_province)


def verdict_on(detection: Detection, truth: PlateKey) -> Detection.Verdict:
    """What a person's truth says about the reading."""
    read = read_key(detection)
    if truth.number != read.number:
        return Detection.Verdict.WRONG
    return Detection.Verdict.RIGHT if truth == read else Detection.Verdict.PLACE


def plate_key(number: str, country: str, province: str) -> PlateKey:
    """A registration as a person wrote it, normalised; a province may be written as its name.

    Raises:
        ReviewRefusedError: With the field that is wrong.
    """
    try:
        normal = normalise(number)
    except PlateTextError as error:
        raise ReviewRefusedError(str(error), field="number") from error
    typed, country = country.strip(), find_country(country)
    if typed and not country:
        message = _("Write the country by its name or as two letters, such as TH.")
        raise ReviewRefusedError(message, field="country")
    known = find_province(province) if province.strip() else None
    code = known.code if known else province.strip().upper()
    if len(code) > _PROVINCE_MOST or not code.isascii():
        message = _("Write the province by its name or code, such as TH-10.")
        raise ReviewRefusedError(message, field="province")
    return PlateKey(normal, country, code)


def record_decisions(
    *,
    decisions: Sequence[Decision],
    actor: User,
    reason: str = "",
    batch: CorrectionBatch | None = None,
) -> list[ReviewEntry]:
    """Let detections, plates, counts and history follow decisions, within a transaction.

    Args:
        decisions: About different detections of one organization, whose rows are held.

    Returns:
        The new entries, in the order of the decisions. `detections_reviewed` is sent on commit.
    """
    if not decisions:
        return []
    before = [Standing.of(decision.detection) for decision in decisions]
    _move_plates(decisions, before)
    entries = [
        ReviewEntry(
            organization_id=decision.detection.organization_id,
            camera_id=decision.detection.camera_id,
            detection=decision.detection,
            kind=decision.kind,
            actor=actor,
            actor_label=actor.email,
            reject_reason=decision.reject_reason,
            reason=reason[:300],
            other_detection_id=decision.other_detection_id,
            batch=batch,
            undoes=decision.undoes,
            before=stood.as_json(),
            after=decision.after.as_json(),
        )
        for decision, stood in zip(decisions, before, strict=True)
    ]
    ReviewEntry.objects.bulk_create(entries, batch_size=_BULK)
    _count(decisions, before)
    detections_reviewing.send(sender=Detection, changes=entries)
    transaction.on_commit(
        partial(detections_reviewed.send_robust, sender=Detection, changes=entries)
    )
    return entries


def _move_plates(decisions: Sequence[Decision], before: Sequence[Standing]) -> None:
    """Write the detections, and count them with the plates that they now have."""
    organization = decisions[0].detection.camera.organization
    moves = [
        (decision, stood.plate)
        for decision, stood in zip(decisions, before, strict=True)
        if stood.plate != decision.after.plate
    ]
    gained = [
        Sighting(decision.after.plate, decision.detection.captured_at)
        for decision, _plate in moves
        if decision.after.plate
    ]
    # One statement takes all rows, old and new plates, in the order in which recording does.
    held = [
        Sighting(plate, decision.detection.captured_at, 0) for decision, plate in moves if plate
    ]
    ids = count_sightings(organization=organization, sightings=gained + held) if moves else {}
    lost = Counter(ids[plate] for _decision, plate in moves if plate)
    for decision in decisions:
        detection, after = decision.detection, decision.after
        detection.review, detection.verdict = after.review, after.verdict
        detection.merged_into_id = after.merged_into
        detection.claimed_by_id = detection.claimed_until = None
    for decision, _plate in moves:
        key = decision.after.plate
        decision.detection.plate = (
            Plate(pk=ids[key], organization=organization, **key._asdict()) if key else None
        )
    _write([decision.detection for decision in decisions])
    take_back_sightings(remaining=_remaining(lost))


def _write(detections: Sequence[Detection]) -> None:
    """Write what decisions change: one statement, which Django's `bulk_update` makes a long one."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE detections_detection AS detection
            SET review = stands.review, verdict = stands.verdict, plate_id = stands.plate_id,
                merged_into_id = stands.merged_into, claimed_by_id = NULL, claimed_until = NULL
            FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::uuid[])
                AS stands (id, review, verdict, plate_id, merged_into)
            WHERE detection.id = stands.id
            """,
            [
                [detection.pk for detection in detections],
                [str(detection.review) for detection in detections],
                [str(detection.verdict) for detection in detections],
                [detection.plate_id for detection in detections],
                [detection.merged_into_id for detection in detections],
            ],
        )


def _count(decisions: Sequence[Decision], before: Sequence[Standing]) -> None:
    """Let the hourly counts follow."""
    changes: Counter[Counted] = Counter()
    for decision, stood in zip(decisions, before, strict=True):
        camera_id, hour = decision.detection.camera_id, hour_of(decision.detection.captured_at)
        changes[Counted(camera_id, hour, decision.after.review)] += 1
        changes[Counted(camera_id, hour, stood.review)] -= 1
    note_changes(changes=changes)


def _remaining(lost: Counter[UUID]) -> list[Remaining]:
    """When each plate that lost detections was first and last seen without them."""
    if not lost:
        return []
    with connection.cursor() as cursor:
        # Two looks into the index for each plate, however often it was seen.
        cursor.execute(
            """
            SELECT plate.id,
                (SELECT captured_at FROM detections_detection
                 WHERE plate_id = plate.id ORDER BY id LIMIT 1),
                (SELECT captured_at FROM detections_detection
                 WHERE plate_id = plate.id ORDER BY id DESC LIMIT 1)
            FROM unnest(%s::uuid[]) AS plate (id)
            ORDER BY plate.id
            """,
            [list(lost)],
        )
        return [Remaining(pk, lost[pk], first, last) for pk, first, last in cursor.fetchall()]


def forget_orphaned_entries() -> int:
    """Let history go whose detection is gone; gives how many entries went."""
    is_there = Detection.objects.filter(pk=OuterRef("detection_id"))
    gone, _by_model = ReviewEntry.objects.filter(~Exists(is_there)).delete()
    return gone
