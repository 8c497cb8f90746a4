"""Exports and erases all that is kept about a plate, for whom it concerns."""

import json
import zipfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID

import structlog
from django.conf import settings
from django.core import serializers
from django.core.files import File
from django.core.files.storage import storages
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import ForeignObjectRel, Model, ProtectedError, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, User
from accounts.selectors import MANAGING_ROLES, has_role
from accounts.services import record_audit_event
from cameras.models import Camera
from detections.errors import PlateRequestRefusedError
from detections.models import (
    CorrectionBatch,
    CorrectionRule,
    DeletionCertificate,
    Detection,
    PlateRequest,
)
from detections.selectors.keeping import active_holds, held_by
from detections.services.keeping.certificates import close_certificate, open_certificate
from detections.services.keeping.removal import remove_detections, take_victims, wait_for_holds
from detections.signals import plate_erased
from lpr_project.common.errors import LprError, NotAllowedError
from vehicles.models import Plate
from vehicles.services import hold_plates

log = structlog.get_logger(__name__)

_AT_ONCE = 200
# A worker that is silent for longer is dead, and another goes on.
SILENT_AFTER = timedelta(minutes=5)
Kind, State = PlateRequest.Kind, PlateRequest.State

_TOLD: dict[str, list[str]] = {
    "vehicles.Plate": [
        "number",
        "country",
        "province",
        "vehicle",
        "status",
        "first_seen_at",
        "last_seen_at",
        "detections_count",
    ],
    "vehicles.PlateStatusEntry": ["plate", "before", "status", "at", "source"],
    "vehicles.Tenure": ["vehicle", "plate", "since", "until"],
    "vehicles.LookUpResult": ["plate", "source", "at", "outcome", "found"],
    "detections.Detection": [
        "camera",
        "plate",
        "captured_at",
        "recorded_at",
        "origin",
        "read_text",
        "read_number",
        "read_country",
        "read_province",
        "confidence",
        "frames_agreed",
        "frames_read",
        "review",
        "merged_into",
        "direction",
        "travel_degrees",
        "vehicle_kind",
        "vehicle_color",
        "box_x",
        "box_y",
        "box_width",
        "box_height",
        "frame_width_px",
        "frame_height_px",
        "frame_name",
        "frame_sha256",
        "crop_name",
        "crop_sha256",
        "model_set",
        "evidence",
    ],
    "detections.ReviewEntry": [
        "camera",
        "detection",
        "kind",
        "at",
        "reject_reason",
        "other_detection",
    ],
}
"""What an export tells: fields by model, and nothing of a model that is not named.

The file may go to whom the plate belongs to, so that nothing in it may say who is watched or why:
no hit, alert or hold, no reason of a look-up, no words of those who review, not who works here.
"""


@transaction.atomic
def request_plate(
    *, plate: Plate, kind: PlateRequest.Kind, actor: User, reason: str, case_number: str = ""
) -> PlateRequest:
    """Note that all about a plate shall be exported or erased, and queue it.

    Raises:
        NotAllowedError: The actor neither owns nor manages the organization.
        PlateRequestRefusedError: No reason is given, or the same is being done.
    """
    if not has_role(actor, plate.organization, *MANAGING_ROLES):
        raise NotAllowedError(_("Requests about a plate are for owners and managers."))
    if not reason.strip():
        raise PlateRequestRefusedError(_("Say who asks, and why."), field="reason")
    Plate.objects.select_for_update().get(pk=plate.pk)
    unfinished = PlateRequest.objects.filter(
        plate=plate, kind=kind, state__in=(State.QUEUED, State.RUNNING)
    )
    if unfinished.exists():
        raise PlateRequestRefusedError(_("This is being done already."))
    request = PlateRequest.objects.create(
        organization=plate.organization,
        kind=kind,
        plate=plate,
        reason=reason.strip()[:300],
        case_number=case_number.strip()[:60],
        created_by=actor,
    )
    # The trail outlives the plate, so it names the request and not the number.
    record_audit_event(
        action=AuditEvent.Action.EXPORTED if kind == Kind.EXPORT else AuditEvent.Action.DELETED,
        actor=actor,
        target=request,
        reason=request.reason,
        case_number=request.case_number,
    )
    transaction.on_commit(partial(queue_request, request.pk))
    return request


def queue_request(request_id: UUID) -> None:
    """Send a request to a worker; `requests_to_resume` finds a lost one."""
    from detections.tasks import serve_plate_request  # noqa: PLC0415  # tasks call services

    try:
        serve_plate_request.delay(str(request_id))
    except OSError:
        log.warning("plate_request_not_queued_yet", request_id=str(request_id), exc_info=True)


def requests_to_resume() -> list[UUID]:
    """Requests whose message was lost or whose worker died."""
    silent = timezone.now() - SILENT_AFTER
    waiting = PlateRequest.objects.filter(
        Q(heartbeat_at=None) | Q(heartbeat_at__lt=silent),
        state__in=(State.QUEUED, State.RUNNING),
        created_at__lt=silent,
    )
    return list(waiting.values_list("pk", flat=True)[:20])


def forget_expired_files() -> None:
    """Delete files that nobody may take any more."""
    expired = PlateRequest.objects.filter(expires_at__lte=timezone.now()).exclude(stored_name="")
    for request in expired[:100]:
        storages["exports"].delete(request.stored_name)
        request.stored_name = ""
        request.save(update_fields=["stored_name", "updated_at"])


def serve_request(*, request_id: UUID) -> None:
    """Do what was asked; served twice, it goes on where it was, or does nothing."""
    request = _claim(request_id)
    if request is None:
        return
    try:
        if request.kind == Kind.EXPORT:
            _export(request)
        else:
            _erase(request)
    except LprError as error:
        _fail(request, error.message)
    except OSError as error:
        _fail(request, _("The file cannot be written: %(why)s") % {"why": error.strerror or ""})


@transaction.atomic
def _claim(request_id: UUID) -> PlateRequest | None:
    now = timezone.now()
    request = (
        PlateRequest.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("organization", "created_by")
        .filter(pk=request_id, state__in=(State.QUEUED, State.RUNNING))
        .first()
    )
    if request is None or (request.heartbeat_at and now - request.heartbeat_at < SILENT_AFTER):
        return None
    request.state, request.heartbeat_at = State.RUNNING, now
    request.save(update_fields=["state", "heartbeat_at", "updated_at"])
    return request


def _tell(request: PlateRequest, done: int, total: int) -> None:
    request.progress = min(done / total, 1.0) if total else 1.0
    request.heartbeat_at = timezone.now()
    request.save(update_fields=["progress", "heartbeat_at", "updated_at"])


def _fail(request: PlateRequest, sentence: str) -> None:
    request.state, request.error = State.FAILED, sentence[:500]
    request.finished_at = timezone.now()
    request.save()


def _export(request: PlateRequest) -> None:
    plate = Plate.objects.filter(pk=request.plate_id).first()
    if plate is None:
        raise PlateRequestRefusedError(_("The plate is gone."))
    with TemporaryFile() as target:
        _write_archive(request, plate, target)
        request.size_bytes = target.tell()
        target.seek(0)
        name = f"{request.organization_id}/{request.pk}.zip"
        request.stored_name = storages["exports"].save(name, File(target))
    now = timezone.now()
    request.state, request.finished_at, request.progress = State.DONE, now, 1.0
    request.expires_at = now + timedelta(hours=settings.EXPORT_KEPT_HOURS)
    request.save()


def _write_archive(request: PlateRequest, plate: Plate, target: IO[bytes]) -> None:
    """A ZIP of what is kept: the plate, its detections with what hangs on them, the pictures."""
    detections = Detection.objects.filter(plate=plate).order_by("id")
    total = plate.detections_count
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("plate.json", _json([plate, *_hanging_on(Plate, [plate.pk])]))
        for number, page in enumerate(_pages(detections)):
            rows = [*page, *_hanging_on(Detection, [row.pk for row in page])]
            archive.writestr(f"detections-{number:05d}.json", _json(rows))
            for row in page:
                _add_pictures(archive, row)
            request.detections_count += len(page)
            _tell(request, request.detections_count, total)
        about = {
            "made_at": timezone.now().isoformat(),
            "organization": request.organization.name,
            "case_number": request.case_number,
            "detections": request.detections_count,
            "note": "Times are UTC. Pictures lie in pictures/ under the ids of their detections.",
        }
        archive.writestr("about.json", json.dumps(about, ensure_ascii=False, indent=2))
    target.seek(0, 2)


def _pages(detections: QuerySet[Detection]) -> Iterator[list[Detection]]:
    last: UUID | None = None
    while True:
        rows = detections.filter(pk__gt=last) if last else detections
        page = list(rows[:_AT_ONCE])
        if not page:
            return
        yield page
        last = page[-1].pk


def _hanging_on(model: type[Model], ids: Sequence[UUID]) -> Iterator[Model]:
    """Rows that point at these and are told, apart from detections themselves."""
    for relation in model._meta.get_fields(include_hidden=True):  # noqa: SLF001  # Django's public name
        if not isinstance(relation, ForeignObjectRel) or relation.related_model is Detection:
            continue
        if relation.related_model._meta.label not in _TOLD:  # noqa: SLF001  # Django's public name
            continue
        rows = relation.related_model._base_manager  # noqa: SLF001  # Django's public name
        yield from rows.filter(**{f"{relation.field.name}__in": ids})


def _json(rows: Sequence[Model]) -> str:
    """Rows as JSON, each with the fields that are told of its model."""
    plain = [
        told
        for row in rows
        for told in serializers.serialize("python", [row], fields=_TOLD[row._meta.label])  # noqa: SLF001  # Django's public name
    ]
    return json.dumps(plain, cls=DjangoJSONEncoder, indent=1, ensure_ascii=False)


def _add_pictures(archive: zipfile.ZipFile, row: Detection) -> None:
    for name in filter(None, (row.frame_name, row.crop_name)):
        try:
            with (
                storages["pictures"].open(name) as stored,
                archive.open(f"pictures/{name.rpartition('/')[2]}", "w") as entry,
            ):
                for chunk in stored.chunks():
                    entry.write(chunk)
        except FileNotFoundError:
            log.warning("picture_missing_in_export", detection_id=str(row.pk))


def _erase(request: PlateRequest) -> None:
    certificate = request.certificate or open_certificate(
        organization=request.organization,
        kind=DeletionCertificate.Kind.ERASURE,
        actor=request.created_by,
        reason=request.reason,
        case_number=request.case_number,
    )
    if request.certificate is None:
        certificate.save()
        request.certificate = certificate
        request.save(update_fields=["certificate", "updated_at"])
    detections = Detection.objects.filter(plate=request.plate_id)
    total = detections.count()
    cameras = Camera.objects.filter(organization=request.organization).order_by("pk")
    for camera_id in cameras.values_list("pk", flat=True):
        while _erase_batch(request, certificate, detections.filter(camera=camera_id)):
            _tell(request, certificate.detections, total)
    _finish_erasure(request, certificate, detections)


@transaction.atomic
def _erase_batch(
    request: PlateRequest, certificate: DeletionCertificate, detections: QuerySet[Detection]
) -> bool:
    wait_for_holds()
    holds = active_holds(request.organization)
    victims = take_victims(
        detections.filter(~held_by(holds)) if holds else detections, most=_AT_ONCE
    )
    if victims:
        # The plate goes last, with what people wrote about it.
        remove_detections(victims=victims, certificate=certificate, spares_plates=False)
    return bool(victims)


@transaction.atomic
def _finish_erasure(
    request: PlateRequest, certificate: DeletionCertificate, detections: QuerySet[Detection]
) -> None:
    wait_for_holds()
    hold_plates(plate_ids=[request.plate_id])
    certificate.kept = request.kept_count = detections.count()
    plate = Plate.objects.filter(pk=request.plate_id).first()
    if plate is not None and not request.kept_count:
        certificate.plates += _erase_plate(plate)
    close_certificate(certificate=certificate, is_whole=not request.kept_count)
    request.detections_count = certificate.detections
    request.state, request.finished_at, request.progress = State.DONE, timezone.now(), 1.0
    request.save()


def _erase_plate(plate: Plate) -> int:
    """Delete a plate with what people wrote of it; one that a hold names stays."""
    number = Q(number=plate.number) | Q(read_number=plate.number)
    for model in (CorrectionRule, CorrectionBatch):
        texts = model._base_manager.filter(number, organization=plate.organization_id)  # noqa: SLF001  # Django's public name
        texts.update(number="", read_number="", reason="")
    CorrectionRule.objects.filter(number="", organization=plate.organization_id).update(
        is_active=False
    )
    try:
        with transaction.atomic():
            plate_erased.send(sender=Plate, plate=plate)
            plate.delete()
    except ProtectedError:
        return 0
    return 1
