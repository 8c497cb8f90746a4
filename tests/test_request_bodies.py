"""Bodies of requests, as they come from the network to Daphne."""

from typing import Any

import pytest
from daphne.http_protocol import HTTPFactory
from daphne.server import Server
from pytest_django import Settings
from twisted.internet.testing import StringTransport

import lpr_project.asgi  # noqa: F401  # sets Daphne up
from lpr_project.request_bodies import longest_body_bytes

FORM = (
    b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
    b"a video\r\n--cut--\r\n"
)


async def _application(scope: Any, receive: Any, send: Any) -> None:
    await receive()


def connect(requests: dict[Any, Any] | None = None) -> tuple[Any, Any]:
    """A connection to Daphne, and what came back on it; `requests` are those under way."""
    server = Server(_application, endpoints=["tcp:0"])
    server.connections = {} if requests is None else requests  # as its run() begins
    protocol = HTTPFactory(server).buildProtocol(None)
    transport = StringTransport()  # type: ignore[no-untyped-call]  # it has no types
    protocol.makeConnection(transport)
    return protocol, transport


def post(*headers: str) -> bytes:
    lines = ["POST /healthz HTTP/1.1", "Host: localhost", *headers, "", ""]
    return "\r\n".join(lines).encode()


@pytest.fixture(autouse=True)
def _small_uploads(settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 1


async def test_form_is_not_taken_apart_before_django_asks_for_it() -> None:
    requests: dict[Any, Any] = {}
    protocol, _ = connect(requests)

    protocol.dataReceived(
        post("Content-Type: multipart/form-data; boundary=cut", f"Content-Length: {len(FORM)}")
        + FORM
    )

    [request] = requests
    assert request.args == {}
    assert request.content.tell() == len(FORM)


async def test_body_that_no_view_takes_is_refused_before_it_comes() -> None:
    protocol, transport = connect()

    protocol.dataReceived(post(f"Content-Length: {longest_body_bytes() + 1}"))

    assert transport.value().startswith(b"HTTP/1.1 413 ")
    assert b'"code": "too_large"' in transport.value()
    assert transport.disconnecting


async def test_body_in_chunks_is_refused_when_it_grows_too_large() -> None:
    protocol, transport = connect()
    chunk = b"%x\r\n%b\r\n" % (2**20, bytes(2**20))

    protocol.dataReceived(post("Transfer-Encoding: chunked"))
    for _ in range(longest_body_bytes() // 2**20):
        protocol.dataReceived(chunk)
    assert not transport.value()

    protocol.dataReceived(chunk)

    assert transport.value().startswith(b"HTTP/1.1 413 ")
    assert transport.disconnecting
