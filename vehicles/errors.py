"""What vehicles refuse."""

from lpr_project.common.errors import LprError


class NumberRefusedError(LprError):
    """What was asked for stands on no plate."""

    code = "invalid"


class SearchRefusedError(LprError):
    """A question about plates that cannot be answered; `detail` names the field."""

    code = "invalid"


class SearchTooSlowError(LprError):
    """A search was stopped because it took too long."""

    code = "search_too_slow"


class VehicleRefusedError(LprError):
    """What was written about a vehicle or plate cannot be kept; `detail` names the field."""

    code = "invalid"


class ImportRefusedError(LprError):
    """A file of vehicles that cannot be read or taken over."""

    code = "import_refused"


class LookUpFailedError(LprError):
    """A register did not answer, or is left alone for the moment."""

    code = "look_up_failed"
    status = 502
    retryable = True
