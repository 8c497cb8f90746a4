"""Which columns an export can have, and how rows of the database become rows of a file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import BooleanField, ExpressionWrapper, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent, User
from accounts.selectors import audit_events_found
from cameras.models import Camera
from detections.criteria.criteria import Criteria
from detections.models import Detection
from detections.selectors.hits import hits_seen_by
from detections.selectors.search import detections_found
from reports.models import Export
from vehicles.plates.provinces import find_province

BATCH_ROWS = 2_000
# A batch of a hard question; it stops one that would keep the database busy for hours.
BATCH_MOST = "120s"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its label, and the field that it is read from; None where it is worked out."""

    label: str | Promise
    path: str | None
    is_default: bool = True
    is_moment: bool = False


DETECTION_COLUMNS: Mapping[str, Column] = {
    "captured_at": Column(_("Captured"), "captured_at", is_moment=True),
    "camera": Column(_("Camera"), None),
    "number": Column(_("Number"), "plate__number"),
    "country": Column(_("Country"), "plate__country"),
    "province": Column(_("Province"), "plate__province"),
    "province_name": Column(_("Province, name"), None),
    "confidence": Column(_("Confidence"), "confidence"),
    "review": Column(_("State"), "review"),
    "direction": Column(_("Direction"), "direction"),
    "vehicle_kind": Column(_("Vehicle type"), "vehicle_kind"),
    "vehicle_color": Column(_("Vehicle colour"), "vehicle_color"),
    "is_hit": Column(_("Hit"), "is_seen_hit"),
    "latitude": Column(_("Latitude"), None),
    "longitude": Column(_("Longitude"), None),
    "id": Column(_("Id"), "id"),
    "recorded_at": Column(_("Recorded"), "recorded_at", is_default=False, is_moment=True),
    "camera_id": Column(_("Camera, id"), "camera_id", is_default=False),
    "read_text": Column(_("As read"), "read_text", is_default=False),
    "read_number": Column(_("Number as read"), "read_number", is_default=False),
    "frames_agreed": Column(_("Frames that agreed"), "frames_agreed", is_default=False),
    "frames_read": Column(_("Frames read"), "frames_read", is_default=False),
    "verdict": Column(_("Verdict"), "verdict", is_default=False),
    "travel_degrees": Column(_("Direction, degrees"), "travel_degrees", is_default=False),
    "origin": Column(_("Origin"), "origin", is_default=False),
    "model_set": Column(_("Recognition models"), "model_set", is_default=False),
    "frame_sha256": Column(_("Frame, SHA-256"), "frame_sha256", is_default=False),
    "crop_sha256": Column(_("Crop, SHA-256"), "crop_sha256", is_default=False),
}
AUDIT_COLUMNS: Mapping[str, Column] = {
    "at": Column(_("Time"), "at", is_moment=True),
    "actor": Column(_("Who"), "actor_label"),
    "action": Column(_("Action"), "action"),
    "target_type": Column(_("Kind of thing"), "target_type"),
    "target_id": Column(_("Thing, id"), "target_id"),
    "target": Column(_("Thing"), "target_label"),
    "reason": Column(_("Reason"), "reason"),
    "case_number": Column(_("Case number"), "case_number"),
    "ip_address": Column(_("Address"), "ip_address"),
    "detail": Column(_("Detail"), "detail"),
    "user_agent": Column(_("Program"), "user_agent", is_default=False),
    "request_id": Column(_("Request"), "request_id", is_default=False),
    "id": Column(_("Id"), "id"),
}


def columns_of(kind: str) -> Mapping[str, Column]:
    """The columns that a kind of export can have, in the order in which they are offered."""
    return AUDIT_COLUMNS if kind == Export.Kind.AUDIT_TRAIL else DETECTION_COLUMNS


def default_columns(kind: str) -> list[str]:
    """What is written where nobody chose."""
    return [name for name, column in columns_of(kind).items() if column.is_default]


def rows_wanted(user: User, export: Export) -> QuerySet[Any]:
    """Rows of an export's organization that the user sees now and that were asked for, by `-id`.

    Raises:
        CriteriaRefusedError, SearchRefusedError: The criteria cannot be read or answered.
    """
    if export.kind == Export.Kind.AUDIT_TRAIL:
        return _audit_events(user, export)
    found: QuerySet[Detection] = detections_found(user, Criteria.from_json(export.criteria))
    if "is_hit" in export.columns:
        is_hit = ExpressionWrapper(hits_seen_by(user), output_field=BooleanField())
        found = found.annotate(is_seen_hit=is_hit)
    return found.filter(organization=export.organization_id).order_by("-id")


def _audit_events(user: User, export: Export) -> QuerySet[AuditEvent]:
    asked: dict[str, Any] = dict(export.criteria)
    for name in ("since", "until"):
        if name in asked:
            asked[name] = datetime.fromisoformat(asked[name])
    found = audit_events_found(user, **asked)
    return found.select_related(None).filter(organization=export.organization_id)


class RowMaker:
    """Turns rows of the database into rows of a file: moments in a zone, ids as text."""

    def __init__(self, export: Export) -> None:
        self._zone: ZoneInfo = export.organization.zone
        self._is_thai = export.language.startswith("th")
        table = columns_of(export.kind)
        needed = {"latitude", "longitude"} if export.format == Export.Format.GEO_JSON else set()
        names = dict.fromkeys([*export.columns, *sorted(needed), "id"])
        self._plain = [name for name in names if table[name].path]
        self._worked_out = [name for name in names if not table[name].path]
        self._cameras: dict[UUID, tuple[str, float | None, float | None]] = {}
        self.paths = [str(table[name].path) for name in self._plain]
        if self._worked_out:
            self.paths += ["camera_id", "plate__province"]
            cameras = Camera.objects.filter(organization=export.organization_id)
            for pk, name, point in cameras.values_list("pk", "name", "point"):
                place = (point.y, point.x) if point else (None, None)
                self._cameras[pk] = (name, *place)

    def make(self, values: Sequence[Any]) -> Row:
        """One row, from what `paths` gave."""
        row = {name: self._shown(value) for name, value in zip(self._plain, values, strict=False)}
        if self._worked_out:
            camera_id, province = values[-2:]
            name, latitude, longitude = self._cameras.get(camera_id, ("", None, None))
            row.update(
                camera=name,
                latitude=latitude,
                longitude=longitude,
                province_name=province_name(province, is_thai=self._is_thai),
            )
        return row

    def _shown(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return value.astimezone(self._zone)
        return str(value) if isinstance(value, UUID) else value


@lru_cache(maxsize=1024)
def province_name(code: str | None, *, is_thai: bool) -> str:
    """A province in the reader's language; its code where it has no name here."""
    known = find_province(code) if code else None
    if known is None:
        return code or ""
    return known.name_th if is_thai else known.name_en


def batches_of(
    query: Callable[[], QuerySet[Any]], maker: RowMaker, *, most: int
) -> Iterator[list[Row]]:
    """Rows newest first, some thousands at a time: each batch begins after the last one's id.

    `query` is asked anew for each, so that who loses a right gets no more rows; nothing is held
    open in between, and what is recorded meanwhile moves nothing.
    """
    last: UUID | None = None
    while most > 0:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [BATCH_MOST])
            rows = query().order_by("-id")
            if last is not None:
                rows = rows.filter(pk__lt=last)
            taken = list(rows.values_list("pk", *maker.paths)[: min(BATCH_ROWS, most)])
        if taken:
            last = taken[-1][0]
            most -= len(taken)
            yield [maker.make(values[1:]) for values in taken]
        if len(taken) < BATCH_ROWS:
            return
