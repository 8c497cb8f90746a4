"""Making the files: by a worker in the background, or while they are being sent."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from io import BufferedRandom
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages
from django.db import DataError, OperationalError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from psycopg.errors import QueryCanceled

from accounts.models import AuditEvent, User
from detections.models import Detection
from lpr_project.common.errors import LprError
from lpr_project.common.models import uuid7_time
from reports.documents.tables import write_csv, write_geo_json, write_json_lines
from reports.documents.workbook import OFFSET, ROWS_MOST, write_workbook
from reports.errors import ExportRefusedError, ExportStoppedError, ExportTooLargeError
from reports.models import Export
from reports.services.columns import Row, RowMaker, batches_of, columns_of, rows_wanted
from reports.services.exports import SILENT_AFTER, audit_export
from reports.services.packs import write_pack
from vehicles.selectors import in_bounded_time

log = structlog.get_logger(__name__)

ATTEMPTS_MOST = 3
IN_MEMORY_BYTES = 2**20
CHUNK = 2**18
Batches = Iterator[list[Row]]


def count_at_once(*, user: User, export: Export) -> int:
    """How many rows there are, if they are few enough to be sent at once.

    Raises:
        ExportTooLargeError: They are more.
        SearchTooSlowError: Nobody knows in time how many.
    """
    most: int = settings.EXPORT_DIRECT_ROWS
    with in_bounded_time():
        count = rows_wanted(user, export)[: most + 1].count()
    if count > most:
        raise ExportTooLargeError(
            _("These are more than %(most)d rows. Have a file made in the background.")
            % {"most": most}
        )
    return count


def send_at_once(*, user: User, export: Export) -> Iterator[bytes]:
    """The file of an export that is not kept, piece by piece; audited before its first byte.

    Raises:
        ExportTooLargeError, SearchTooSlowError: As `count_at_once`.
    """
    count = count_at_once(user=user, export=export)
    audit_export(export=export, stage="sent", actor=user, rows=count)
    maker = RowMaker(export)
    batches = batches_of(lambda: rows_wanted(user, export), maker, most=max(count, 1))
    if export.format == Export.Format.XLSX:
        return _written_before(export, batches)
    return _pieces(export, batches)


def _written_before(export: Export, batches: Batches) -> Iterator[bytes]:
    # A workbook is an archive whose directory is written last.
    with SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as target:
        _write_workbook(export, batches, target)
        target.seek(0)
        yield from iter(lambda: target.read(CHUNK), b"")


def _pieces(export: Export, batches: Batches) -> Iterator[bytes]:
    if export.format == Export.Format.CSV:
        return write_csv(batches, export.columns, has_mark=export.for_excel)
    if export.format == Export.Format.GEO_JSON:
        return write_geo_json(batches, export.columns)
    return write_json_lines(batches, export.columns)


def _write_workbook(export: Export, batches: Batches, target: Any) -> None:
    table = columns_of(export.kind)
    with translation.override(export.language):
        labels = {name: str(column.label) for name, column in table.items()}
        labels[OFFSET] = _("Hours from UTC")
        title = str(export.get_kind_display()).capitalize()[:31]
    write_workbook(
        target,
        batches,
        export.columns,
        labels=labels,
        moments=[name for name, column in table.items() if column.is_moment],
        title=title,
    )


def make_export(export_id: UUID) -> None:
    """Make the file of an export from its beginning; run twice, it is made once."""
    export = _claim(export_id)
    if export is None:
        return
    try:
        with translation.override(export.language), TemporaryFile() as target:
            _make(export, target)
    except ExportStoppedError:
        log.info("export_stopped", export_id=str(export_id))
    except LprError as error:
        _fail(export, error.message)
    except DataError:
        _fail(export, _("The database does not understand this search. Write it more simply."))
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        _fail(export, _("The search behind this export takes too long. Narrow it by time."))


def _make(export: Export, target: BufferedRandom) -> None:
    user = export.created_by
    if user is None or not user.is_active:
        raise ExportRefusedError(_("Whoever asked for this may no longer log in."))
    watch = _Watch(export)
    if export.kind == Export.Kind.EVIDENCE:
        export.rows_count = write_pack(user=user, export=export, target=target, watch=watch.tell)
    else:
        _write_rows(user, export, target, watch)
    _keep(export, target, watch)


def _write_rows(user: User, export: Export, target: BufferedRandom, watch: "_Watch") -> None:
    most: int = settings.EXPORT_MAX_ROWS
    if export.format == Export.Format.XLSX:
        most = min(most, ROWS_MOST)
    found = batches_of(lambda: rows_wanted(user, export), RowMaker(export), most=most + 1)
    batches = _counted(export, found, watch, target, most)
    if export.format == Export.Format.XLSX:
        _write_workbook(export, batches, target)
        return
    target.writelines(_pieces(export, batches))


def _counted(
    export: Export, batches: Batches, watch: "_Watch", target: BufferedRandom, most: int
) -> Batches:
    most_bytes: int = settings.EXPORT_MAX_BYTES
    for batch in batches:
        export.rows_count += len(batch)
        if export.rows_count > most:
            message = _("These are more than %(most)d rows, the most that one file holds.")
            advice = _("Ask for a shorter time, or for fewer cameras.")
            raise ExportTooLargeError(f"{message} {advice}" % {"most": most})
        if target.tell() > most_bytes:
            message = _("The file grew larger than %(most)d MiB. Ask for a shorter time.")
            raise ExportTooLargeError(message % {"most": most_bytes // 2**20})
        watch.tell_time(UUID(batch[-1]["id"]))
        yield batch


def _keep(export: Export, target: BufferedRandom, watch: "_Watch") -> None:
    """Put the finished file where it can be downloaded from."""
    export.size_bytes = target.tell()
    target.seek(0)
    export.sha256 = hashlib.file_digest(target, "sha256").hexdigest()
    target.seek(0)
    watch.tell(1.0)
    storage = storages["exports"]
    wished = f"{export.organization_id}/{export.pk}-{export.attempts}.{export.format}"
    name = storage.save(wished, File(target))
    try:
        is_kept = _finish(export, name)
    except BaseException:
        with suppress(OSError):
            storage.delete(name)
        raise
    if not is_kept:
        storage.delete(name)


@transaction.atomic
def _finish(export: Export, name: str) -> bool:
    now = timezone.now()
    is_kept = bool(
        _mine(export).update(
            state=Export.State.DONE,
            progress=1.0,
            rows_count=export.rows_count,
            size_bytes=export.size_bytes,
            sha256=export.sha256,
            key_id=export.key_id,
            warnings=export.warnings,
            stored_name=name,
            finished_at=now,
            updated_at=now,
            expires_at=now + timedelta(hours=settings.EXPORT_KEPT_HOURS),
            error="",
        )
    )
    if is_kept:
        audit_export(
            export=export,
            stage="made",
            actor=export.created_by,
            rows=export.rows_count,
            sha256=export.sha256,
        )
    return is_kept


def _mine(export: Export) -> Any:
    """The row as long as this worker is the one that makes it."""
    return Export.objects.filter(pk=export.pk, state=Export.State.RUNNING, attempts=export.attempts)


def _fail(export: Export, sentence: str) -> None:
    now = timezone.now()
    _mine(export).update(
        state=Export.State.FAILED, error=sentence[:500], finished_at=now, updated_at=now
    )


@transaction.atomic
def _claim(export_id: UUID) -> Export | None:
    """Take an export for making; None where it is finished, or another worker is at it."""
    now = timezone.now()
    export = (
        Export.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("organization", "created_by")
        .filter(pk=export_id, state__in=Export.UNFINISHED)
        .first()
    )
    if export is None or (export.heartbeat_at and now - export.heartbeat_at < SILENT_AFTER):
        return None
    if export.attempts >= ATTEMPTS_MOST:
        sentence = _("Making this file stopped the worker %(most)d times. Ask for less at once.")
        export.state, export.finished_at = Export.State.FAILED, now
        export.error = sentence % {"most": ATTEMPTS_MOST}
        export.save(update_fields=["state", "finished_at", "error", "updated_at"])
        return None
    # Begun anew: what another worker wrote went with it.
    export.state, export.heartbeat_at, export.progress = Export.State.RUNNING, now, 0.0
    export.attempts, export.rows_count, export.warnings = export.attempts + 1, 0, []
    export.save(
        update_fields=["state", "heartbeat_at", "progress", "attempts", "rows_count", "updated_at"]
    )
    return export


class _Watch:
    """Says how far the making is, and ends it when nobody wants it any more."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self._newest: datetime | None = None
        self._oldest = _oldest(export)

    def tell(self, progress: float) -> None:
        """Note the progress, 0 to 1.

        Raises:
            ExportStoppedError: It was cancelled, or another worker took it over.
        """
        now = timezone.now()
        is_wanted = _mine(self._export).update(
            progress=progress,
            rows_count=self._export.rows_count,
            heartbeat_at=now,
            updated_at=now,
        )
        if not is_wanted:
            raise ExportStoppedError("The export was cancelled.")

    def tell_time(self, reached: UUID) -> None:
        """Note the progress by the time of the last row: how many there are nobody counts."""
        at = uuid7_time(reached)
        self._newest = self._newest or at
        whole = (self._newest - (self._oldest or at)).total_seconds()
        done = (self._newest - at).total_seconds() / whole if whole > 0 else 0.0
        self.tell(min(max(done, 0.0), 0.99))


def _oldest(export: Export) -> datetime | None:
    """The moment up to which rows are read: as asked for, or of the organization's first one."""
    if since := export.criteria.get("since"):
        return datetime.fromisoformat(since)
    model = AuditEvent if export.kind == Export.Kind.AUDIT_TRAIL else Detection
    rows = model.objects.filter(organization=export.organization_id).order_by("id")
    first: UUID | None = rows.values_list("pk", flat=True).first()
    return uuid7_time(first) if first else None
