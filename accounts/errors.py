"""What accounts refuse."""

from lpr_project.common.errors import LprError


class ApiKeyError(LprError):
    """An API key cannot be made or used as asked."""

    code = "api_key"


class MembershipError(LprError):
    """A change of members that leaves no owner, or that is not the actor's to make."""

    code = "membership"


class ReasonDemandedError(LprError):
    """An organization wants to know why; `detail["reasons"]` holds what it accepts."""

    code = "reason_demanded"
