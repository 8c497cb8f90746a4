"""Tags and custom fields: what an organization wants to note of its vehicles."""

import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction

from accounts.models import AuditEvent, Organization, User
from accounts.services import audit_change, record_audit_event
from vehicles.errors import VehicleRefusedError
from vehicles.models import CustomField, Tag, Vehicle
from vehicles.services.rights import require_editor, require_manager

_TEXT_MOST = 200
_YES = {"yes", "true", "1", "y", "ใช่", "มี"}
_NO = {"no", "false", "0", "n", "ไม่", "ไม่ใช่", "ไม่มี"}
TAGS_MOST = 20


def read_custom(
    fields: Iterable[CustomField], values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Values of custom fields as they are kept, and what is wrong with which.

    None and an empty text take a value away, which the result says by None.
    """
    known = {field.key: field for field in fields}
    read: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for key, value in values.items():
        if key not in known:
            wrong[key] = ["There is no such custom field."]
        elif value is None or (isinstance(value, str) and not value.strip()):
            read[key] = None
        else:
            try:
                read[key] = _READERS[CustomField.Kind(known[key].kind)](known[key], value)
            except ValueError as error:
                wrong[key] = [str(error)]
    return read, wrong


def _read_text(_field: CustomField, value: Any) -> str:
    text = str(value).strip()
    if len(text) > _TEXT_MOST:
        raise ValueError(f"Write at most {_TEXT_MOST} characters.")
    return text


def _read_number(_field: CustomField, value: Any) -> float | int:
    try:
        number = float(str(value).strip().replace(",", ""))
    except ValueError:
        raise ValueError("Write a number, such as 12 or 3.5.") from None
    if not math.isfinite(number) or isinstance(value, bool):
        raise ValueError("Write a number, such as 12 or 3.5.")
    return int(number) if number.is_integer() else number


def _read_date(_field: CustomField, value: Any) -> str:
    try:
        return date.fromisoformat(str(value).strip()[:10]).isoformat()
    except ValueError:
        raise ValueError("Write a date as 2026-01-31.") from None


def _read_flag(_field: CustomField, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError("Write yes or no.")


def _read_choice(field: CustomField, value: Any) -> str:
    word = str(value).strip().casefold()
    for choice in field.choices:
        if choice.casefold() == word:
            return choice
    raise ValueError(f"Choose one of: {', '.join(field.choices)}.")


_READERS = {
    CustomField.Kind.TEXT: _read_text,
    CustomField.Kind.NUMBER: _read_number,
    CustomField.Kind.DATE: _read_date,
    CustomField.Kind.FLAG: _read_flag,
    CustomField.Kind.CHOICE: _read_choice,
}


def read_tags(names: Iterable[str]) -> list[str]:
    """Names of tags without blanks around them and without repeats, in order.

    Raises:
        VehicleRefusedError: One is too long, or there are too many.
    """
    most = Tag._meta.get_field("name").max_length or 0  # noqa: SLF001  # Django's public name
    unique = {name.strip().casefold(): name.strip() for name in names if name.strip()}
    if len(unique) > TAGS_MOST:
        message = f"A vehicle has at most {TAGS_MOST} tags."
        raise VehicleRefusedError(message, tags=[message])
    if any(len(name) > most for name in unique):
        message = f"A tag has at most {most} characters."
        raise VehicleRefusedError(message, tags=[message])
    return list(unique.values())


def ensure_tags(*, organization: Organization, names: Iterable[str]) -> list[Tag]:
    """Tags of these names, whatever their case; made where they are new."""
    tags = []
    for name in read_tags(names):
        known = Tag.objects.filter(organization=organization, name__iexact=name).first()
        tags.append(known or Tag.objects.create(organization=organization, name=name))
    return tags


@transaction.atomic
def save_tag(*, tag: Tag, actor: User | None) -> Tag:
    """Make or rename a tag."""
    require_editor(actor, tag.organization)
    is_new = tag._state.adding  # noqa: SLF001  # Django's public name
    tag.name = tag.name.strip()
    tag.full_clean()
    tag.save()
    if is_new:
        record_audit_event(action=AuditEvent.Action.CREATED, actor=actor, target=tag)
    else:
        audit_change(target=tag, actor=actor, changed=["name"])
    return tag


@transaction.atomic
def delete_tag(*, tag: Tag, actor: User | None) -> None:
    """Take a tag off all vehicles and away."""
    require_editor(actor, tag.organization)
    record_audit_event(
        action=AuditEvent.Action.DELETED,
        actor=actor,
        target=tag,
        detail={"vehicles": tag.vehicles.count()},
    )
    tag.delete()


@transaction.atomic
def save_custom_field(*, field: CustomField, actor: User | None) -> CustomField:
    """Define a custom field, or change its name, choices or whether it is shown.

    Raises:
        VehicleRefusedError: Vehicles hold values that another kind or the choices would not take.
    """
    require_manager(actor, field.organization)
    is_new = field._state.adding  # noqa: SLF001  # Django's public name
    field.full_clean()
    if not is_new:
        _check_kept_values(field)
    field.save()
    if is_new:
        record_audit_event(action=AuditEvent.Action.CREATED, actor=actor, target=field)
    else:
        changed = ["label", "kind", "choices", "is_active"]
        audit_change(target=field, actor=actor, changed=changed)
    return field


def _check_kept_values(field: CustomField) -> None:
    before = CustomField.objects.select_for_update().get(pk=field.pk)
    if field.key != before.key:
        message = "The key stays as it is: files and programs know the field by it."
        raise VehicleRefusedError(message, key=[message])
    holders = Vehicle.objects.filter(organization=field.organization, custom__has_key=field.key)
    if field.kind != before.kind and holders.exists():
        message = "Vehicles hold values of the old kind. Make another field instead."
        raise VehicleRefusedError(message, kind=[message])
    lost = set(before.choices) - set(field.choices)
    if holders.filter(**{f"custom__{field.key}__in": sorted(lost)}).exists():
        message = "Vehicles hold a choice that you take away. Change those vehicles first."
        raise VehicleRefusedError(message, choices=[message])


@transaction.atomic
def delete_custom_field(*, field: CustomField, actor: User | None) -> None:
    """Take a custom field away, with what vehicles hold of it."""
    require_manager(actor, field.organization)
    holders = Vehicle.objects.filter(organization=field.organization, custom__has_key=field.key)
    count = 0
    for vehicle in holders.select_for_update().iterator():
        vehicle.custom.pop(field.key, None)
        vehicle.save(update_fields=["custom", "updated_at"])
        count += 1
    record_audit_event(
        action=AuditEvent.Action.DELETED, actor=actor, target=field, detail={"vehicles": count}
    )
    field.delete()
