"""Plates as people write them: which registration it is, whose, and with what status."""

import re
from datetime import date

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import AuditEvent, Organization, User
from accounts.services import record_audit_event
from vehicles.errors import NumberRefusedError, VehicleRefusedError
from vehicles.models import NEVER_SEEN, Plate, PlateStatusEntry, Tenure, Vehicle
from vehicles.plates.countries import find_country
from vehicles.plates.provinces import find_province
from vehicles.plates.text import PlateTextError, normalise
from vehicles.services.rights import require_editor
from vehicles.services.sightings import PlateKey

_PROVINCE = re.compile(r"([A-Z]{2})-[A-Z0-9]{1,3}")
# Whose provinces are found by name.
_NAMED_COUNTRY = "TH"


def read_registration(number: str, country: str = "", province: str = "") -> PlateKey:
    """The registration that somebody wrote, however it was written.

    A Thai province may be given by its name, a near spelling or its abbreviation, and names its
    country where none is given.

    Raises:
        NumberRefusedError: Number, country or province is none; `detail` names the field.
    """
    try:
        text = normalise(number)
    except PlateTextError as error:
        raise NumberRefusedError(str(error), number=[str(error)]) from error
    land = find_country(country)
    if country.strip() and not land:
        raise _refusal("country", "Write the country by its name or as two letters, such as TH.")
    return PlateKey(text, *_read_province(land, province.strip()))


def _read_province(country: str, text: str) -> tuple[str, str]:
    if not text:
        return country, ""
    if written := _PROVINCE.fullmatch(text.upper()):
        if country and country != written[1]:
            raise _refusal("province", f"The province {text} does not lie in {country}.")
        return written[1], text.upper()
    found = find_province(text) if country in {"", _NAMED_COUNTRY} else None
    if found is None:
        message = "This province is not known. Write its name, or its code such as TH-10."
        raise _refusal("province", message)
    return _NAMED_COUNTRY, found.code


def _refusal(field: str, message: str) -> NumberRefusedError:
    return NumberRefusedError(message, **{field: [message]})


def ensure_plate(*, organization: Organization, key: PlateKey) -> Plate:
    """The row of a registration; made where no camera has seen it yet."""
    plate, _is_new = Plate.objects.get_or_create(
        organization=organization,
        **key._asdict(),
        defaults={"first_seen_at": NEVER_SEEN, "last_seen_at": NEVER_SEEN},
    )
    return plate


@transaction.atomic
def assign_plate(
    *,
    vehicle: Vehicle,
    plate: Plate,
    actor: User | None,
    since: date | None = None,
    until: date | None = None,
) -> Tenure:
    """Say that a plate belongs, or belonged, to a vehicle.

    Raises:
        VehicleRefusedError: At that time it belongs to a vehicle already, or the end is wrong.
        NotAllowedError: Somebody who does not edit vehicles.
    """
    require_editor(actor, vehicle.organization)
    if plate.organization_id != vehicle.organization_id:
        raise VehicleRefusedError("Plate and vehicle belong to different organizations.")
    _check_span(since, until)
    # Two who give one plate to two vehicles at once are one after the other here.
    plate = Plate.objects.select_for_update().get(pk=plate.pk)
    for other in plate.tenures.all():
        if other.overlaps(since, until):
            whose = "this" if other.vehicle_id == vehicle.pk else "another"
            raise VehicleRefusedError(
                f"At that time the plate belongs to {whose} vehicle already. End that first, "
                "or choose other days.",
                since=["Belongs to a vehicle already."],
            )
    tenure = Tenure(vehicle=vehicle, plate=plate, since=since, until=until)
    tenure.full_clean()
    tenure.save()
    _follow_tenures(plate)
    record_audit_event(
        action=AuditEvent.Action.CHANGED,
        actor=actor,
        target=vehicle,
        detail={"plate_added": str(plate.pk), "since": str(since or ""), "until": str(until or "")},
    )
    return tenure


@transaction.atomic
def change_tenure(
    *, tenure: Tenure, since: date | None, until: date | None, actor: User | None
) -> Tenure:
    """Set from when until when a plate belonged to a vehicle.

    Raises:
        VehicleRefusedError: At that time it belongs to another vehicle, or the end is wrong.
    """
    vehicle = tenure.vehicle
    require_editor(actor, vehicle.organization)
    _check_span(since, until)
    plate = Plate.objects.select_for_update().get(pk=tenure.plate_id)
    others = plate.tenures.exclude(pk=tenure.pk)
    if any(other.overlaps(since, until) for other in others):
        raise VehicleRefusedError("At that time the plate belongs to another vehicle.")
    tenure.since, tenure.until = since, until
    tenure.save(update_fields=["since", "until"])
    _follow_tenures(plate)
    record_audit_event(
        action=AuditEvent.Action.CHANGED,
        actor=actor,
        target=vehicle,
        detail={"plate": str(plate.pk), "since": str(since or ""), "until": str(until or "")},
    )
    return tenure


@transaction.atomic
def remove_tenure(*, tenure: Tenure, actor: User | None) -> None:
    """Take a plate off a vehicle as if it had never been there; to end it, set its end."""
    vehicle = tenure.vehicle
    require_editor(actor, vehicle.organization)
    plate = Plate.objects.select_for_update().get(pk=tenure.plate_id)
    tenure.delete()
    _follow_tenures(plate)
    record_audit_event(
        action=AuditEvent.Action.CHANGED,
        actor=actor,
        target=vehicle,
        detail={"plate_removed": str(plate.pk)},
    )


def follow_tenures_of_today() -> int:
    """Let plates point at the vehicle that has them today, where a day has changed it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH holders AS (
                SELECT plate_id, min(vehicle_id::text) FILTER (
                    WHERE (since IS NULL OR since <= %(today)s)
                      AND (until IS NULL OR until > %(today)s)
                )::uuid AS vehicle_id
                FROM vehicles_tenure GROUP BY plate_id
            )
            UPDATE vehicles_plate AS plate SET vehicle_id = holders.vehicle_id FROM holders
            WHERE plate.id = holders.plate_id
              AND plate.vehicle_id IS DISTINCT FROM holders.vehicle_id
            """,
            {"today": timezone.localdate()},
        )
        moved: int = cursor.rowcount
        return moved


def _check_span(since: date | None, until: date | None) -> None:
    if since and until and until <= since:
        message = "The end must come after the beginning."
        raise VehicleRefusedError(message, until=[message])


def _follow_tenures(plate: Plate) -> None:
    today = timezone.localdate()
    plate.vehicle_id = next((t.vehicle_id for t in plate.tenures.all() if t.holds_on(today)), None)
    plate.save(update_fields=["vehicle"])


@transaction.atomic
def set_plate_status(
    *,
    plate: Plate,
    status: Plate.Status,
    reason: str,
    actor: User | None,
    source: PlateStatusEntry.Source = PlateStatusEntry.Source.PERSON,
) -> PlateStatusEntry | None:
    """Give a plate another status and keep the one before in its history; None: it had it already.

    Raises:
        VehicleRefusedError: A plate is called stolen without a reason.
        NotAllowedError: Somebody who does not edit vehicles.
    """
    require_editor(actor, plate.organization)
    if status == Plate.Status.STOLEN and not reason.strip():
        message = "Say why the plate is stolen, such as the number of the report."
        raise VehicleRefusedError(message, reason=[message])
    plate = Plate.objects.select_for_update().get(pk=plate.pk)
    if plate.status == status:
        return None
    entry = PlateStatusEntry(
        plate=plate,
        before=plate.status,
        status=status,
        source=source,
        actor=actor,
        actor_label=actor.email if actor else "server",
        reason=reason.strip(),
    )
    entry.full_clean(exclude=["actor"])
    entry.save()
    plate.status = status
    plate.save(update_fields=["status"])
    record_audit_event(
        action=AuditEvent.Action.CHANGED,
        actor=actor,
        target=plate,
        reason=reason,
        detail={"status": status, "before": entry.before},
    )
    return entry
