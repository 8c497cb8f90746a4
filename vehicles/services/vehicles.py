"""What people write about vehicles."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from accounts.models import AuditEvent, User
from accounts.services import record_audit_event
from vehicles.errors import VehicleRefusedError
from vehicles.models import Vehicle
from vehicles.selectors import custom_fields_of
from vehicles.services.custom import ensure_tags, read_custom
from vehicles.services.rights import require_editor

OWNER_FIELDS = ("owner_name", "owner_contact")
TEXT_FIELDS = ("name", "kind", "make", "model", "color", "notes", *OWNER_FIELDS)


@transaction.atomic
def save_vehicle(
    *, vehicle: Vehicle, changes: Mapping[str, Any], actor: User | None, reason: str = ""
) -> list[str]:
    """Make a vehicle or change what is written about it; returns the names of what changed.

    Args:
        vehicle: A new one carries its organization.
        changes: Texts by the names of fields; `tags` as names; `custom` as values by key, which
            change those keys alone.

    Raises:
        VehicleRefusedError: A custom value or a tag is wrong; `detail` names it.
        NotAllowedError: Somebody who does not edit vehicles.
    """
    require_editor(actor, vehicle.organization)
    is_new = vehicle._state.adding  # noqa: SLF001  # Django's public name
    if not is_new:
        vehicle = Vehicle.objects.select_for_update(of=["self"]).get(pk=vehicle.pk)
    noted = _set_texts(vehicle, changes)
    noted |= _set_custom(vehicle, changes.get("custom") or {})
    vehicle.full_clean()
    vehicle.save()
    if "tags" in changes:
        noted |= _set_tags(vehicle, changes["tags"])
    if is_new or noted:
        record_audit_event(
            action=AuditEvent.Action.CREATED if is_new else AuditEvent.Action.CHANGED,
            actor=actor,
            target=vehicle,
            reason=reason,
            detail=noted,
        )
    return sorted(noted)


def _set_texts(vehicle: Vehicle, changes: Mapping[str, Any]) -> dict[str, Any]:
    noted: dict[str, Any] = {}
    for name in TEXT_FIELDS:
        before = getattr(vehicle, name)
        after = str(changes.get(name, before) or "").strip()
        if after != before:
            setattr(vehicle, name, after)
            # The trail is for ever, and personal data is not.
            noted[name] = "…" if name in OWNER_FIELDS else [before[:100], after[:100]]
    return noted


def _set_custom(vehicle: Vehicle, values: Mapping[str, Any]) -> dict[str, Any]:
    if not values:
        return {}
    read, wrong = read_custom(custom_fields_of(vehicle.organization), values)
    if wrong:
        names = ", ".join(sorted(wrong))
        raise VehicleRefusedError(f"Correct these custom fields: {names}.", custom=wrong)
    noted: dict[str, Any] = {}
    for key, value in read.items():
        before = vehicle.custom.get(key)
        if value != before:
            noted[f"custom.{key}"] = [before, value]
        if value is None:
            vehicle.custom.pop(key, None)
        else:
            vehicle.custom[key] = value
    return noted


def _set_tags(vehicle: Vehicle, names: Iterable[str]) -> dict[str, Any]:
    before = sorted(tag.name for tag in vehicle.tags.all())
    tags = ensure_tags(organization=vehicle.organization, names=names)
    after = sorted(tag.name for tag in tags)
    if before == after:
        return {}
    vehicle.tags.set(tags)
    return {"tags": [before, after]}


@transaction.atomic
def delete_vehicle(*, vehicle: Vehicle, actor: User | None, reason: str = "") -> None:
    """Forget a vehicle; its plates stay, and where they were seen."""
    require_editor(actor, vehicle.organization)
    record_audit_event(
        action=AuditEvent.Action.DELETED,
        actor=actor,
        target=vehicle,
        reason=reason,
        detail={"plates": [str(plate.pk) for plate in vehicle.plates.all()]},
    )
    vehicle.delete()
