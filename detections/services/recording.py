"""The one way by which detections come into being: bulk, idempotent, one transaction."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql

from accounts.models import Organization
from cameras.models import Camera
from detections.errors import DetectionRefusedError, RepeatedKeyError
from detections.models import Detection
from detections.services.partitions import ensure_partitions, month_of
from detections.signals import detections_recorded
from lpr_project.common.models import uuid7_at
from vehicles.plates.text import PlateTextError, normalise
from vehicles.services import PlateKey, count_sightings, get_or_create_plates

log = structlog.get_logger(__name__)

# A device's clock may run a little ahead; more than that is a wrong clock.
CLOCK_TOLERANCE = timedelta(minutes=5)
OLDEST = timedelta(days=366 * 5)


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
        message = "captured_at lies in the future. Set the sender's clock."
        raise DetectionRefusedError(message, field="captured_at")
    if item.captured_at < now - OLDEST:
        message = "captured_at is more than five years ago. Set the sender's clock."
        raise DetectionRefusedError(message, field="captured_at")
    read_number(item)
    if not 0 <= item.confidence <= 1:
        message = "confidence must lie between 0 and 1."
        raise DetectionRefusedError(message, field="confidence")


def read_number(item: NewDetection) -> str:
    """The normalised number of an item.

    Raises:
        DetectionRefusedError: The text is no plate: markup, nothing at all, or too long.
    """
    try:
        return normalise(item.text) if item.number is None else item.number
    except PlateTextError as error:
        raise DetectionRefusedError(str(error), field="text") from error


def record_detections(*, items: Sequence[NewDetection]) -> list[Recorded]:
    """Record detections with their pictures; what was recorded before is left as it is.

    Pictures are written before the transaction and taken away again if it fails: a row never
    names a picture that is not there. `detections_recorded` is sent on commit, for new rows only.

    Args:
        items: Of any cameras and organizations; checked by `check_detection` before.

    Returns:
        One result per item, in order.

    Raises:
        DetectionRefusedError: An item fails `check_detection`; nothing was recorded.
        RepeatedKeyError: A key came with another plate than before; nothing was recorded.
    """
    now = timezone.now()
    rows: dict[UUID, Detection] = {}
    sources: dict[UUID, NewDetection] = {}
    ids = []
    for item in items:
        check_detection(item, now=now)
        row = _row(item, now)
        ids.append(row.id)
        if rows.setdefault(row.id, row).read_text != row.read_text:
            raise _repeated(item)
        sources.setdefault(row.id, item)
    known = dict(Detection.objects.filter(pk__in=rows).values_list("pk", "read_text"))
    for pk, text in known.items():
        if text != rows[pk].read_text:
            raise _repeated(sources[pk])
    fresh = [rows[pk] for pk in sorted(rows.keys() - known.keys())]
    created = _record_fresh(fresh, sources) if fresh else set()
    return [Recorded(id=pk, is_new=pk in created) for pk in ids]


def _repeated(item: NewDetection) -> RepeatedKeyError:
    message = (
        "This key was used for another plate at the same moment. Give every event a key of its own."
    )
    return RepeatedKeyError(message, field="key", key=item.key)


def _record_fresh(fresh: list[Detection], sources: dict[UUID, NewDetection]) -> set[UUID]:
    ensure_partitions(months={month_of(row.captured_at) for row in fresh})
    storage = storages["pictures"]
    written: list[str] = []
    try:
        for row in fresh:
            _write_pictures(storage, row, sources[row.id], written)
        created = _insert(fresh)
    except BaseException:
        _delete_pictures(storage, written)
        raise
    # A concurrent sender of the same event won: its row names its own pictures.
    lost = [row for row in fresh if row.id not in created]
    _delete_pictures(
        storage, [name for row in lost for name in (row.frame_name, row.crop_name) if name]
    )
    return created


def _row(item: NewDetection, now: datetime) -> Detection:
    x, y, width, height = item.box or (None, None, None, None)
    return Detection(
        id=detection_id(camera_id=item.camera.pk, key=item.key, captured_at=item.captured_at),
        organization_id=item.camera.organization_id,
        camera=item.camera,
        captured_at=item.captured_at,
        recorded_at=now,
        origin=item.origin,
        upload_id=item.upload_id,
        read_text=item.text[:32],
        read_number=read_number(item),
        read_country=item.country,
        read_province=item.province,
        confidence=item.confidence,
        frames_agreed=item.frames_agreed,
        frames_read=item.frames_read,
        review=item.review,
        direction=item.direction,
        vehicle_kind=item.vehicle_kind,
        vehicle_color=item.vehicle_color,
        box_x=x,
        box_y=y,
        box_width=width,
        box_height=height,
        frame_width_px=item.frame_size[0],
        frame_height_px=item.frame_size[1],
        model_set=item.model_set,
        evidence=item.evidence,
    )


def _write_pictures(
    storage: Storage, row: Detection, item: NewDetection, written: list[str]
) -> None:
    folder = f"{row.organization_id}/{row.captured_at:%Y/%m/%d}/{row.camera_id}"
    for kind, content in (("frame", item.frame), ("crop", item.crop)):
        if content is None:
            continue
        suffix = "webp" if content[8:12] == b"WEBP" else "jpg"
        name = storage.save(f"{folder}/{row.id}-{kind}.{suffix}", ContentFile(content))
        written.append(name)
        setattr(row, f"{kind}_name", name)
        setattr(row, f"{kind}_sha256", hashlib.sha256(content).hexdigest())


def _delete_pictures(storage: Storage, names: Sequence[str]) -> None:
    for name in names:
        try:
            storage.delete(name)
        except OSError:
            log.warning("picture_left_behind", name=name, exc_info=True)


@transaction.atomic
def _insert(fresh: Sequence[Detection]) -> set[UUID]:
    """Insert rows with their plates and counts; returns the ids that this call made."""
    plates: dict[tuple[int, PlateKey], UUID] = {}
    for organization_id in sorted({row.organization_id for row in fresh}):
        seen = {
            _plate_key(row): row.captured_at
            for row in fresh
            if row.organization_id == organization_id
        }
        organization = Organization(pk=organization_id)
        for key, plate_id in get_or_create_plates(organization=organization, keys=seen).items():
            plates[organization_id, key] = plate_id
    for row in fresh:
        row.plate_id = plates[row.organization_id, _plate_key(row)]
    created = _insert_rows(fresh)
    new = [row for row in fresh if row.id in created]
    count_sightings(sightings=[(row.plate_id, row.captured_at) for row in new if row.plate_id])
    if new:
        transaction.on_commit(
            partial(detections_recorded.send_robust, sender=Detection, detections=new)
        )
    return created


def _plate_key(row: Detection) -> PlateKey:
    return PlateKey(row.read_number, row.read_country, row.read_province)


def _insert_rows(rows: Sequence[Detection]) -> set[UUID]:
    """One statement for all rows: arrays spare the planner a thousand VALUES lists."""
    columns = Detection._meta.concrete_fields  # noqa: SLF001  # Django's public name
    names = sql.SQL(", ").join(sql.Identifier(field.column) for field in columns)
    arrays = sql.SQL(", ").join(sql.SQL(f"%s::{field.db_type(connection)}[]") for field in columns)
    values = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows]
        for field in columns
    ]
    statement = sql.SQL(
        "INSERT INTO {} ({}) SELECT * FROM unnest({}) ON CONFLICT (id) DO NOTHING RETURNING id"
    ).format(
        sql.Identifier(Detection._meta.db_table),  # noqa: SLF001  # Django's public name
        names,
        arrays,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return {pk for (pk,) in cursor.fetchall()}
