"""What Daphne does with the bodies of requests: it leaves them to Django, up to a bound.

By itself Twisted takes a form's body apart before any view is asked, in memory and on the thread
that serves everybody: 128 MiB, which nobody had to log in for, took 76 s and 4.6 GB. Nothing reads
what it finds there.
"""

import json
from http import HTTPStatus
from typing import Any

from daphne import http_protocol
from django.conf import settings

from lpr_project.common.exceptions import error_body

# What stands around a file in a form.
FORM_BYTES = 2**20
LONGEST_JSON_BYTES = 2**25


def longest_body_bytes() -> int:
    """The largest body that any view takes."""
    return max(settings.UPLOAD_MAX_BYTES, LONGEST_JSON_BYTES) + FORM_BYTES


class BoundedRequest(http_protocol.WebRequest):  # type: ignore[misc]  # Daphne ships no types
    """A request whose body is refused as soon as it is known to be too large."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, parsePOSTFormSubmission=False, **kwargs)

    def gotLength(self, length: int | None) -> None:  # noqa: N802  # Twisted's name
        """Take note of the announced length; None where the body comes in chunks."""
        super().gotLength(length)
        if length is not None and length > longest_body_bytes():
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        """Keep a part of the body."""
        if self.content.tell() + len(data) > longest_body_bytes():
            self._refuse()
        else:
            super().handleContentChunk(data)

    def _refuse(self) -> None:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        failure = error_body("too_large", "The body of this request is too large. Send less.")
        content = json.dumps(failure).encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        )
        self.channel.transport.write(head.encode() + content)
        self.channel.loseConnection()


def leave_bodies_to_django() -> None:
    """Make Daphne use `BoundedRequest`, for which it has no setting."""
    http_protocol.WebRequest = BoundedRequest
