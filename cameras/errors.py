"""What cameras refuse."""

from lpr_project.common.errors import LprError


class CameraNotFoundError(LprError):
    """There is no such camera, or the person may not see it."""

    code = "not_found"
    status = 404


class SourceRefusedError(LprError):
    """A camera's source is not one that the server may open."""

    code = "source_refused"
