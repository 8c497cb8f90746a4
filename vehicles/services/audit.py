"""What is noted of who looked for which plate."""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.models import AuditEvent, Organization, User
from accounts.selectors import organizations_of
from accounts.services import record_audit_event


def audit_plate_search(
    *,
    actor: User,
    term: str,
    match: str = "",
    filters: Mapping[str, Any] | None = None,
    reason: str = "",
    case_number: str = "",
    reached: Sequence[Organization] | None = None,
) -> None:
    """Note in each organization that the search reached who looked for what, and why.

    Args:
        reached: The organizations of the actor, where they are known already.
    """
    if actor.is_superuser:
        noted_in: Sequence[Organization | None] = [None]
    else:
        noted_in = list(organizations_of(actor).only("pk")) if reached is None else reached
    asked = {"plate": term[:64], "match": match, **(filters or {})}
    for organization in noted_in:
        record_audit_event(
            action=AuditEvent.Action.SEARCHED,
            actor=actor,
            organization=organization,
            target_label=term[:64],
            reason=reason,
            case_number=case_number,
            detail={name: value for name, value in asked.items() if value},
        )
