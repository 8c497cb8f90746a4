"""What is noted of who looked for which plate."""

from collections.abc import Mapping
from typing import Any

from accounts.models import AuditEvent, User
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
) -> None:
    """Note in each organization that the search reached who looked for what, and why."""
    reached = [None] if actor.is_superuser else list(organizations_of(actor).only("pk"))
    asked = {"plate": term[:64], "match": match, **(filters or {})}
    for organization in reached:
        record_audit_event(
            action=AuditEvent.Action.SEARCHED,
            actor=actor,
            organization=organization,
            target_label=term[:64],
            reason=reason,
            case_number=case_number,
            detail={name: value for name, value in asked.items() if value},
        )
