"""Why a call to another server did not succeed."""

from lpr_project.common.errors import LprError


class OutgoingError(LprError):
    """A call to another server did not succeed; `retryable` says whether the same may later."""

    code = "outgoing_failed"
    status = 502


class CallRefusedError(OutgoingError):
    """The call is one that the server does not make: a wrong address or header."""

    code = "outgoing_refused"
    status = 400


class AddressRefusedError(CallRefusedError):
    """The address lies in a network that the server must not be sent into."""

    code = "outgoing_address_refused"


class RedirectRefusedError(OutgoingError):
    """The other server sends the call elsewhere, and it may not follow."""

    code = "outgoing_redirected"


class UntrustedServerError(OutgoingError):
    """The other server's certificate or its TLS does not hold."""

    code = "outgoing_untrusted"


class AnswerTooLargeError(OutgoingError):
    """The other server sends more than the call takes."""

    code = "outgoing_too_large"


class NoConnectionError(OutgoingError):
    """Nobody answers at the address, the name is not known, or the connection broke."""

    code = "outgoing_no_connection"
    retryable = True


class TooSlowError(OutgoingError):
    """A time limit passed before the answer was there."""

    code = "outgoing_too_slow"
    status = 504
    retryable = True


class RefusedByServerError(OutgoingError):
    """The other server refused the call; the same call will be refused again."""

    code = "outgoing_refused_there"


class ServerFailingError(OutgoingError):
    """The other server failed, or is asked too often; later it may answer."""

    code = "outgoing_failing_there"
    retryable = True
