"""Plates that are never stored."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import AuditEvent, Organization, User
from accounts.services import record_audit_event
from vehicles.errors import VehicleRefusedError
from vehicles.models import IgnoredPlate
from vehicles.services.rights import require_manager
from vehicles.services.sightings import PlateKey


@transaction.atomic
def ignore_plate(
    *,
    organization: Organization,
    key: PlateKey,
    reason: str,
    until: datetime | None,
    actor: User | None,
) -> IgnoredPlate:
    """From now on keep nothing of a plate: no row, no picture; what is there already stays.

    The audit trail names the row and not the plate.

    Raises:
        VehicleRefusedError: No reason, or an end that has passed.
        NotAllowedError: Somebody who does not manage the organization.
    """
    ignored = IgnoredPlate(organization=organization, **key._asdict(), created_by=actor)
    return change_ignored_plate(ignored=ignored, reason=reason, until=until, actor=actor)


@transaction.atomic
def change_ignored_plate(
    *, ignored: IgnoredPlate, reason: str, until: datetime | None, actor: User | None
) -> IgnoredPlate:
    """Set why and until when a plate is ignored."""
    require_manager(actor, ignored.organization)
    if not reason.strip():
        message = "Say why this plate is not to be stored."
        raise VehicleRefusedError(message, reason=[message])
    if until is not None and until <= timezone.now():
        message = "The end must lie in the future."
        raise VehicleRefusedError(message, until=[message])
    is_new = ignored._state.adding  # noqa: SLF001  # Django's public name
    ignored.reason, ignored.until = reason.strip(), until
    ignored.full_clean(exclude=["created_by"])
    ignored.save()
    record_audit_event(
        action=AuditEvent.Action.CREATED if is_new else AuditEvent.Action.CHANGED,
        actor=actor,
        target=ignored,
        target_label=str(ignored.pk),
        reason=reason,
        detail={"until": until.isoformat() if until else ""},
    )
    return ignored


@transaction.atomic
def stop_ignoring(*, ignored: IgnoredPlate, actor: User | None) -> None:
    """Store a plate again from now on."""
    require_manager(actor, ignored.organization)
    record_audit_event(
        action=AuditEvent.Action.DELETED,
        actor=actor,
        target=ignored,
        target_label=str(ignored.pk),
        reason=ignored.reason,
    )
    ignored.delete()
