"""What reports refuse."""

from lpr_project.common.errors import LprError


class ExportRefusedError(LprError):
    """An export cannot be made as it was asked for; `detail` names the fields that are wrong."""

    code = "export_refused"


class ExportTooLargeError(ExportRefusedError):
    """There are more rows than may be sent at once, or than one file may hold."""

    code = "export_too_large"
    status = 409


class TooManyExportsError(ExportRefusedError):
    """The person has as many exports in the making as one may have."""

    code = "too_many_exports"
    status = 429


class LinkRefusedError(LprError):
    """The link of a file is no longer good, or was made for somebody else."""

    code = "link_refused"
    status = 403


class ExportGoneError(LprError):
    """The file is not there: not yet, or no longer."""

    code = "export_gone"
    status = 409


class ExportStoppedError(LprError):
    """The work on an export is not wanted any more: cancelled, or taken over by another worker."""

    code = "export_stopped"


class SigningKeyError(LprError):
    """The key that signs evidence cannot be used."""

    code = "signing_key"
    status = 503
