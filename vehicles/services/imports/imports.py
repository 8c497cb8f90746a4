"""Files of vehicles: taken in, checked in the background, shown, and taken over in one piece."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import PurePath
from typing import Any
from uuid import UUID

import structlog
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.storage import storages
from django.db import OperationalError, connection, transaction
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
SILENT_AFTER = timedelta(minutes=1)
TRIES_MOST = 3
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
            transaction.on_commit(partial(_queue, created.pk, State.CHECKING))
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
    return _begin(row, State.CHECKING)


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
    row.confirmed_by = actor
    return _begin(row, State.APPLYING)


def _locked(pk: UUID) -> VehicleImport:
    """The row for who decides about it; nobody waits for a worker that has it.

    Raises:
        ImportRefusedError: A worker has it, or somebody else decides at this moment.
    """
    rows = VehicleImport.objects.select_for_update(of=["self"], nowait=True)
    try:
        return rows.select_related("organization").get(pk=pk)
    except OperationalError as error:
        raise ImportRefusedError(
            "This file is being worked on. Wait until that is done."
        ) from error


def _begin(row: VehicleImport, state: State) -> VehicleImport:
    row.state, row.error, row.heartbeat_at, row.tries = state, "", timezone.now(), 0
    row.save()
    transaction.on_commit(partial(_queue, row.pk, state))
    return row


def _queue(pk: UUID, state: str) -> None:
    from vehicles.tasks import apply_import, check_import  # noqa: PLC0415  # tasks call services

    try:
        (check_import if state == State.CHECKING else apply_import).delay(str(pk))
    except OSError:
        log.warning("import_not_queued_yet", import_id=str(pk), exc_info=True)


def check_file(*, import_id: UUID) -> None:
    """Compare a file with what is known, line by line; writes what it would change beside it."""
    _work(import_id, State.CHECKING, _check, "")


def apply_file(*, import_id: UUID) -> None:
    """Take a file over in one transaction: all of what was shown, or nothing."""
    _work(import_id, State.APPLYING, _apply, "Nothing was taken over. ")


def _work(
    import_id: UUID, state: State, work: Callable[[VehicleImport], None], nothing: str
) -> None:
    """Do what a file waits for, unless another worker is at it or it is done."""
    if not _take_up(import_id, state, nothing):
        return
    try:
        with transaction.atomic():
            row = _taken(import_id, state)
            if row is not None:
                work(row)
    except LprError as error:
        _fail(import_id, state, f"{nothing}{error.message}")
    except ValidationError as error:
        _fail(import_id, state, f"{nothing}{' '.join(error.messages)}")


@transaction.atomic
def _take_up(import_id: UUID, state: State, nothing: str) -> bool:
    """Count a try before it begins, so that one which kills its worker is not tried for ever."""
    row = _taken(import_id, state)
    if row is None:
        return False
    if row.tries >= TRIES_MOST:
        sentence = f"The worker ended {row.tries} times while it was at this file. Split it."
        _fail(import_id, state, f"{nothing}{sentence}")
        return False
    row.tries, row.heartbeat_at = row.tries + 1, timezone.now()
    row.save(update_fields=["tries", "heartbeat_at"])
    return True


def _taken(import_id: UUID, state: State) -> VehicleImport | None:
    """The row for a worker; None where another one has it, or it waits for nothing of the kind."""
    rows = VehicleImport.objects.select_for_update(of=["self"], skip_locked=True)
    return rows.select_related("organization").filter(pk=import_id, state=state).first()


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
    try:
        stored = storages["uploads"].open(row.stored_name)
    except FileNotFoundError as error:
        raise ImportRefusedError("The file is gone. Send it again.") from error
    with stored as file:
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
    return int(_progress(pk)[0])


def is_silent(row: VehicleImport) -> bool:
    """Whether no worker has said anything for a while of a file that waits for one."""
    told = max(_progress(row.pk)[1], row.heartbeat_at.timestamp() if row.heartbeat_at else 0)
    return row.is_running and timezone.now().timestamp() - told > SILENT_AFTER.total_seconds()


def _progress(pk: UUID) -> tuple[float, float]:
    """How many lines are done, and when that was told in seconds since the epoch."""
    with suppress(RedisError, OSError):
        lines, told = cache.get(f"vehicle-import:{pk}") or (0, 0)
        return lines, told
    return 0, 0


def _apply(row: VehicleImport) -> None:
    actor = row.confirmed_by
    if actor is None or not actor.is_active:
        raise ImportRefusedError(
            "The account of who confirmed it is gone. Have the file checked again, and confirm it."
        )
    # Two files of the same vehicles are taken over one after the other.
    with connection.cursor() as cursor:
        key = f"vehicle import {row.organization_id}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
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


def _fail(import_id: UUID, state: State, sentence: str) -> None:
    waiting = VehicleImport.objects.filter(pk=import_id, state=state)
    waiting.update(state=State.FAILED, error=sentence[:500])


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
    """Queue again what no worker took up, or whose worker died, and forget old files."""
    now = timezone.now()
    for pk, state in _lost(now):
        _queue(pk, state)
    for row in VehicleImport.objects.filter(created_at__lt=now - KEPT).exclude(
        state=State.APPLYING
    ):
        _forget_file(row.stored_name)
        row.delete()


@transaction.atomic
def _lost(now: datetime) -> list[tuple[UUID, str]]:
    # A worker that lives holds its row.
    waiting = VehicleImport.objects.select_for_update(skip_locked=True).filter(
        state__in=(State.CHECKING, State.APPLYING), heartbeat_at__lt=now - SILENT_AFTER
    )
    return list(waiting.order_by("id").values_list("pk", "state")[:100])
