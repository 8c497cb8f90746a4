"""Who may write what about vehicles."""

from accounts.models import Organization, User
from accounts.selectors import MANAGING_ROLES, has_role
from lpr_project.common.errors import NotAllowedError
from vehicles.selectors import EDITING_ROLES


def require_editor(actor: User | None, organization: Organization) -> None:
    """Let operators and managers through, and the server itself.

    Raises:
        NotAllowedError: Somebody else.
    """
    if actor is not None and not has_role(actor, organization, *EDITING_ROLES):
        raise NotAllowedError("Only operators, managers and owners change vehicles and plates.")


def require_manager(actor: User | None, organization: Organization) -> None:
    """Let managers and owners through, and the server itself.

    Raises:
        NotAllowedError: Somebody else.
    """
    if actor is not None and not has_role(actor, organization, *MANAGING_ROLES):
        raise NotAllowedError("Only managers and owners set this up.")
