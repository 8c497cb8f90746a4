import datetime as dt
import http.server
import ipaddress
import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cameras.streams.config import SourceConfig, SourceKind
from cameras.streams.errors import (
    AddressNotFoundError,
    HostNotFoundError,
    NoAnswerError,
    NotAVideoError,
    PortClosedError,
    RedirectedError,
    ServerFailedError,
    StreamError,
    WrongCredentialsError,
)
from cameras.streams.probe import probe_source
from cameras.streams.source import open_source
from tests.cameras.clips import jpeg, numbered, quarters, write_clip
from tests.cameras.servers import (
    RtspServer,
    has_password,
    http_camera,
    rtsp_dialogue,
    send,
    send_mjpeg,
    silent_server,
)

Request = http.server.BaseHTTPRequestHandler
PASSWORD = "p@ss:/ wö%rd"
SCHEMES = {
    SourceKind.RTSP: "rtsp",
    SourceKind.HTTP: "http",
    SourceKind.MJPEG: "http",
    SourceKind.SNAPSHOT: "http",
}
needs_rtsp_server = pytest.mark.skipif(
    not RtspServer.is_available(),
    reason="install gir1.2-gst-rtsp-server-1.0, python3-gi and gstreamer1.0-plugins-good",
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty seconds whose brightness grows every frame and begins again."""
    pictures = numbered(45) * 12
    return write_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", pictures[:500])


@pytest.fixture
def rtsp(clip: Path) -> Iterator[RtspServer]:
    server = RtspServer(clip)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def guarded_rtsp(clip: Path) -> Iterator[RtspServer]:
    server = RtspServer(clip, PASSWORD)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Key and certificate that a camera signed itself, for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "camera")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "camera.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


QUICK: dict[str, object] = {"open_timeout_s": 1.5, "read_timeout_s": 1.0}


def config(kind: SourceKind, url: str, **settings: object) -> SourceConfig:
    """A source that a busy machine reaches in time; `QUICK` where the limit is what is tried."""
    limits = {"open_timeout_s": 30, "read_timeout_s": 30}
    return SourceConfig(kind=kind, url=url, **(limits | settings))  # type: ignore[arg-type]


@needs_rtsp_server
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_rtsp_source_delivers_frames_at_their_time(rtsp: RtspServer, transport: str) -> None:
    with open_source(config(SourceKind.RTSP, rtsp.url, rtsp_transport=transport)) as source:
        assert (source.info.width, source.info.height, source.info.codec) == (320, 240, "h264")
        frames = [frame for frame, _ in zip(source.frames(), range(60), strict=False)]
        now_s = time.time()
    # What the server had ready comes at once; then frames come as they are taken.
    steps = np.diff([frame.seen_s for frame in frames[-30:]])
    assert np.median(steps) == pytest.approx(0.04, abs=0.005)
    assert frames[-1].seen_s == pytest.approx(now_s, abs=20)


@needs_rtsp_server
def test_rtsp_source_right_password_is_let_in(guarded_rtsp: RtspServer) -> None:
    probe = probe_source(
        config(SourceKind.RTSP, guarded_rtsp.url, username="viewer", password=PASSWORD)
    )
    assert probe.frame.bgr().shape == (240, 320, 3)
    assert 0 < probe.took_s < 30


@needs_rtsp_server
@pytest.mark.parametrize("username", ["", "viewer"])
def test_rtsp_source_wrong_password_is_said(guarded_rtsp: RtspServer, username: str) -> None:
    secret = "Wr0ng&Secret" if username else ""
    settings = {"username": username, "password": secret}
    with pytest.raises(WrongCredentialsError) as raised:
        open_source(config(SourceKind.RTSP, guarded_rtsp.url, **settings))
    assert not raised.value.retryable
    assert not secret or secret not in str(raised.value)
    assert raised.value.__suppress_context__  # libav's own text holds the password


@needs_rtsp_server
def test_rtsp_source_unknown_path_is_said(rtsp: RtspServer) -> None:
    with pytest.raises(AddressNotFoundError, match="path"):
        open_source(config(SourceKind.RTSP, f"rtsp://127.0.0.1:{rtsp.port}/other"))


@needs_rtsp_server
def test_rtsp_source_killed_server_is_noticed(rtsp: RtspServer) -> None:
    with open_source(config(SourceKind.RTSP, rtsp.url)) as source:
        frames = source.frames()
        next(frames)
        rtsp.kill()
        started_s = time.monotonic()
        with pytest.raises(StreamError) as raised:
            list(frames)
    assert raised.value.retryable
    # Sooner than the clip and the limit for the next frame would end.
    assert time.monotonic() - started_s < 15


@pytest.mark.parametrize("kind", SCHEMES)
def test_network_source_closed_port_is_said(kind: SourceKind) -> None:
    with pytest.raises(PortClosedError):
        open_source(config(kind, f"{SCHEMES[kind]}://127.0.0.1:1/live"))


@pytest.mark.parametrize("kind", SCHEMES)
def test_network_source_unknown_host_is_said(
    kind: SourceKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_such_name(*_: object, **__: object) -> None:
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", no_such_name)
    with pytest.raises(HostNotFoundError, match=r"nowhere\.example"):
        open_source(config(kind, f"{SCHEMES[kind]}://nowhere.example/live"))


def test_network_source_silent_name_server_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def silent(*_: object, **__: object) -> list[object]:
        released.wait(60)
        return []

    monkeypatch.setattr("socket.getaddrinfo", silent)
    started_s = time.monotonic()
    with pytest.raises(NoAnswerError, match="name server"):
        open_source(config(SourceKind.RTSP, "rtsp://slow.example/live", open_timeout_s=0.5))
    assert time.monotonic() - started_s < 30
    released.set()


@pytest.mark.parametrize("kind", SCHEMES)
@pytest.mark.parametrize(
    "drip",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nX-Slow: " + b"y" * 1_000],
    ids=["silence", "drip"],
)
def test_network_source_that_says_nothing_ends_within_its_limit(
    kind: SourceKind, drip: bytes
) -> None:
    started_s = time.monotonic()
    with silent_server(drip) as port, pytest.raises(NoAnswerError) as raised:
        open_source(config(kind, f"{SCHEMES[kind]}://127.0.0.1:{port}/live", **QUICK))
    # The drip alone would go on for minutes.
    assert 1.4 < time.monotonic() - started_s < 60
    assert raised.value.retryable


def test_mjpeg_source_delivers_frames() -> None:
    pictures = [jpeg(picture) for picture in numbered(30)]
    with (
        http_camera(lambda request: send_mjpeg(request, itertools.cycle(pictures))) as url,
        open_source(config(SourceKind.MJPEG, f"{url}/stream")) as source,
    ):
        frames = [frame for frame, _ in zip(source.frames(), range(10), strict=False)]
        now_s = time.time()
    assert source.info.codec == "mjpeg"
    assert all(earlier.seen_s < later.seen_s for earlier, later in itertools.pairwise(frames))
    assert frames[-1].seen_s == pytest.approx(now_s, abs=20)


def test_mjpeg_source_that_stops_in_mid_stream_ends_within_its_limit() -> None:
    released = threading.Event()

    def respond(request: Request) -> None:
        send_mjpeg(request, itertools.repeat(jpeg(quarters()), 20))
        released.wait(60)

    limits = {**QUICK, "open_timeout_s": 30}
    with (
        http_camera(respond) as url,
        open_source(config(SourceKind.MJPEG, f"{url}/stream", **limits)) as source,
        # Its end would be another error: the limit of one second came first.
        pytest.raises(NoAnswerError),
    ):
        list(source.frames())
    released.set()


def test_mjpeg_source_that_ends_is_said() -> None:
    picture = jpeg(quarters())
    with (
        http_camera(lambda request: send_mjpeg(request, itertools.repeat(picture, 20))) as url,
        open_source(config(SourceKind.MJPEG, f"{url}/stream")) as source,
        pytest.raises(StreamError) as raised,
    ):
        list(source.frames())
    assert raised.value.retryable


def test_live_source_close_from_another_thread_ends_a_hanging_read() -> None:
    released = threading.Event()

    def respond(request: Request) -> None:
        send_mjpeg(request, itertools.repeat(jpeg(quarters()), 20))
        released.wait(60)

    with http_camera(respond) as url:
        source = open_source(config(SourceKind.MJPEG, f"{url}/stream", read_timeout_s=60))
        threading.Timer(2.0, source.close).start()
        started_s = time.monotonic()
        list(source.frames())
        assert time.monotonic() - started_s < 30
    released.set()


def test_live_source_busy_consumer_gets_new_frames_and_drops_are_counted() -> None:
    picture = jpeg(quarters())
    with (
        http_camera(lambda request: send_mjpeg(request, itertools.repeat(picture))) as url,
        open_source(config(SourceKind.MJPEG, f"{url}/stream")) as source,
    ):
        dropped = []
        for taken, frame in enumerate(source.frames()):
            dropped.append(source.dropped)
            # What was passed over for it counts as dropped, and it is none of the first.
            assert frame.index <= taken + dropped[-1]
            if frame.index > taken + 10 or taken == 50:
                break
            time.sleep(0.4)
    assert dropped[-1] > 10


def test_http_source_reads_a_video(clip: Path) -> None:
    content = clip.read_bytes()
    with (
        http_camera(lambda request: send(request, content, "video/mp4")) as url,
        open_source(config(SourceKind.HTTP, f"{url}/clip.mp4")) as source,
    ):
        assert (source.info.width, source.info.codec) == (320, "h264")
        assert next(source.frames()).bgr().shape == (240, 320, 3)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, WrongCredentialsError),
        (403, WrongCredentialsError),
        (404, AddressNotFoundError),
        (500, ServerFailedError),
        (503, ServerFailedError),
    ],
)
def test_http_source_status_is_said_in_words(status: int, error: type[StreamError]) -> None:
    with (
        http_camera(lambda request: send(request, b"", status=status)) as url,
        pytest.raises(error),
    ):
        open_source(config(SourceKind.SNAPSHOT, f"{url}/snap.jpg"))


@pytest.mark.parametrize(
    ("request_line", "status_line"),
    [
        ("OPTIONS", "RTSP/1.0 302 Found"),
        ("DESCRIBE", "RTSP/1.0 301 Moved"),
        # What else C's atoi reads as 302.
        ("DESCRIBE", "RTSP/x   +0302away"),
        ("DESCRIBE", "RTSP/1.0\t4294967598"),
        ("DESCRIBE", "RTSP/1.0 3\r02 Found"),
    ],
)
def test_rtsp_source_redirect_is_not_followed(request_line: str, status_line: str) -> None:
    with (
        rtsp_dialogue(lambda _: "RTSP/1.0 404 Not found\r\nCSEQ\r\n\r\n") as (inner, asked_inside),
        rtsp_dialogue(
            lambda head: (
                f"{status_line}\r\nCSEQ\r\nLocation: {inner}/inner\r\n\r\n"
                if head.startswith(request_line)
                else "RTSP/1.0 200 OK\r\nCSEQ\r\n\r\n"
            )
        ) as (url, asked),
        pytest.raises(RedirectedError) as refused,
    ):
        open_source(
            config(SourceKind.RTSP, f"{url}/x", username="viewer", password="s3cret-of-viewer")
        )
    assert "not followed" in str(refused.value)
    assert "s3cret" not in str(refused.value)
    assert [line.split()[0] for line in asked][-1] == request_line
    assert asked_inside == []


def test_http_source_redirect_is_not_followed() -> None:
    asked = []

    def respond(request: Request) -> None:
        asked.append(request.path)
        request.send_response(302)
        request.send_header("Location", "/elsewhere.jpg")
        request.send_header("Content-Length", "0")
        request.end_headers()

    with http_camera(respond) as url, pytest.raises(StreamError):
        open_source(config(SourceKind.SNAPSHOT, f"{url}/snap.jpg"))
    assert set(asked) == {"/snap.jpg"}


def test_http_source_page_instead_of_a_picture_is_refused() -> None:
    page = b"<html><body>Log in</body></html>" * 50
    with (
        http_camera(lambda request: send(request, page, "text/html")) as url,
        pytest.raises(NotAVideoError),
    ):
        open_source(config(SourceKind.SNAPSHOT, f"{url}/snap.jpg"))


def test_http_source_playlist_is_not_followed() -> None:
    asked = []

    def respond(request: Request) -> None:
        asked.append(request.path)
        playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/secret.ts\n#EXT-X-ENDLIST\n"
        send(request, playlist, "application/vnd.apple.mpegurl")

    with http_camera(respond) as url, pytest.raises(NotAVideoError):
        open_source(config(SourceKind.HTTP, f"{url}/live.m3u8"))
    assert "/secret.ts" not in asked


def test_snapshot_source_polls_at_the_wanted_rate() -> None:
    numbers = itertools.count()
    pictures = [jpeg(picture) for picture in numbered(10)]

    def respond(request: Request) -> None:
        send(request, pictures[next(numbers) % 10])

    with (
        http_camera(respond) as url,
        open_source(config(SourceKind.SNAPSHOT, f"{url}/snap.jpg", analyse_fps=10)) as source,
    ):
        frames = [frame for frame, _ in zip(source.frames(), range(10), strict=False)]
    levels = [round(float(frame.scaled_bgr(32).mean())) for frame in frames]
    # Each is what was asked for last; a busy machine may drop one.
    assert levels == pytest.approx([10 + 5 * (frame.index % 10) for frame in frames], abs=2)
    # It also asks later, and never sooner.
    assert 0.7 < frames[-1].seen_s - frames[0].seen_s < 60


def test_snapshot_source_one_damaged_picture_is_passed_over() -> None:
    numbers = itertools.count()
    good, damaged = jpeg(quarters()), jpeg(quarters())[:800]

    def respond(request: Request) -> None:
        send(request, damaged if next(numbers) % 3 == 2 else good)

    with (
        http_camera(respond) as url,
        open_source(config(SourceKind.SNAPSHOT, f"{url}/snap.jpg", analyse_fps=20)) as source,
    ):
        assert len([frame for frame, _ in zip(source.frames(), range(8), strict=False)]) == 8


def test_snapshot_source_nothing_but_damaged_pictures_is_an_error() -> None:
    numbers = itertools.count()
    good, damaged = jpeg(quarters()), jpeg(quarters())[:800]

    def respond(request: Request) -> None:
        send(request, damaged if next(numbers) else good)

    with (
        http_camera(respond) as url,
        open_source(
            config(SourceKind.SNAPSHOT, f"{url}/snap.jpg", analyse_fps=10, read_timeout_s=1)
        ) as source,
        pytest.raises(NotAVideoError),
    ):
        list(source.frames())


@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
def test_snapshot_source_password_is_sent(scheme: str) -> None:
    picture = jpeg(quarters())

    def respond(request: Request) -> None:
        if has_password(request, scheme, "admin", PASSWORD):
            send(request, picture)

    with http_camera(respond) as url:
        address = f"{url}/snap.jpg"
        right = config(SourceKind.SNAPSHOT, address, username="admin", password=PASSWORD)
        assert probe_source(right).info.width == 320
        wrong = config(SourceKind.SNAPSHOT, address, username="admin", password="x")
        with pytest.raises(WrongCredentialsError, match="refused"):
            probe_source(wrong)


def test_https_source_certificate_is_checked_where_wanted(certificate: Path) -> None:
    picture = jpeg(quarters())
    with http_camera(lambda request: send(request, picture), certificate) as url:
        address = f"{url}/snap.jpg"
        assert probe_source(config(SourceKind.SNAPSHOT, address)).info.width == 320
        with pytest.raises(StreamError, match="certificate"):
            probe_source(config(SourceKind.SNAPSHOT, address, verify_tls=True))


def test_https_source_trusted_certificate_is_taken(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = jpeg(quarters())
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with http_camera(lambda request: send(request, picture), certificate) as url:
        trusted = config(SourceKind.SNAPSHOT, f"{url}/snap.jpg", verify_tls=True)
        assert probe_source(trusted).info.width == 320
