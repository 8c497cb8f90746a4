"""Who changes lists and why, for the trail that triggers write; and taking changes back."""

from typing import Any
from uuid import UUID

import orjson
from django.contrib.gis.geos import GEOSGeometry
from django.db import connection, models, transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, User
from accounts.services import record_audit_event
from alerts.errors import ChangeRefusedError
from alerts.models import Entry, ListChange, Watchlist, WatchlistGrant

Operation, Subject = ListChange.Operation, ListChange.Subject


def sign_changes(*, actor: User | None, reason: str = "", label: str = "") -> None:
    """Say, for the rest of the transaction, who changes lists and why.

    Args:
        label: Who, in words, where it is no person.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lpr.actor_id', %s, true), set_config('lpr.actor_label', %s, true),"
            " set_config('lpr.reason', %s, true)",
            [
                str(actor.pk) if actor else "",
                (label or (actor.email if actor else "server"))[:254],
                reason[:300],
            ],
        )


@transaction.atomic
def undo_change(*, change: ListChange, actor: User, reason: str = "") -> None:
    """Bring back what stood before a change; undoing is a change of its own.

    Raises:
        ChangeRefusedError: What it changed is gone or is other than it left it.
    """
    sign_changes(actor=actor, reason=reason or _("undoes change %(id)d") % {"id": change.pk})
    list_is_there = Watchlist.objects.filter(pk=change.watchlist_id).exists()
    if not list_is_there and change.subject != Subject.LIST:
        raise ChangeRefusedError(_("The list is gone. Bring it back first."))
    if change.subject in {Subject.CAMERA, Subject.GROUP}:
        _undo_place(change)
    else:
        _undo_row(change)
    record_audit_event(
        action=AuditEvent.Action.CHANGED,
        actor=actor,
        organization=change.organization,
        target_label=str(change),
        target=change,
        reason=reason,
        detail={"undone": change.pk, "list": str(change.watchlist_id)},
    )


_MODELS: dict[str, type[models.Model]] = {
    Subject.LIST: Watchlist,
    Subject.ENTRY: Entry,
    Subject.GRANT: WatchlistGrant,
}


def _undo_row(change: ListChange) -> None:
    model = _MODELS[change.subject]
    rows = model._default_manager.select_for_update(of=("self",)).filter(pk=change.subject_id)  # noqa: SLF001  # Django's public name
    row = rows.first()
    if change.operation == Operation.DELETE:
        if row is not None:
            raise ChangeRefusedError(_("It is there again already."))
        row = model(**_values(model, change.before or {}))
        row.full_clean(validate_unique=True)
        row.save(force_insert=True)
        return
    if row is None:
        raise ChangeRefusedError(_("It was deleted since. Bring it back first."))
    if change.operation == Operation.INSERT:
        if change.subject == Subject.LIST:
            raise ChangeRefusedError(_("A list is not deleted; archive it."))
        row.delete()
        return
    _require_unchanged(row, change)
    for name, value in _values(model, change.before or {}).items():
        setattr(row, name, value)
    row.full_clean()
    row.save()


def _require_unchanged(row: models.Model, change: ListChange) -> None:
    left = _values(type(row), change.after or {})
    if any(getattr(row, name) != value for name, value in left.items()):
        raise ChangeRefusedError(
            _("This was changed again since. Undo the later change first, or change it by hand.")
        )


def _values(model: type[models.Model], stored: dict[str, Any]) -> dict[str, Any]:
    """Values of a row as the trail holds them, in the types of its fields."""
    by_column = {field.column: field for field in model._meta.concrete_fields}  # noqa: SLF001  # Django's public name
    return {
        by_column[name].attname: _value(by_column[name], value)
        for name, value in stored.items()
        if name in by_column and not getattr(by_column[name], "generated", False)
    }


def _value(field: models.Field[Any, Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(field, models.DateTimeField):
        return parse_datetime(value)
    if isinstance(field, models.UUIDField):
        return UUID(value)
    if hasattr(field, "geom_type"):
        return GEOSGeometry(value if isinstance(value, str) else orjson.dumps(value).decode())
    if isinstance(field, models.ForeignKey):
        return _value(field.target_field, value)
    return value


def _undo_place(change: ListChange) -> None:
    """A camera or group that was added to a list, or taken out of it."""
    row = change.after or change.before or {}
    watchlist = Watchlist.objects.get(pk=change.watchlist_id)
    places: Any
    if change.subject == Subject.CAMERA:
        places, place = watchlist.cameras, row["camera_id"]
    else:
        places, place = watchlist.camera_groups, row["cameragroup_id"]
    is_there = places.filter(pk=place).exists()
    if change.operation == Operation.INSERT and is_there:
        places.remove(place)
    elif change.operation == Operation.DELETE and not is_there:
        places.add(place)
    else:
        raise ChangeRefusedError(_("This was changed again since."))
