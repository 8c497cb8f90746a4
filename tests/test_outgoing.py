"""The client for outgoing calls, against real servers that behave well and badly."""

import contextlib
import gzip
import http.server
import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django import Settings

from lpr_project.common import outgoing
from lpr_project.common.outgoing import Call, Limits, send

Handler = http.server.BaseHTTPRequestHandler
QUICK = Limits(connect_s=1, read_s=0.3, total_s=0.8, most_bytes=100_000)
SMALL = Limits(connect_s=30, read_s=30, total_s=60, most_bytes=100_000)


@pytest.fixture
def _loopback(settings: Settings) -> None:
    settings.OUTGOING_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


@contextlib.contextmanager
def server(
    respond: Callable[[Handler], None], host: str = "127.0.0.1", tls: Path | None = None
) -> Iterator[str]:
    """A server that answers everything with `respond`; yields its address without a slash."""

    class Answers(Handler):
        def respond(self) -> None:
            with contextlib.suppress(OSError):
                respond(self)

        do_GET = do_POST = respond  # noqa: N815  # the names that http.server looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(http.server.ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Callers that break off are what is tried here."""

    with Server((host, 0), Answers) as listening:
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            listening.socket = context.wrap_socket(listening.socket, server_side=True)
        thread = threading.Thread(target=listening.serve_forever, args=(0.02,))
        thread.start()
        scheme = "https" if tls else "http"
        shown = f"[{host}]" if ":" in host else host
        try:
            yield f"{scheme}://{shown}:{listening.server_port}"
        finally:
            listening.shutdown()
            thread.join()


def answer(handler: Handler, body: bytes = b"good", status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def certificate(folder: Path, *names: str, days: int = 1) -> tuple[Path, str]:
    """A self-signed certificate: a file with its key, and its PEM text."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    end = datetime.now(UTC) + timedelta(days=days)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=30))
        .not_valid_after(end)
        .add_extension(alternatives, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    text = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "server.pem"
    path.write_bytes(private + text)
    return path, text.decode()


def names_lead_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """A name server that gives these for every name."""

    def look_up(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 0)) for one in addresses]

    monkeypatch.setattr("socket.getaddrinfo", look_up)


@pytest.mark.usefixtures("_loopback")
def test_call_sends_and_receives() -> None:
    seen: dict[str, Any] = {}

    def respond(handler: Handler) -> None:
        seen.update(handler.headers.items())
        seen["body"] = handler.rfile.read(int(handler.headers["Content-Length"]))
        seen["path"] = handler.path
        answer(handler, b'{"ok": 1}', 201, X_Kind="test")

    with server(respond) as url:
        got = send(
            Call(url=f"{url}/a b?q=1#top", method="POST", body=b"body", headers={"X-One": "1"})
        )

    assert (got.status, got.body, got.headers["x-kind"], got.is_success) == (
        201, b'{"ok": 1}', "test", True,
    )  # fmt: skip
    assert (seen["body"], seen["X-One"], seen["path"]) == (b"body", "1", "/a%20b?q=1")
    assert seen["User-Agent"] == "LPR-Server"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "[::1]", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1",
        "169.254.169.254", "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255",  # noqa: S104
        "198.18.0.1",
        "[::ffff:127.0.0.1]", "[::ffff:a00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]",
        "[fd00::1]", "[ff02::1]", "[2001:db8::1]", "[::]", "2130706433", "0x7f.1", "127.1",
    ],
)  # fmt: skip
def test_address_inside_is_refused(host: str) -> None:
    with pytest.raises(outgoing.CallRefusedError):
        send(Call(url=f"http://{host}:9/"))


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("93.184.216.34", "10.0.0.1")])
def test_name_that_leads_inside_is_refused(
    monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    names_lead_to(monkeypatch, *addresses)

    with pytest.raises(outgoing.AddressRefusedError, match="LPR_OUTGOING_ALLOWED_NETWORKS") as told:
        send(Call(url="http://feeds.example/secret-path?token=1"))

    assert not told.value.retryable
    assert "secret-path" not in str(told.value)


@pytest.mark.usefixtures("_loopback")
def test_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    seen: list[str] = []

    def look_up(host: str, *_: Any, **__: Any) -> list[Any]:
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    def respond(handler: Handler) -> None:
        seen.append(handler.headers["Host"])
        answer(handler)

    with server(respond) as url:
        port = url.rpartition(":")[2]
        monkeypatch.setattr("socket.getaddrinfo", look_up)
        send(Call(url=f"http://feeds.example:{port}/"))

    assert looked_up == ["feeds.example"]
    assert seen == [f"feeds.example:{port}"]


@pytest.mark.usefixtures("_loopback")
def test_second_address_is_tried_where_nobody_answers_at_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with server(answer) as url:
        names_lead_to(monkeypatch, "127.0.0.2", "127.0.0.1")
        got = send(Call(url=url.replace("127.0.0.1", "feeds.example")))

    assert got.body == b"good"


@pytest.mark.usefixtures("_loopback")
def test_ipv6_is_called() -> None:
    with server(answer, "::1") as url:
        assert send(Call(url=url)).body == b"good"


@pytest.mark.usefixtures("_loopback")
def test_tls_asks_for_the_name_and_not_for_the_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file, authority = certificate(tmp_path, "feeds.example")
    with server(answer, tls=file) as url:
        names_lead_to(monkeypatch, "127.0.0.1")
        named = url.replace("127.0.0.1", "feeds.example")

        assert send(Call(url=named, ca_certificate=authority)).body == b"good"
        with pytest.raises(outgoing.UntrustedServerError, match="self-signed") as unknown:
            send(Call(url=named))
        with pytest.raises(outgoing.UntrustedServerError, match="mismatch"):
            send(Call(url=named.replace("feeds", "other"), ca_certificate=authority))

    assert not unknown.value.retryable


@pytest.mark.usefixtures("_loopback")
def test_expired_certificate_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file, authority = certificate(tmp_path, "localhost", days=-1)
    with (
        server(answer, tls=file) as url,
        pytest.raises(outgoing.UntrustedServerError, match="expired"),
    ):
        send(Call(url=url.replace("127.0.0.1", "localhost"), ca_certificate=authority))


@pytest.mark.usefixtures("_loopback")
def test_redirect_is_an_error_and_is_not_followed() -> None:
    asked: list[str] = []

    def respond(handler: Handler) -> None:
        asked.append(handler.path)
        answer(handler, b"", 302, Location="/elsewhere")

    with server(respond) as url, pytest.raises(outgoing.RedirectRefusedError, match="302"):
        send(Call(url=url))

    assert asked == ["/"]


@pytest.mark.usefixtures("_loopback")
def test_redirect_to_a_private_address_is_refused_where_redirects_are_followed() -> None:
    def respond(handler: Handler) -> None:
        answer(handler, b"", 302, Location="http://10.0.0.1/")

    with server(respond) as url, pytest.raises(outgoing.AddressRefusedError):
        send(Call(url=url, most_redirects=3))


@pytest.mark.usefixtures("_loopback")
def test_redirect_to_another_host_carries_no_secret() -> None:
    seen: list[dict[str, str]] = []

    def last(handler: Handler) -> None:
        seen.append(dict(handler.headers.items()))
        answer(handler)

    with server(last) as target:

        def first(handler: Handler) -> None:
            answer(handler, b"", 301, Location=f"{target}/new")

        with server(first) as url:
            got = send(
                Call(
                    url=url,
                    headers={"Authorization": "secret", "If-None-Match": '"1"'},
                    most_redirects=1,
                )
            )

    assert got.body == b"good"
    assert "Authorization" not in seen[0]
    assert seen[0]["If-None-Match"] == '"1"'


@pytest.mark.usefixtures("_loopback")
def test_redirects_end() -> None:
    asked: list[str] = []

    def respond(handler: Handler) -> None:
        asked.append(handler.path)
        answer(handler, b"", 302, Location="/again")

    with server(respond) as url, pytest.raises(outgoing.RedirectRefusedError):
        send(Call(url=url, most_redirects=3))

    assert len(asked) == 4


def hang(handler: Handler) -> None:
    time.sleep(30)


def hang_after_headers(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "10")
    handler.end_headers()
    handler.wfile.flush()
    time.sleep(30)


def trickle(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(300):
        handler.wfile.write(b"x")
        time.sleep(0.1)


def trickle_headers(handler: Handler) -> None:
    for _ in range(300):
        handler.wfile.write(b"H")
        handler.wfile.flush()
        time.sleep(0.1)


@pytest.mark.usefixtures("_loopback")
@pytest.mark.parametrize("respond", [hang, hang_after_headers, trickle, trickle_headers])
def test_slow_server_is_given_up(respond: Callable[[Handler], None]) -> None:
    with server(respond) as url:
        began = time.monotonic()
        with pytest.raises(outgoing.TooSlowError) as told:
            send(Call(url=url, limits=QUICK))
        took = time.monotonic() - began

    # A busy machine takes longer than the limit, and still not as long as the server.
    assert took < 25
    assert told.value.retryable


@pytest.mark.usefixtures("_loopback")
def test_server_that_never_finishes_tls_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        began = time.monotonic()
        with pytest.raises(outgoing.TooSlowError):
            send(Call(url=url, limits=QUICK))

    assert time.monotonic() - began < 25


@pytest.mark.usefixtures("_loopback")
def test_endless_body_is_cut_at_its_limit() -> None:
    def respond(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 10_000)

    file = io.BytesIO()
    with (
        server(respond) as url,
        pytest.raises(outgoing.AnswerTooLargeError, match="100,000") as told,
    ):
        send(Call(url=url, limits=SMALL), into=file)

    assert len(file.getvalue()) <= 100_000
    assert not told.value.retryable


@pytest.mark.usefixtures("_loopback")
def test_packed_bomb_is_cut_at_its_unpacked_size() -> None:
    packed = gzip.compress(b"\0" * 20_000_000)

    def respond(handler: Handler) -> None:
        answer(handler, packed, Content_Encoding="gzip")

    assert len(packed) < SMALL.most_bytes
    with server(respond) as url, pytest.raises(outgoing.AnswerTooLargeError):
        send(Call(url=url, limits=SMALL))


@pytest.mark.usefixtures("_loopback")
def test_body_streams_into_a_file_and_a_refusal_does_not() -> None:
    def respond(handler: Handler) -> None:
        answer(handler, b"rows" * 1000, 200 if handler.path == "/feed" else 500)

    feed, failed = io.BytesIO(), io.BytesIO()
    with server(respond) as url:
        got = send(Call(url=f"{url}/feed"), into=feed)
        refused = send(Call(url=f"{url}/other"), into=failed)

    assert (feed.getvalue(), got.body, got.size_bytes) == (b"rows" * 1000, b"", 4000)
    assert (failed.getvalue(), refused.body[:4]) == (b"", b"rows")


@pytest.mark.usefixtures("_loopback")
@pytest.mark.parametrize(
    ("status", "error", "is_retryable"),
    [
        (500, outgoing.ServerFailingError, True),
        (503, outgoing.ServerFailingError, True),
        (429, outgoing.ServerFailingError, True),
        (404, outgoing.RefusedByServerError, False),
    ],
)
def test_status_says_whether_to_repeat(
    status: int, error: type[outgoing.OutgoingError], is_retryable: bool
) -> None:
    def respond(handler: Handler) -> None:
        answer(handler, b"no", status, Retry_After="17")

    with server(respond) as url:
        got = send(Call(url=url))

    with pytest.raises(error) as told:
        got.expect_success()
    assert (told.value.retryable, got.retry_after_s, got.body) == (is_retryable, 17, b"no")


@pytest.mark.usefixtures("_loopback")
def test_unchanged_feed_is_no_error() -> None:
    def respond(handler: Handler) -> None:
        answer(handler, b"", 304 if handler.headers["If-None-Match"] == '"7"' else 200)

    with server(respond) as url:
        got = send(Call(url=url, headers={"If-None-Match": '"7"'})).expect_success()

    assert got.is_unchanged


@pytest.mark.usefixtures("_loopback")
def test_broken_connection_and_closed_port_say_so() -> None:
    def respond(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "10")
        handler.end_headers()
        handler.wfile.write(b"four")

    with server(respond) as url, pytest.raises(outgoing.NoConnectionError, match="broke"):
        send(Call(url=url))
    with pytest.raises(outgoing.NoConnectionError, match="Nobody answers") as told:
        send(Call(url=url))
    assert told.value.retryable


def test_unknown_host_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    with pytest.raises(outgoing.NoConnectionError, match="not known"):
        send(Call(url="https://nowhere.example"))


def test_name_server_that_is_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = threading.Event()

    def look_up(*_: Any, **__: Any) -> list[Any]:
        ends.wait(60)
        return []

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    with pytest.raises(outgoing.TooSlowError, match="name server"):
        send(Call(url="https://nowhere.example", limits=Limits(connect_s=0.1)))
    ends.set()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://feeds.example/", "file:///etc/passwd", "feeds.example", "", "http://", "gopher://a",
        "http://me:secret@feeds.example/", "http://[::1", "http://feeds.example:99999/",
        "javascript:alert(1)",
    ],
)  # fmt: skip
def test_wrong_address_is_refused(url: str) -> None:
    with pytest.raises(outgoing.CallRefusedError) as told:
        send(Call(url=url))
    assert "secret" not in str(told.value)


@pytest.mark.usefixtures("_loopback")
@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "ทะเบียน"])
def test_header_that_cannot_be_sent_is_refused(value: str) -> None:
    with server(answer) as url, pytest.raises(outgoing.CallRefusedError, match="header"):
        send(Call(url=url, headers={"X-Name": value}))


def test_secrets_are_not_shown() -> None:
    call = Call(url="https://a.example", headers={"Authorization": "secret"}, body=b"secret")

    assert "secret" not in repr(call)
