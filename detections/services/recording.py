"""The one way by which detections come into being: bulk, idempotent, one transaction."""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter, gt
from typing import Any, TypeVar
from uuid import UUID

import structlog
from django.core.files.storage import Storage, storages
from django.db import (
    DEFAULT_DB_ALIAS,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)
from django.db.models import Model
from django.db.models.base import ModelState
from django.utils import timezone
from psycopg.errors import UniqueViolation

from accounts.models import Organization
from cameras.models import Camera
from detections.errors import DetectionRefusedError, RepeatedKeyError
from detections.models import Detection
from detections.services.copying import copy_detections
from detections.services.ignoring import ignored_rows
from detections.services.partitions import ensure_partitions, month_of
from detections.services.pictures import delete_pictures, write_picture
from detections.services.registrations import registrations_of
from detections.services.rollups import Counted, hour_of, note_changes
from detections.services.sampling import is_sampled
from detections.signals import detections_recorded, detections_recording
from lpr_project.common.models import uuid7_at
from vehicles.models import Plate
from vehicles.plates.text import PlateTextError, normalise
from vehicles.services import PlateKey, Sighting, count_sightings

log = structlog.get_logger(__name__)

M = TypeVar("M", bound=Model)
Row = dict[str, Any]
"""The columns of one detection, `evidence` last; a model of each would cost thrice as much."""

# A device's clock may run a little ahead; more than that is a wrong clock.
CLOCK_TOLERANCE = timedelta(minutes=5)
OLDEST = timedelta(days=366 * 5)
_READ_MOST = 32
# What a row can hold of each text; the text as it was read is cut instead.
_LONGEST = {
    "key": 200,
    "number": 16,
    "country": 2,
    "province": 6,
    "direction": 12,
    "vehicle_kind": 20,
    "vehicle_color": 20,
    "model_set": 60,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDetection:
    """A detection to be recorded.

    Attributes:
        key: The sender's idempotency key, unique per camera.
        text: The number as it was read, before normalising.
        number: Normalised and repaired; None takes `normalise(text)`.
        confidence: Smallest probability of any character, 0 to 1.
        box: (x, y, width, height) in pixels of `frame`.
        frame: The frame that was read, encoded (WebP or JPEG); None keeps no picture.
        crop: The plate, encoded.
        evidence: Plain data that says why: readings, candidates, checks, models.
    """

    camera: Camera
    key: str
    captured_at: datetime
    text: str
    confidence: float
    origin: Detection.Origin
    number: str | None = None
    country: str = ""
    province: str = ""
    review: Detection.Review = Detection.Review.ACCEPTED
    frames_agreed: int = 1
    frames_read: int = 1
    direction: str = ""
    travel_degrees: int | None = None
    vehicle_kind: str = ""
    vehicle_color: str = ""
    box: tuple[int, int, int, int] | None = None
    frame_size: tuple[int, int] = (0, 0)
    frame: bytes | None = field(default=None, repr=False)
    crop: bytes | None = field(default=None, repr=False)
    upload_id: UUID | None = None
    model_set: str = ""
    evidence: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What became of one item: its id, and whether this call made the row."""

    id: UUID
    is_new: bool


def detection_id(*, camera_id: UUID, key: str, captured_at: datetime) -> UUID:
    """The id of an event: the same camera, key and moment give the same id."""
    digest = hashlib.sha256(camera_id.bytes + key.encode()).digest()
    return uuid7_at(captured_at, int.from_bytes(digest[:10]))


def check_detection(item: NewDetection, *, now: datetime) -> None:
    """Refuse what cannot have happened or cannot be stored.

    Raises:
        DetectionRefusedError: With the field that is wrong.
    """
    if item.captured_at > now + CLOCK_TOLERANCE:
        raise _refusal("captured_at", "lies in the future. Set the sender's clock.")
    if item.captured_at < now - OLDEST:
        raise _refusal("captured_at", "is more than five years ago. Set the sender's clock.")
    if not 0 <= item.confidence <= 1:
        raise _refusal("confidence", "must lie between 0 and 1.")
    if not item.key:
        raise _refusal("key", "is empty. Give every event a key of its own.")
    texts = _texts_of(item)
    if any(map(gt, map(len, texts), _LONGEST.values())):
        too_long = zip(_LONGEST.items(), texts, strict=True)
        name, most = next(limit for limit, text in too_long if len(text) > limit[1])
        raise _refusal(name, f"has more than {most} characters.")


def _texts_of(item: NewDetection) -> tuple[str, ...]:
    """The texts that `_LONGEST` limits, in its order."""
    return (
        item.key,
        item.number or "",
        item.country,
        item.province,
        item.direction,
        item.vehicle_kind,
        item.vehicle_color,
        item.model_set,
    )


def _refusal(name: str, what: str) -> DetectionRefusedError:
    return DetectionRefusedError(f"{name} {what}", field=name)


def read_number(item: NewDetection) -> str:
    """The normalised number of an item.

    Raises:
        DetectionRefusedError: The text is no plate: markup, nothing at all, or too long.
    """
    try:
        return normalise(item.text) if item.number is None else item.number
    except PlateTextError as error:
        raise DetectionRefusedError(str(error), field="text") from error


def record_detection(*, item: NewDetection) -> Recorded:
    """Record one detection, as `record_detections` does.

    Raises:
        DetectionRefusedError: It cannot be recorded.
    """
    [outcome] = record_detections(items=[item])
    if isinstance(outcome, DetectionRefusedError):
        raise outcome
    return outcome


def record_detections(*, items: Sequence[NewDetection]) -> list[Recorded | DetectionRefusedError]:
    """Record detections with their pictures; what was recorded before is left as it is.

    What is not refused is recorded in one transaction. Pictures are written before it and taken
    away again if it fails: a row never names a picture that is not there. `detections_recorded` is
    sent on commit, for new rows only. Of an ignored plate nothing is kept, no picture either: it is
    refused with a `PlateIgnoredError` and counted in the funnel.

    Args:
        items: Of any cameras and organizations. Must not run within another transaction.

    Returns:
        One outcome per item, in order: recorded now or before, or why it is refused.
    """
    now = timezone.now()
    batch: dict[UUID, tuple[Row, NewDetection]] = {}
    outcomes: list[UUID | DetectionRefusedError] = []
    for item in items:
        try:
            check_detection(item, now=now)
            row = _row(item, now)
            first, _ = batch.setdefault(row["id"], (row, item))
            if first["read_text"] != row["read_text"]:
                raise _reused_key(item)
            outcomes.append(row["id"])
        except DetectionRefusedError as error:
            outcomes.append(error)
    created, refused = _record(batch)
    return [
        outcome
        if isinstance(outcome, DetectionRefusedError)
        else refused.get(outcome) or _recorded(outcome, created)
        for outcome in outcomes
    ]


def _recorded(pk: UUID, created: set[UUID]) -> Recorded:
    # Two items of one batch may be the same event: the first has made it, the second repeats it.
    is_new = pk in created
    created.discard(pk)
    return Recorded(id=pk, is_new=is_new)


def _reused_key(item: NewDetection) -> RepeatedKeyError:
    message = (
        "This key was used for another plate at the same moment. Give every event a key of its own."
    )
    return RepeatedKeyError(message, field="key", key=item.key)


def _record(
    batch: dict[UUID, tuple[Row, NewDetection]],
) -> tuple[set[UUID], dict[UUID, DetectionRefusedError]]:
    """Record what is new of a batch; returns the ids made and what is refused, and why."""
    ignored = ignored_rows([row for row, _ in batch.values()])
    batch = {pk: entry for pk, entry in batch.items() if pk not in ignored}
    while True:
        known = _read_texts(batch)
        # Compared as numbers: UUIDs compare themselves in Python, at a thirtieth of the speed.
        fresh = [batch[pk] for pk in sorted(batch.keys() - known.keys(), key=attrgetter("int"))]
        try:
            if fresh:
                _record_fresh(fresh)
        except IntegrityError as error:
            if not isinstance(error.__cause__, UniqueViolation):
                raise
            # Somebody recorded one of these events just now, so it is known in the next round.
            continue
        reused: dict[UUID, DetectionRefusedError] = {
            pk: _reused_key(batch[pk][1])
            for pk, text in known.items()
            if text != batch[pk][0]["read_text"]
        }
        return {row["id"] for row, _ in fresh}, reused | ignored


def _read_texts(ids: Collection[UUID]) -> dict[UUID, str]:
    """What was read in those detections that exist."""
    if not ids:
        return {}
    by_time = sorted(ids, key=attrgetter("int"))
    with connection.cursor() as cursor:
        # The bounds name the partitions at once, which a thousand ids do one by one.
        cursor.execute(
            "SELECT id, read_text FROM detections_detection"
            " WHERE id BETWEEN %s AND %s AND id = ANY(%s::uuid[])",
            # Written here: the driver looks at each item of a list for what must be quoted.
            [by_time[0], by_time[-1], f"{{{','.join(pk.hex for pk in by_time)}}}"],
        )
        return dict(cursor.fetchall())


def _record_fresh(fresh: Sequence[tuple[Row, NewDetection]]) -> None:
    ensure_partitions(months={month_of(item.captured_at) for _, item in fresh})
    storage = storages["pictures"]
    written: list[str] = []
    try:
        for row, item in fresh:
            _write_pictures(storage, row, item, written)
        _insert(fresh)
    except (OperationalError, InterfaceError):
        # The database went away, perhaps after the commit: what a row may name must stay.
        raise
    except BaseException:
        delete_pictures(storage, written)
        raise


def printable(text: str) -> str:
    """A text as it was read, without what would be invisible or turn other text around."""
    if not text.isprintable():
        text = "".join(character for character in text if character.isprintable())
    return text[:_READ_MOST]


def _row(item: NewDetection, now: datetime) -> Row:
    x, y, width, height = item.box or (None, None, None, None)
    pk = detection_id(camera_id=item.camera.pk, key=item.key, captured_at=item.captured_at)
    return {
        "id": pk,
        "organization_id": item.camera.organization_id,
        "camera_id": item.camera.pk,
        "plate_id": None,
        "captured_at": item.captured_at,
        "recorded_at": now,
        "origin": item.origin,
        "upload_id": item.upload_id,
        "read_text": printable(item.text),
        "read_number": read_number(item),
        "read_country": item.country,
        "read_province": item.province,
        "confidence": item.confidence,
        "frames_agreed": item.frames_agreed,
        "frames_read": item.frames_read,
        "review": item.review,
        "is_sampled": is_sampled(pk, item.camera.sample_rate),
        "is_hit": False,
        "verdict": "",
        "merged_into_id": None,
        "claimed_by_id": None,
        "claimed_until": None,
        "direction": item.direction,
        "travel_degrees": item.travel_degrees,
        "vehicle_kind": item.vehicle_kind,
        "vehicle_color": item.vehicle_color,
        "box_x": x,
        "box_y": y,
        "box_width": width,
        "box_height": height,
        "frame_width_px": item.frame_size[0],
        "frame_height_px": item.frame_size[1],
        "frame_name": "",
        "frame_sha256": "",
        "crop_name": "",
        "crop_sha256": "",
        "model_set": item.model_set,
        "evidence": item.evidence,
    }


def _write_pictures(storage: Storage, row: Row, item: NewDetection, written: list[str]) -> None:
    folder = f"{row['organization_id']}/{item.captured_at:%Y/%m/%d}/{row['camera_id']}"
    for kind, content in (("frame", item.frame), ("crop", item.crop)):
        if content is not None:
            name = write_picture(storage, f"{folder}/{row['id']}-{kind}", content)
            written.append(name)
            row[f"{kind}_name"] = name
            row[f"{kind}_sha256"] = hashlib.sha256(content).hexdigest()


@transaction.atomic(durable=True)
def _insert(fresh: Sequence[tuple[Row, NewDetection]]) -> None:
    """Insert rows with their plates and counts."""
    rows = [row for row, _ in fresh]
    keys = registrations_of(rows)
    for organization_id in sorted({row["organization_id"] for row in rows}):
        _count([row for row in rows if row["organization_id"] == organization_id], keys)
    copy_detections(rows)
    note_changes(
        changes=Counter(
            Counted(row["camera_id"], hour_of(row["captured_at"]), row["review"]) for row in rows
        )
    )
    detections = [_detection(row, item, keys[row["id"]]) for row, item in fresh]
    detections_recording.send(sender=Detection, detections=detections)
    transaction.on_commit(
        partial(detections_recorded.send_robust, sender=Detection, detections=detections)
    )


def _count(rows: Sequence[Row], keys: Mapping[UUID, PlateKey]) -> None:
    """Count rows of one organization with their plates, and note the plates' ids."""
    sightings = [Sighting(keys[row["id"]], row["captured_at"]) for row in rows]
    organization = Organization(pk=rows[0]["organization_id"])
    plates = count_sightings(organization=organization, sightings=sightings)
    for row in rows:
        row["plate_id"] = plates[keys[row["id"]]]


def _detection(row: Row, item: NewDetection, key: PlateKey) -> Detection:
    """The recorded row as a model with its plate, as if it had been read back."""
    known = {"id": row["plate_id"], "organization_id": row["organization_id"], **key._asdict()}
    related = {"camera": item.camera, "plate": _filled(Plate, known)}
    return _filled(Detection, row, related)


def _filled(
    model: type[M], values: Mapping[str, Any], related: Mapping[str, Any] | None = None
) -> M:
    """Fill a model as unpickling does, in a tenth of the time that its constructor takes."""
    state = ModelState()
    state.adding, state.db, state.fields_cache = False, DEFAULT_DB_ALIAS, dict(related or {})
    filled = model.__new__(model)
    vars(filled).update(values, _state=state)
    return filled
