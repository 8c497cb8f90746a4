"""Passings as lines of COPY's text format."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import orjson
from django.db import connection
from django.db.models import NOT_PROVIDED
from psycopg import sql

from accounts.models import Organization
from detections.models import Detection, FunnelHour
from detections.services.rollups import Counted, note_changes
from detections.services.seeding.fleet import Fleet
from detections.services.seeding.pictures import NO_PICTURES, SeededPictures
from detections.services.seeding.registrations import Registrations
from detections.services.seeding.traffic import HOUR_MS, Passings

_ROWS_AT_ONCE = 5000
_STAGES = ("frames", "moved", "boxes", "readings", "tracks", "accepted")
_ACCEPTED_AT = 0.7
_RECORDED_AFTER_MS = 400
FRAME_SIZE = (320, 180)
BOX = (112, 90, 96, 36)
MODEL_SET = "seeded"
# The columns that differ from row to row, in the order of a line.
_VARYING = (
    "id",
    "camera_id",
    "plate_id",
    "captured_at",
    "recorded_at",
    "read_text",
    "read_number",
    "read_country",
    "read_province",
    "confidence",
    "frames_agreed",
    "frames_read",
    "review",
    "direction",
    "vehicle_kind",
    "vehicle_color",
    "frame_name",
    "frame_sha256",
    "crop_name",
    "crop_sha256",
)
_FIXED = {
    "origin": Detection.Origin.CAMERA.value,
    "box_x": BOX[0],
    "box_y": BOX[1],
    "box_width": BOX[2],
    "box_height": BOX[3],
    "frame_width_px": FRAME_SIZE[0],
    "frame_height_px": FRAME_SIZE[1],
    "model_set": MODEL_SET,
}


def _defaults() -> dict[str, object]:
    """What the model gives the columns that no camera of the city fills."""
    given = {*_VARYING, *_FIXED, "organization_id"}
    return {
        field.attname: field.get_default()
        for field in Detection._meta.concrete_fields  # noqa: SLF001  # Django's public name
        if field.attname not in given and (field.default is not NOT_PROVIDED or not field.null)
    }


_DEFAULTS = _defaults()
COLUMNS = (*_VARYING, *_FIXED, *_DEFAULTS, "organization_id")


class RowWriter:
    """Writes passings as rows of one organization."""

    def __init__(
        self,
        *,
        organization: Organization,
        cameras: Sequence[UUID],
        fleet: Fleet,
        registrations: Registrations,
        plates: dict[int, str],
        pictures: SeededPictures,
        seed: int,
    ) -> None:
        self._cameras = cameras
        self._fleet = fleet
        self._registrations = registrations
        self._plates = plates
        self._pictures = pictures
        # Two organizations with the same traffic have different ids.
        self._random = np.random.default_rng([seed, 3, organization.pk])
        fixed = [*_FIXED.values(), *_DEFAULTS.values(), organization.pk]
        self._end = "\t" + "\t".join(map(_text, fixed)) + "\n"
        self._hours: dict[tuple[int, int], int] = {}
        self._pending: dict[tuple[int, int], int] = {}

    def lines(self, passings: Passings) -> Iterator[list[str]]:
        """Batches of lines, in the order of time."""
        self._note_hours(passings)
        for start in range(0, len(passings), _ROWS_AT_ONCE):
            yield self._batch(passings.part(slice(start, start + _ROWS_AT_ONCE)))

    def _batch(self, part: Passings) -> list[str]:
        fleet, numbers, plates, pictures = (
            self._fleet,
            self._registrations.numbers,
            self._plates,
            self._pictures,
        )
        cameras = [camera.hex for camera in self._cameras]
        recorded_ms = part.at_ms + _RECORDED_AFTER_MS
        lines = []
        for pk, camera, plate, vehicle, at, recorded, sure, agreed, read, review, way in zip(
            self._ids(part),
            part.camera.tolist(),
            self._registrations.indices(part).tolist(),
            part.vehicle.tolist(),
            _moments(part.at_ms),
            _moments(recorded_ms),
            part.confidence.tolist(),
            part.frames_agreed.tolist(),
            part.frames_read.tolist(),
            np.where(part.confidence < _ACCEPTED_AT, "pending", "accepted").tolist(),
            np.where(part.approaching, "approaching", "receding").tolist(),
            strict=True,
        ):
            number = numbers[plate]
            shown = (
                pictures.draw(pk, self._cameras[camera], at, fleet.numbers[vehicle])
                if pictures.is_due()
                else NO_PICTURES
            )
            lines.append(
                f"{pk}\t{cameras[camera]}\t{plates[plate]}\t{at}\t{recorded}\t{number}\t{number}\t"
                f"{fleet.countries[vehicle]}\t{fleet.provinces[vehicle]}\t{sure}\t{agreed}\t{read}"
                f"\t{review}\t{way}\t{fleet.kinds[vehicle]}\t{fleet.colors[vehicle]}\t{shown}"
                f"{self._end}"
            )
        return lines

    def _ids(self, part: Passings) -> Iterator[str]:
        """UUIDv7 in hexadecimal. Source: RFC 9562, section 5.7."""
        rand_a = self._random.integers(1 << 12, size=len(part)).tolist()
        rand_b = self._random.integers(1 << 62, size=len(part)).tolist()
        for at, high, low in zip(part.at_ms.tolist(), rand_a, rand_b, strict=True):
            yield f"{at:012x}7{high:03x}{low | 1 << 63:016x}"

    def _note_hours(self, passings: Passings) -> None:
        slots = passings.at_ms // HOUR_MS * len(self._cameras) + passings.camera
        self._note(self._hours, slots)
        self._note(self._pending, slots[passings.confidence < _ACCEPTED_AT])

    def _note(
        self, hours: dict[tuple[int, int], int], slots: np.ndarray[tuple[int], np.dtype[np.int64]]
    ) -> None:
        for slot, count in zip(*np.unique(slots, return_counts=True), strict=True):
            key = divmod(int(slot), len(self._cameras))
            hours[key] = hours.get(key, 0) + int(count)

    def count_hours(self) -> None:
        """Add what was written to the cameras' hourly counts."""
        self._count_detections()
        rows = [
            (self._cameras[camera].hex, hour * HOUR_MS, count)
            for (hour, camera), count in self._hours.items()
        ]
        others = [
            field.name
            for field in FunnelHour._meta.concrete_fields  # noqa: SLF001  # Django's public name
            if field.name not in {"id", "camera", "hour", *_STAGES}
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL(
                    """
                    INSERT INTO detections_funnelhour AS known (camera_id, hour, {stages}, {others})
                    SELECT (row ->> 0)::uuid, to_timestamp((row ->> 1)::bigint / 1000), {counts},
                        {zeros}
                    FROM json_array_elements(%s) AS row
                    ON CONFLICT (camera_id, hour) DO UPDATE SET {sums}
                    """
                ).format(
                    stages=_listed("{name}", _STAGES),
                    others=_listed("{name}", others),
                    counts=_listed("(row ->> 2)::bigint", _STAGES),
                    zeros=_listed("0", others),
                    sums=_listed("{name} = known.{name} + excluded.{name}", _STAGES),
                ),
                [orjson.dumps(rows).decode()],
            )

    def _count_detections(self) -> None:
        changes: dict[Counted, int] = {}
        for (hour, camera), count in self._hours.items():
            camera_id = self._cameras[camera]
            moment = datetime.fromtimestamp(hour * HOUR_MS // 1000, UTC)
            pending = self._pending.get((hour, camera), 0)
            changes[Counted(camera_id, moment, Detection.Review.ACCEPTED)] = count - pending
            changes[Counted(camera_id, moment, Detection.Review.PENDING)] = pending
        note_changes(changes=changes)


def _listed(template: str, names: Sequence[str]) -> sql.Composed:
    """A template for each column, with commas between."""
    return sql.SQL(", ").join(sql.SQL(template).format(name=sql.Identifier(name)) for name in names)


def _moments(at_ms: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[str]:
    moments: list[str] = np.datetime_as_string(
        at_ms.astype("datetime64[ms]"), unit="ms", timezone="UTC"
    ).tolist()
    return moments


def _text(value: object) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    return str(value)
