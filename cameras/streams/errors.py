"""What goes wrong with a frame source, in sentences that an operator can act on.

No message carries a password: addresses in them went through `mask_url`.
"""


class StreamError(Exception):
    """A source that delivers no pictures; the message says why and what to do.

    `code` is stable, for programs and statistics. `retryable` says whether the same settings may
    work later: a camera that reboots will, a wrong password will not, and asking again and again
    makes many cameras lock the account.
    """

    code = "stream_error"
    retryable = False


class InvalidAddressError(StreamError):
    """The address cannot be used for this kind of source."""

    code = "invalid_address"


class InsideAddressError(StreamError):
    """The host is this machine, or what only this machine should ask."""

    code = "inside_address"


class RedirectedError(StreamError):
    """The server sends whoever asks on to another address, which nobody checked."""

    code = "redirected"


class HostNotFoundError(StreamError):
    """The name does not resolve; it may when the name server is back."""

    code = "host_not_found"
    retryable = True


class PortClosedError(StreamError):
    """The host is there and nothing listens on the port."""

    code = "connection_refused"
    retryable = True


class ConnectionBrokenError(StreamError):
    """No way to the host, or the connection broke."""

    code = "connection_broken"
    retryable = True


class NoAnswerError(StreamError):
    """Opening or reading took longer than its limit."""

    code = "no_answer"
    retryable = True


class WrongCredentialsError(StreamError):
    """The source demands a user name and password and refused the ones given."""

    code = "wrong_credentials"


class AddressNotFoundError(StreamError):
    """The server answers and does not know the path; or the file or device does not exist."""

    code = "address_not_found"


class ServerFailedError(StreamError):
    """The server answered with an error of its own."""

    code = "server_failed"
    retryable = True


class AccessDeniedError(StreamError):
    """This process may not read the file or device."""

    code = "access_denied"


class NotAVideoError(StreamError):
    """What came is neither a video nor a picture."""

    code = "not_a_video"


class UnsupportedVideoError(StreamError):
    """A video in a codec or size that is not decoded here."""

    code = "unsupported_video"


class EmptyFolderError(StreamError):
    """The folder holds no picture that can be read."""

    code = "empty_folder"


class StreamEndedError(StreamError):
    """A live source closed the connection."""

    code = "stream_ended"
    retryable = True
