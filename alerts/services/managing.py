"""Who may set alerts up: managers."""

from accounts.models import Organization, User
from accounts.selectors import MANAGING_ROLES, has_role
from lpr_project.common.errors import NotAllowedError


def check_manager(organization: Organization, actor: User, *, else_say: str) -> None:
    """Refuse who does not manage an organization.

    Raises:
        NotAllowedError: With the sentence given.
    """
    if not has_role(actor, organization, *MANAGING_ROLES):
        raise NotAllowedError(else_say)
