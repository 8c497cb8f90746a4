"""Pictures and videos that people send: taken in by the web process, read by a worker."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from tempfile import NamedTemporaryFile
from typing import IO
from uuid import UUID

import structlog
from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, User
from accounts.services import record_audit_event
from cameras.models import Camera
from cameras.selectors import cameras_visible_to
from detections.errors import UploadRefusedError
from detections.models import Upload
from detections.services.recording import CLOCK_TOLERANCE, OLDEST
from lpr_project.common.disk import require_room
from lpr_project.common.errors import StorageFullError

log = structlog.get_logger(__name__)

# The first bytes of what can be read; names and content types are whatever the sender says.
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM")
_VIDEOS = (b"\x1a\x45\xdf\xa3", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3", b"\x47\x40")
ATTEMPTS_MOST = 3
# A reader writes a heartbeat every few seconds; one that is silent for longer is dead.
SILENT_AFTER = timedelta(seconds=60)


def kind_of(head: bytes) -> Upload.Kind | None:
    """Whether the first 16 bytes begin a picture or a video; None for anything else.

    Source: the signatures of JPEG, PNG, BMP, WebP, ISO base media, Matroska, MPEG and AVI files.

    >>> kind_of(b"RIFF" + bytes(4) + b"WEBPVP8 "), kind_of(b"#!/bin/sh")
    (Upload.Kind.PICTURE, None)
    """
    riff = head[8:12] if head.startswith(b"RIFF") else b""
    if head.startswith(_PICTURES) or riff == b"WEBP":
        return Upload.Kind.PICTURE
    if head.startswith(_VIDEOS) or riff == b"AVI " or head[4:8] == b"ftyp":
        return Upload.Kind.VIDEO
    return None


def create_upload(
    *, user: User, camera: Camera, file: "File[bytes]", original_name: str, captured_at: datetime
) -> Upload:
    """Keep a file and queue its reading; a file is taken once for a camera and moment.

    Raises:
        UploadRefusedError: The file is empty, too large or of no known kind, the moment cannot be,
            or the user may not send to the camera.
    """
    if not cameras_visible_to(user, "operate_camera").filter(pk=camera.pk).exists():
        raise UploadRefusedError(_("You may not send files to this camera."), field="camera")
    kind = _check(file, captured_at)
    digest = _sha256(file)
    repeated = Upload.objects.filter(camera=camera, sha256=digest, captured_at=captured_at).exclude(
        state=Upload.State.FAILED
    )
    if known := repeated.first():
        return known
    upload = Upload(
        organization=camera.organization,
        camera=camera,
        created_by=user,
        original_name=PurePath(original_name).name[:200] or "file",
        sha256=digest,
        size_bytes=file.size,
        kind=kind,
        captured_at=captured_at,
    )
    name = storages["uploads"].save(f"{camera.organization_id}/{upload.pk}", file)
    upload.stored_name = name
    try:
        _save(upload, user)
    except BaseException as error:
        storages["uploads"].delete(name)
        if isinstance(error, IntegrityError) and (known := repeated.first()):
            return known  # sent twice at once
        raise
    return upload


@transaction.atomic
def _save(upload: Upload, user: User) -> None:
    upload.full_clean(validate_constraints=False)
    upload.save()
    record_audit_event(action=AuditEvent.Action.UPLOADED, actor=user, target=upload)
    transaction.on_commit(lambda: queue_upload(upload.pk))


def queue_upload(upload_id: UUID) -> None:
    """Send an upload to a worker; `resume_uploads` sends a lost message again."""
    from detections.tasks import read_upload  # noqa: PLC0415  # tasks call services

    try:
        read_upload.delay(str(upload_id))
    except OSError:
        log.warning("upload_not_queued_yet", upload_id=str(upload_id), exc_info=True)


def _require_room(size_bytes: int) -> None:
    try:
        require_room("uploads", size_bytes)
    except StorageFullError as error:
        message = _("The server's disk is nearly full. Tell who runs it, and send this later.")
        raise UploadRefusedError(message, field="file") from error


def _check(file: "File[bytes]", captured_at: datetime) -> Upload.Kind:
    now = timezone.now()
    if not now - OLDEST < captured_at < now + CLOCK_TOLERANCE:
        message = _("Give a moment within the last five years and not in the future.")
        raise UploadRefusedError(message, field="captured_at")
    if not file.size:
        raise UploadRefusedError(_("The file is empty."), field="file")
    if file.size > settings.UPLOAD_MAX_BYTES:
        message = _("The file is larger than %(most)d MiB. Cut it, or raise LPR_UPLOAD_MAX_MIB.")
        raise UploadRefusedError(
            message % {"most": settings.UPLOAD_MAX_BYTES // 2**20}, field="file"
        )
    _require_room(file.size)
    file.seek(0)
    kind = kind_of(file.read(16))
    if kind is None:
        message = _(
            "This is no picture (JPEG, PNG, WebP, BMP) and no video (MP4, MOV, MKV, AVI, MPEG)."
        )
        raise UploadRefusedError(message, field="file")
    return kind


def _sha256(file: "File[bytes]") -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def claim_upload(*, upload_id: UUID) -> Upload | None:
    """Take an upload for reading; None where it is finished, or another worker is at it."""
    now = timezone.now()
    with transaction.atomic():
        upload = (
            Upload.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("camera__organization")
            .filter(pk=upload_id, state__in=(Upload.State.QUEUED, Upload.State.READING))
            .first()
        )
        if upload is None or (upload.heartbeat_at and now - upload.heartbeat_at < SILENT_AFTER):
            return None
        if upload.attempts >= ATTEMPTS_MOST:
            fail_upload(
                upload_id=upload_id,
                message=_("Reading this file stopped the worker %(most)d times. It may be damaged.")
                % {"most": ATTEMPTS_MOST},
            )
            return None
        upload.state, upload.heartbeat_at = Upload.State.READING, now
        upload.attempts += 1
        upload.save(update_fields=["state", "heartbeat_at", "attempts", "updated_at"])
    return upload


def report_upload(*, upload_id: UUID, progress: float) -> None:
    """Note how far the reading is, 0 to 1, and that the reader lives."""
    Upload.objects.filter(pk=upload_id, state=Upload.State.READING).update(
        progress=progress, heartbeat_at=timezone.now()
    )


def count_upload_detections(*, upload_id: UUID, count: int) -> None:
    """Add new detections to the upload's count."""
    Upload.objects.filter(pk=upload_id).update(detections_count=F("detections_count") + count)


def finish_upload(*, upload_id: UUID) -> None:
    """Note that an upload was read to its end."""
    Upload.objects.filter(pk=upload_id).update(
        state=Upload.State.DONE, progress=1.0, finished_at=timezone.now(), error=""
    )


def fail_upload(*, upload_id: UUID, message: str) -> None:
    """Note in words why an upload cannot be read."""
    Upload.objects.filter(pk=upload_id).update(
        state=Upload.State.FAILED, finished_at=timezone.now(), error=message[:500]
    )


def release_upload(*, upload_id: UUID) -> None:
    """Give an upload back to the queue, because what it needs is away for the moment."""
    Upload.objects.filter(pk=upload_id).update(
        state=Upload.State.QUEUED, heartbeat_at=None, attempts=F("attempts") - 1
    )


def uploads_to_resume() -> list[UUID]:
    """Uploads whose message was lost or whose reader died."""
    silent = timezone.now() - SILENT_AFTER
    unfinished = Upload.objects.filter(
        state__in=(Upload.State.QUEUED, Upload.State.READING), updated_at__lt=silent
    )
    return list(unfinished.exclude(heartbeat_at__gte=silent).values_list("pk", flat=True)[:100])


@contextmanager
def local_copy(upload: Upload) -> Iterator[Path]:
    """The upload's file on this machine, wherever its storage keeps it."""
    storage = storages["uploads"]
    try:
        yield Path(storage.path(upload.stored_name))
    except NotImplementedError:
        with storage.open(upload.stored_name) as stored, NamedTemporaryFile() as copy:
            _copy(stored, copy)
            yield Path(copy.name)


def _copy(source: "File[bytes]", target: IO[bytes]) -> None:
    for chunk in source.chunks():
        target.write(chunk)
    target.flush()
