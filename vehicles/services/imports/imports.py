"""Files of vehicles: taken in, checked in the background, shown, and taken over in one piece."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import PurePath
from typing import Any
from uuid import UUID

import structlog
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.storage import storages
from django.db import transaction
from django.utils import timezone
from redis.exceptions import RedisError

from accounts.models import AuditEvent, Organization, User
from accounts.services import record_audit_event
from lpr_project.common.errors import LprError
from vehicles.errors import ImportRefusedError
from vehicles.models import ImportLine, Plate, PlateStatusEntry, Vehicle, VehicleImport
from vehicles.selectors import custom_fields_of
from vehicles.services.imports.columns import CUSTOM, FIELDS, NUMBER, guess_mapping
from vehicles.services.imports.plans import Plan, plan_lines, tenure_of
from vehicles.services.imports.tables import Line, read_headers, read_table
from vehicles.services.registrations import (
    assign_plate,
    change_tenure,
    ensure_plate,
    set_plate_status,
)
from vehicles.services.rights import require_editor
from vehicles.services.vehicles import TEXT_FIELDS, save_vehicle

log = structlog.get_logger(__name__)

KEPT = timedelta(days=7)
_SILENT_AFTER = timedelta(minutes=2)
_REPORT_EVERY = 200
State = VehicleImport.State


def create_import(
    *, organization: Organization, file: "File[bytes]", original_name: str, actor: User
) -> VehicleImport:
    """Keep a file and let it be checked; nothing of it is taken over yet.

    Raises:
        ImportRefusedError: It is no table, too large, or made to do harm.
        NotAllowedError: Somebody who does not edit vehicles.
    """
    require_editor(actor, organization)
    if not file.size:
        raise ImportRefusedError("The file is empty.")
    headers = read_headers(file, file.size)
    digest = hashlib.sha256()
    for piece in file.chunks():
        digest.update(piece)
    created = VehicleImport(
        organization=organization,
        created_by=actor,
        original_name=PurePath(original_name).name[:200] or "file",
        sha256=digest.hexdigest(),
        size_bytes=file.size,
        headers=headers,
        mapping=guess_mapping(headers, list(custom_fields_of(organization))),
        heartbeat_at=timezone.now(),
    )
    name = storages["uploads"].save(f"{organization.pk}/imports/{created.pk}", file)
    created.stored_name = name
    try:
        with transaction.atomic():
            created.save()
            record_audit_event(action=AuditEvent.Action.UPLOADED, actor=actor, target=created)
            transaction.on_commit(partial(_queue_check, created.pk))
    except BaseException:
        storages["uploads"].delete(name)
        raise
    return created


@transaction.atomic
def change_mapping(
    *, vehicle_import: VehicleImport, mapping: Sequence[str], actor: User
) -> VehicleImport:
    """Say anew which column fills what, and let the file be checked again.

    Raises:
        ImportRefusedError: A field is filled twice, is unknown, or the plate is missing.
    """
    row = _locked(vehicle_import.pk)
    require_editor(actor, row.organization)
    if row.state not in {State.CHECKED, State.FAILED}:
        raise ImportRefusedError("This file is being worked on. Wait until that is done.")
    known = {*FIELDS, *(f"{CUSTOM}{field.key}" for field in custom_fields_of(row.organization))}
    chosen = [name for name in mapping if name]
    if len(mapping) != len(row.headers) or not set(chosen) <= known:
        raise ImportRefusedError("Choose for each column what it fills.")
    if len(set(chosen)) != len(chosen):
        raise ImportRefusedError("Two columns fill the same. Leave one of them out.")
    row.mapping = list(mapping)
    return _begin(row, State.CHECKING, partial(_queue_check, row.pk))


@transaction.atomic
def confirm_import(*, vehicle_import: VehicleImport, actor: User) -> VehicleImport:
    """Let what was shown be taken over, as a whole or not at all.

    Raises:
        ImportRefusedError: A line is wrong, or nothing would change.
    """
    row = _locked(vehicle_import.pk)
    require_editor(actor, row.organization)
    if not row.may_be_applied:
        raise ImportRefusedError(
            "This file cannot be taken over: lines are wrong, or nothing would change."
        )
    record_audit_event(
        action=AuditEvent.Action.IMPORTED,
        actor=actor,
        target=row,
        detail={"sha256": row.sha256, "new": row.new_count, "changed": row.changed_count},
    )
    return _begin(row, State.APPLYING, partial(_queue_apply, row.pk, actor.pk))


def _locked(pk: UUID) -> VehicleImport:
    rows = VehicleImport.objects.select_for_update(of=["self"]).select_related("organization")
    return rows.get(pk=pk)


def _begin(row: VehicleImport, state: State, queue: Any) -> VehicleImport:
    row.state, row.error, row.heartbeat_at = state, "", timezone.now()
    row.save()
    transaction.on_commit(queue)
    return row


def _queue_check(pk: UUID) -> None:
    from vehicles.tasks import check_import  # noqa: PLC0415  # tasks call services

    try:
        check_import.delay(str(pk))
    except OSError:
        log.warning("import_not_queued_yet", import_id=str(pk), exc_info=True)


def _queue_apply(pk: UUID, actor_id: int) -> None:
    from vehicles.tasks import apply_import  # noqa: PLC0415  # tasks call services

    try:
        apply_import.delay(str(pk), actor_id)
    except OSError:
        log.warning("import_not_queued_yet", import_id=str(pk), exc_info=True)


def check_file(*, import_id: UUID) -> None:
    """Compare a file with what is known, line by line; writes what it would change beside it."""
    row = VehicleImport.objects.select_related("organization").filter(pk=import_id).first()
    if row is None or row.state != State.CHECKING:
        return
    try:
        with transaction.atomic():
            # A second worker waits here and then finds it done.
            row = _locked(row.pk)
            if row.state == State.CHECKING:
                _check(row)
    except LprError as error:
        _fail(row, error.message)


def _check(row: VehicleImport) -> None:
    if NUMBER not in row.mapping:
        raise ImportRefusedError(
            "No column holds the plate. Say which one does, or use the template."
        )
    row.lines.all().delete()
    counts = dict.fromkeys(ImportLine.Outcome.values, 0)
    waiting: list[ImportLine] = []
    for plan in _plans(row):
        counts[plan.outcome] += 1
        waiting.append(
            ImportLine(
                vehicle_import=row,
                line=plan.line,
                outcome=plan.outcome,
                label=plan.label,
                changes=plan.changes,
                errors=[error[:300] for error in plan.errors[:10]],
            )
        )
        if len(waiting) == _REPORT_EVERY:
            ImportLine.objects.bulk_create(waiting)
            waiting = []
    ImportLine.objects.bulk_create(waiting)
    for outcome, count in counts.items():
        setattr(row, f"{outcome}_count", count)
    row.state, row.error = State.CHECKED, ""
    row.save()


def _plans(row: VehicleImport) -> Iterator[Plan]:
    with storages["uploads"].open(row.stored_name) as file:
        lines = _reported(row, read_table(file, row.size_bytes))
        next(lines, None)  # the headers
        yield from plan_lines(
            organization=row.organization,
            lines=lines,
            mapping=row.mapping,
            fields=list(custom_fields_of(row.organization)),
        )


def _reported(row: VehicleImport, lines: Iterator[Line]) -> Iterator[Line]:
    """The same lines, each so many of them told to whoever waits."""
    for count, line in enumerate(lines):
        if count % _REPORT_EVERY == 0:
            report_progress(row.pk, count)
        yield line


def report_progress(pk: UUID, lines: int) -> None:
    """Say how many lines are done; outside the transaction, so that it is seen at once."""
    with suppress(RedisError, OSError):
        cache.set(f"vehicle-import:{pk}", [lines, timezone.now().timestamp()], 3600)


def progress_of(pk: UUID) -> int:
    """How many lines were done when that was last told."""
    with suppress(RedisError, OSError):
        return int((cache.get(f"vehicle-import:{pk}") or [0])[0])
    return 0


def apply_file(*, import_id: UUID, actor_id: int) -> None:
    """Take a file over in one transaction: all of what was shown, or nothing."""
    row = VehicleImport.objects.select_related("organization").filter(pk=import_id).first()
    if row is None or row.state != State.APPLYING:
        return
    actor = User.objects.get(pk=actor_id)
    try:
        with transaction.atomic():
            # A second worker waits here and then finds it done.
            row = _locked(row.pk)
            if row.state == State.APPLYING:
                _apply(row, actor)
    except LprError as error:
        _fail(row, f"Nothing was taken over. {error.message}")
    except ValidationError as error:
        _fail(row, f"Nothing was taken over. {' '.join(error.messages)}")


def _apply(row: VehicleImport, actor: User) -> None:
    shown: dict[int, Any] = dict(row.lines.values_list("line", "changes"))
    for plan in _plans(row):
        if plan.errors or plan.changes != shown.get(plan.line):
            raise ImportRefusedError(
                f"Line {plan.line}: something changed since the file was checked. Check it again "
                "and look at what it would change now."
            )
        _take_over(row, plan, actor)
    row.state, row.error = State.DONE, ""
    row.save()
    transaction.on_commit(partial(_forget_file, row.stored_name))


def _take_over(row: VehicleImport, plan: Plan, actor: User) -> None:
    if plan.vehicle is not None and not plan.changes:
        return
    assert plan.key is not None
    written = plan.written
    vehicle = plan.vehicle or Vehicle(organization=row.organization)
    changes: dict[str, Any] = {name: written[name] for name in TEXT_FIELDS if name in written}
    if "tags" in written:
        changes["tags"] = written["tags"]
    save_vehicle(
        vehicle=vehicle,
        changes={**changes, "custom": plan.custom},
        actor=actor,
        reason=row.original_name,
    )
    plate = plan.plate or ensure_plate(organization=row.organization, key=plan.key)
    since, until = written.get("since"), written.get("until")
    tenure = tenure_of(plan)
    if tenure is None:
        assign_plate(vehicle=vehicle, plate=plate, since=since, until=until, actor=actor)
    elif {"since", "until"} & plan.changes.keys():
        change_tenure(
            tenure=tenure,
            since=since or tenure.since,
            until=until or tenure.until,
            actor=actor,
        )
    if "status" in plan.changes:
        set_plate_status(
            plate=plate,
            status=Plate.Status(written["status"]),
            reason=written.get("status_reason") or row.original_name,
            actor=actor,
            source=PlateStatusEntry.Source.IMPORT,
        )


def _fail(row: VehicleImport, sentence: str) -> None:
    VehicleImport.objects.filter(pk=row.pk).update(state=State.FAILED, error=sentence[:500])


@transaction.atomic
def discard_import(*, vehicle_import: VehicleImport, actor: User | None) -> None:
    """Forget a file and what it would have changed."""
    row = _locked(vehicle_import.pk)
    require_editor(actor, row.organization)
    if row.state == State.APPLYING:
        raise ImportRefusedError("This file is being taken over. Wait until that is done.")
    record_audit_event(action=AuditEvent.Action.DELETED, actor=actor, target=row)
    transaction.on_commit(partial(_forget_file, row.stored_name))
    row.delete()


def _forget_file(name: str) -> None:
    try:
        storages["uploads"].delete(name)
    except OSError:
        log.warning("import_file_left_behind", exc_info=True)


def tidy_imports() -> None:
    """Queue checks whose message was lost, give up silent take-overs, forget old files."""
    now = timezone.now()
    silent = VehicleImport.objects.filter(heartbeat_at__lt=now - _SILENT_AFTER)
    for pk in silent.filter(state=State.CHECKING).values_list("pk", flat=True):
        _queue_check(pk)
    for pk, actor_id in silent.filter(state=State.APPLYING, created_by__isnull=False).values_list(
        "pk", "created_by_id"
    ):
        _queue_apply(pk, actor_id)
    for row in VehicleImport.objects.filter(created_at__lt=now - KEPT).exclude(
        state=State.APPLYING
    ):
        _forget_file(row.stored_name)
        row.delete()
