"""Asks a register about a plate: noted before it is asked, its answer kept beside the plate."""

import time
from datetime import timedelta
from typing import IO, Any

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.services import audit_change, record_audit_event
from lpr_project.common.errors import LprError
from vehicles.errors import (
    ImportRefusedError,
    LookUpFailedError,
    NumberRefusedError,
    VehicleRefusedError,
)
from vehicles.models import LookUpEntry, LookUpResult, LookUpSource, Plate
from vehicles.services.imports.columns import clean_cell, guess_mapping
from vehicles.services.imports.tables import read_table
from vehicles.services.lookups import breaker
from vehicles.services.lookups.connectors import Found, connector_of
from vehicles.services.registrations import read_registration
from vehicles.services.rights import require_editor, require_manager
from vehicles.services.sightings import PlateKey

log = structlog.get_logger(__name__)

Outcome = LookUpResult.Outcome


def look_up_plate(
    *, plate: Plate, source: LookUpSource, reason: str, actor: User, asks_anew: bool = False
) -> LookUpResult:
    """Ask a register about a plate; must not run within a transaction, for it waits for others.

    Args:
        asks_anew: Do not take what was answered lately.

    Returns:
        What it said, now or lately; a failure is a result too.

    Raises:
        VehicleRefusedError: No reason is given.
        LookUpFailedError: The register is left alone for the moment, or switched off.
        NotAllowedError: Somebody who does not edit vehicles.
    """
    require_editor(actor, plate.organization)
    if not reason.strip():
        message = "Say why you look this plate up."
        raise VehicleRefusedError(message, reason=[message])
    if not source.is_active or source.organization_id != plate.organization_id:
        raise LookUpFailedError("This register is switched off.")
    kept = None if asks_anew else _kept_answer(plate, source)
    # Noted before anybody is asked, so that no look-up goes unnoted.
    record_audit_event(
        action=AuditEvent.Action.LOOKED_UP,
        actor=actor,
        target=plate,
        target_label=str(plate.pk),
        reason=reason,
        detail={"source": source.name, "is_from_cache": kept is not None},
    )
    if kept is not None:
        return kept
    _require_open(source)
    outcome, found, error, took_ms = _ask(
        source, PlateKey(plate.number, plate.country, plate.province)
    )
    breaker.note_result(source, has_failed=outcome == Outcome.FAILED)
    return LookUpResult.objects.create(
        plate=plate,
        source=source,
        outcome=outcome,
        found=found,
        error=error[:300],
        took_ms=took_ms,
        actor=actor,
        reason=reason.strip()[:300],
    )


def _kept_answer(plate: Plate, source: LookUpSource) -> LookUpResult | None:
    since = timezone.now() - timedelta(seconds=source.cache_seconds)
    answers = LookUpResult.objects.filter(plate=plate, source=source, at__gt=since)
    return answers.exclude(outcome=Outcome.FAILED).first()


def _require_open(source: LookUpSource) -> None:
    state = breaker.state_of(source)
    if state == "open" or (state == "half-open" and not breaker.take_probe(source)):
        again = timezone.localtime(breaker.resumes_at(source))
        raise LookUpFailedError(
            f"{source.name} failed {source.failures_most} times in a row and is left alone until "
            f"{again:%H:%M:%S}. Try again then."
        )


def _ask(source: LookUpSource, key: PlateKey) -> tuple[Outcome, Found, str, int]:
    began = time.monotonic()
    try:
        found = connector_of(source).look_up(key)
    except LprError as error:
        log.warning("look_up_failed", source_id=str(source.pk), code=error.code)
        return Outcome.FAILED, {}, error.message, _since(began)
    if found is None:
        return Outcome.NOT_FOUND, {}, "", _since(began)
    return Outcome.FOUND, found, "", _since(began)


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def try_source(
    *, source: LookUpSource, key: PlateKey, actor: User
) -> tuple[Outcome, Found, str, int]:
    """Ask a register about any plate, past its pause and without keeping what it says.

    Returns:
        Outcome, what was found, what failed, and how long it took in milliseconds.
    """
    require_manager(actor, source.organization)
    record_audit_event(action=AuditEvent.Action.TESTED, actor=actor, target=source)
    answer = _ask(source, key)
    if answer[0] != Outcome.FAILED:
        breaker.note_result(source, has_failed=False)
    return answer


@transaction.atomic
def save_source(*, source: LookUpSource, actor: User, changed: list[str]) -> LookUpSource:
    """Keep what managers set of a register; its headers are not noted in the trail."""
    require_manager(actor, source.organization)
    is_new = source._state.adding  # noqa: SLF001  # Django's public name
    source.full_clean()
    source.save()
    if is_new:
        record_audit_event(action=AuditEvent.Action.CREATED, actor=actor, target=source)
    else:
        shown = [name for name in changed if name not in {"headers", "file"}]
        audit_change(target=source, actor=actor, changed=shown)
    return source


@transaction.atomic
def load_register(*, source: LookUpSource, file: IO[bytes], size_bytes: int, actor: User) -> int:
    """Put a file in the place of what a register held; returns how many plates it has now.

    Raises:
        ImportRefusedError: It cannot be read, has no column of plates, or a line is wrong.
    """
    require_manager(actor, source.organization)
    lines = read_table(file, size_bytes)
    head = next(lines, None)
    headers = list(head.cells) if head else []
    mapping = guess_mapping(headers, [])
    if "number" not in mapping:
        raise ImportRefusedError("No column holds the plate. Call it number, plate or ทะเบียน.")
    columns = source.mapping or {
        name: name
        for name, field in zip(headers, mapping, strict=True)
        if name and field not in {"number", "country", "province"}
    }
    missing = set(columns.values()) - set(headers)
    if missing:
        raise ImportRefusedError(f"The file has no column {min(missing)!r}.")
    entries = [_entry(source, line, headers, mapping, columns) for line in lines]
    LookUpEntry.objects.filter(source=source).delete()
    LookUpEntry.objects.bulk_create(entries, batch_size=1000)
    return len(entries)


def _entry(
    source: LookUpSource,
    line: Any,
    headers: list[str],
    mapping: list[str],
    columns: dict[str, str],
) -> LookUpEntry:
    if line.errors:
        raise ImportRefusedError(f"Line {line.number}: {line.errors[0]}")
    cells = [clean_cell(cell) for cell in line.cells]
    place = dict(zip(mapping, cells, strict=False))
    try:
        key = read_registration(
            place.get("number", ""), place.get("country", ""), place.get("province", "")
        )
    except NumberRefusedError as error:
        raise ImportRefusedError(f"Line {line.number}: {error.message}") from error
    by_header = dict(zip(headers, cells, strict=False))
    fields = {name: by_header[column][:300] for name, column in columns.items()}
    kept = {name: text for name, text in fields.items() if text}
    return LookUpEntry(source=source, fields=kept, **key._asdict())
