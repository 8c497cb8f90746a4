"""What vehicles refuse."""

from lpr_project.common.errors import LprError


class NumberRefusedError(LprError):
    """What was asked for stands on no plate."""

    code = "invalid"
