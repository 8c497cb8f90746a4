"""What a call asks, and what it is answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Self

from lpr_project.common.outgoing.errors import RefusedByServerError, ServerFailingError

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

SUCCESS = range(200, 300)
_NOT_MODIFIED = 304
# Source: RFC 9110 section 15.5.9, RFC 8470 section 5.2, RFC 6585 section 4.
_WORTH_REPEATING = frozenset({408, 425, 429})
_SERVER_FAILED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a call may take: times in seconds, and the size of the answer, unpacked, in bytes."""

    connect_s: float = 5
    read_s: float = 10
    total_s: float = 20
    most_bytes: int = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call to another server.

    `most_redirects` 0 makes a redirect an error; only GET and HEAD follow any. `ca_certificate`
    is PEM text of the authority that signed the server's certificate, where it is not a public one.
    """

    url: str
    method: Method = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    limits: Limits = Limits()
    most_redirects: int = 0
    ca_certificate: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the other server answered.

    Header names are in lower case. `body` is empty where it was written into a file; `host` is the
    one that answered, after redirects.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    size_bytes: int
    host: str
    elapsed_s: float

    @property
    def is_success(self) -> bool:
        return self.status in SUCCESS

    @property
    def is_unchanged(self) -> bool:
        """Whether a conditional call found what the caller already has."""
        return self.status == _NOT_MODIFIED

    @property
    def retry_after_s(self) -> int | None:
        """How long the other server asks to wait, where it says so in seconds."""
        text = self.headers.get("retry-after", "")
        return int(text) if text.isascii() and text.isdigit() else None

    def expect_success(self) -> Self:
        """The same answer, if the other server did what was asked.

        Raises:
            RefusedByServerError: It answered otherwise, and will again.
            ServerFailingError: It failed, or is asked too often.
        """
        if self.is_success or self.is_unchanged:
            return self
        failing = self.status >= _SERVER_FAILED or self.status in _WORTH_REPEATING
        raise (ServerFailingError if failing else RefusedByServerError)(
            f"{self.host} answered with status {self.status}.",
            host=self.host,
            answered_status=self.status,
            retry_after_s=self.retry_after_s,
        )
