"""Two passes that were one vehicle, and one that was two."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from detections.errors import ReviewRefusedError
from detections.models import Detection, ReviewEntry
from detections.services.decisions import (
    Decision,
    Standing,
    lock_detections,
    plate_key,
    record_decisions,
    require_undecided,
    verdict_on,
)
from detections.services.partitions import ensure_partitions, month_of
from detections.services.recording import detection_id
from detections.services.reviewing import audit_decision
from detections.services.rollups import Counted, hour_of, note_changes
from lpr_project.common.models import uuid7
from vehicles.plates.text import PlateTextError, normalise

# A vehicle that was lost from view and found again; whoever comes back later passes twice.
MERGE_SPAN = timedelta(minutes=10)
# Two detections of one camera cannot share a moment if their ids are to sort apart.
_APART = timedelta(milliseconds=1)


@transaction.atomic
def merge_detections(
    *, kept_id: UUID, absorbed_id: UUID, actor: User, reason: str = ""
) -> ReviewEntry:
    """Say that two detections are one pass: the absorbed one is not counted or searched any more.

    Returns:
        The entry of the absorbed detection; undoing it makes two of them again.

    Raises:
        ReviewRefusedError: They are the same, of two cameras, too far apart, or merged already.
        AlreadyReviewedError: Somebody else has one of them before him.
        NotAllowedError: The actor may not review them.
    """
    if kept_id == absorbed_id:
        raise ReviewRefusedError(_("Choose two different passes."), field="absorbed")
    held = lock_detections(ids=[kept_id, absorbed_id], actor=actor)
    kept, absorbed = held[kept_id], held[absorbed_id]
    for detection in (kept, absorbed):
        require_undecided(detection, actor=actor)
    if kept.camera_id != absorbed.camera_id:
        message = _("These are of two cameras. Only passes of one camera can be one.")
        raise ReviewRefusedError(message, field="absorbed")
    if abs(kept.captured_at - absorbed.captured_at) > MERGE_SPAN:
        message = _("More than ten minutes lie between them: these are two passes.")
        raise ReviewRefusedError(message, field="absorbed")
    decision = Decision(
        detection=absorbed,
        kind=ReviewEntry.Kind.MERGED,
        after=Standing(review=Detection.Review.MERGED, merged_into=kept.pk),
        other_detection_id=kept.pk,
    )
    [entry] = record_decisions(decisions=[decision], actor=actor, reason=reason)
    audit_decision(entry, actor)
    return entry


def split_detection(
    *,
    detection_id: UUID,
    actor: User,
    number: str,
    country: str = "",
    province: str = "",
    readings: Collection[int] = (),
    reason: str = "",
) -> ReviewEntry:
    """Say that a second vehicle is in this detection: it gets one of its own beside the first.

    The first stays as it stands. The second keeps a copy of the frame, since pictures go with
    their detection, and those readings that were its own.

    Args:
        number: The second vehicle's, as a person reads it.
        readings: Which readings of the evidence were the second vehicle's, counted from 0.

    Returns:
        The second detection's first entry; undoing it leaves one pass.

    Raises:
        ReviewRefusedError: The number stands on no plate, a reading is not there, or the detection
            was merged into another.
        AlreadyReviewedError: Somebody else has it before him.
        NotAllowedError: The actor may not review it.
    """
    key = plate_key(number, country, province)
    written: list[str] = []
    try:
        with transaction.atomic():
            first = lock_detections(ids=[detection_id], actor=actor)[detection_id]
            require_undecided(first, actor=actor)
            second = _beside(first, _chosen(first, readings), written)
            truth = Standing(
                review=Detection.Review.CORRECTED, verdict=verdict_on(second, key), plate=key
            )
            decision = Decision(
                detection=second,
                kind=ReviewEntry.Kind.SPLIT,
                after=truth,
                other_detection_id=first.pk,
            )
            [entry] = record_decisions(decisions=[decision], actor=actor, reason=reason)
            audit_decision(entry, actor)
    except BaseException:
        for name in written:
            storages["pictures"].delete(name)
        raise
    return entry


def _chosen(first: Detection, readings: Collection[int]) -> list[dict[str, Any]]:
    known = first.readings
    wrong = [index for index in readings if not 0 <= index < len(known)]
    if wrong:
        message = _("There is no such reading. Look at the detection again.")
        raise ReviewRefusedError(message, field="readings")
    return [known[index] for index in sorted(set(readings))]


def _beside(first: Detection, readings: Sequence[dict[str, Any]], written: list[str]) -> Detection:
    """Make the second detection, not counted yet: as if it had been merged into the first."""
    best = max(readings, key=lambda reading: reading.get("confidence", 0), default={})
    captured_at = _moment(first, best)
    ensure_partitions(months={month_of(captured_at)})
    # A name of its own: the same pass may be split, taken back and split again.
    pk = detection_id(camera_id=first.camera_id, key=f"split:{uuid7()}", captured_at=captured_at)
    text = str(best.get("text") or first.read_text)
    second = Detection(
        pk=pk,
        organization_id=first.organization_id,
        camera=first.camera,
        captured_at=captured_at,
        recorded_at=timezone.now(),
        origin=first.origin,
        upload_id=first.upload_id,
        read_text=text[:32],
        read_number=_number(text, first),
        read_country=first.read_country,
        read_province="",
        confidence=best.get("confidence", 0.0),
        frames_agreed=max(len(readings), 1),
        frames_read=max(len(readings), 1),
        review=Detection.Review.MERGED,
        merged_into=first,
        direction=first.direction,
        frame_width_px=first.frame_width_px,
        frame_height_px=first.frame_height_px,
        model_set=first.model_set,
        evidence={"readings": list(readings), "split_from": str(first.pk)},
    )
    if first.frame_name:
        _copy_frame(first, second, written)
    second.save(force_insert=True)
    hour = hour_of(captured_at)
    note_changes(changes={Counted(second.camera_id, hour, Detection.Review.MERGED): 1})
    return second


def _number(text: str, first: Detection) -> str:
    try:
        return normalise(text)
    except PlateTextError:
        # What stood in one frame may be no plate at all.
        return first.read_number


def _moment(first: Detection, best: dict[str, Any]) -> datetime:
    """When the second vehicle was read best, as far as the readings tell; never the same moment."""
    own = [
        reading
        for reading in first.readings
        if reading.get("text") in {first.read_text, first.read_number} and "t" in reading
    ]
    if own and "t" in best:
        mine = max(own, key=lambda reading: reading.get("confidence", 0))
        apart = timedelta(seconds=float(best["t"]) - float(mine["t"]))
        if apart:
            return first.captured_at + apart
    return first.captured_at + _APART


def _copy_frame(first: Detection, second: Detection, written: list[str]) -> None:
    storage = storages["pictures"]
    with storage.open(first.frame_name) as stored:
        content = stored.read()
    folder, _slash, _name = first.frame_name.rpartition("/")
    suffix = first.frame_name.rpartition(".")[2]
    name = storage.save(f"{folder}/{second.pk}-frame.{suffix}", ContentFile(content))
    written.append(name)
    second.frame_name = name
    second.frame_sha256 = hashlib.sha256(content).hexdigest()
