"""The one error of the product: a code for programs, a sentence for people, a status for HTTP."""

from typing import Any, ClassVar


class LprError(Exception):
    """Something that the product refuses or failed to do.

    Apps subclass it in their `errors.py`. `message` is a sentence that says what is wrong and what
    to do; `detail` holds plain data that goes into the API's answer.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class NotAllowedError(LprError):
    """The person may see this, and may not do it."""

    code = "not_allowed"
    status = 403


class TemporarilyUnavailableError(LprError):
    """A part that the answer needs is down; trying again later may work."""

    code = "temporarily_unavailable"
    status = 503
    retryable = True


class StorageFullError(LprError):
    """There is too little room for what was sent; sending it again later may work."""

    code = "storage_full"
    status = 507
    retryable = True
