"""What cameras refuse."""

from lpr_project.common.errors import LprError


class CameraNotFoundError(LprError):
    """There is no such camera, or the person may not see it."""

    code = "not_found"
    status = 404


class ConnectionTestError(LprError):
    """A test of a camera's connection cannot be started or is no longer known."""

    code = "connection_test"
    status = 409


class CameraInUseError(LprError):
    """A camera cannot be removed because evidence hangs on it."""

    code = "camera_in_use"
    status = 409
