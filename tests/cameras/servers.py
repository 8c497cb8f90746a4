"""Small servers that behave as cameras do, well and badly."""

import base64
import contextlib
import hashlib
import http.server
import itertools
import re
import select
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

SYSTEM_PYTHON = Path("/usr/bin/python3")
RTSP_SERVER = Path(__file__).with_name("rtsp_server.py")
START_LIMIT_S = 30


@contextlib.contextmanager
def http_camera(
    respond: Callable[[http.server.BaseHTTPRequestHandler], None],
    certificate: Path | None = None,
) -> Iterator[str]:
    """A server on loopback that answers every GET with `respond`; yields its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with contextlib.suppress(ConnectionError):
                respond(self)

        def log_message(self, *_: object) -> None:
            """Say nothing: the tests' output stays readable."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        scheme = "http" if certificate is None else "https"
        yield f"{scheme}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(
    handler: http.server.BaseHTTPRequestHandler,
    body: bytes,
    content_type: str = "image/jpeg",
    status: int = 200,
) -> None:
    """Answer with a whole body."""
    handler.send_response(status)
    handler.send_header("Content-Type", content_type)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def send_mjpeg(
    handler: http.server.BaseHTTPRequestHandler, pictures: Iterator[bytes], fps: float = 20
) -> None:
    """Answer with pictures without end, as cameras do."""
    handler.send_response(200)
    handler.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
    handler.end_headers()
    for picture in pictures:
        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
        handler.wfile.write(head.encode() + picture + b"\r\n")
        time.sleep(1 / fps)


def has_password(
    handler: http.server.BaseHTTPRequestHandler, scheme: str, username: str, password: str
) -> bool:
    """Whether a request carries this log-in; otherwise it is refused here."""
    given = handler.headers.get("Authorization", "")
    if scheme == "Basic":
        challenge = 'Basic realm="camera"'
        token = base64.b64encode(f"{username}:{password}".encode()).decode()
        is_right = given == f"Basic {token}"
    else:
        challenge = 'Digest realm="camera", nonce="0a4f113b", qop="auth"'
        is_right = _is_right_digest(given, username, password)
    if not is_right:
        handler.send_response(401)
        handler.send_header("WWW-Authenticate", challenge)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
    return is_right


def _is_right_digest(given: str, username: str, password: str) -> bool:
    """RFC 7616 section 3.4.1, with MD5 as cameras still use it."""

    def digest(*parts: str) -> str:
        return hashlib.md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()

    fields: dict[str, str] = dict(re.findall(r'(\w+)="?([^",]+)"?', given))
    if fields.get("username") != username:
        return False
    answer = digest(
        digest(username, "camera", password),
        *(fields[name] for name in ("nonce", "nc", "cnonce", "qop")),
        digest("GET", fields["uri"]),
    )
    return fields["response"] == answer


@contextlib.contextmanager
def silent_server(drip: bytes = b"") -> Iterator[int]:
    """A port that accepts and says nothing, or `drip` one byte at a time, three a second."""
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    accepted: list[socket.socket] = []

    def serve() -> None:
        sent = 0
        while not stop.wait(0.3):
            while select.select([listener], [], [], 0)[0]:
                accepted.append(listener.accept()[0])
            for connection in accepted:
                with contextlib.suppress(OSError):
                    connection.sendall(drip[sent : sent + 1])
            sent += 1 if accepted else 0

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        thread.join()
        for connection in [*accepted, listener]:
            connection.close()


class RtspServer:
    """A real RTSP server on a fixed port, in a process that can be killed and started again."""

    def __init__(self, clip: Path, password: str = "") -> None:
        self._arguments = [str(clip), *(["--password", password] if password else [])]
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/live"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [str(SYSTEM_PYTHON), str(RTSP_SERVER), *self._arguments, "--port", str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        assert select.select([self._process.stdout], [], [], START_LIMIT_S)[0]
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    @staticmethod
    def is_available() -> bool:
        """Whether the distribution's packages are installed."""
        needed = "import gi; gi.require_version('GstRtspServer', '1.0')"
        try:
            done = subprocess.run(
                [str(SYSTEM_PYTHON), "-c", needed], check=False, capture_output=True
            )
        except FileNotFoundError:
            return False
        return done.returncode == 0


@contextlib.contextmanager
def rtsp_dialogue(answer: Callable[[str], str]) -> Iterator[tuple[str, list[str]]]:
    """A server that answers each RTSP request with the text of `answer`.

    Yields its address and the requests as they come.
    """
    asked: list[str] = []
    server = socket.create_server(("127.0.0.1", 0))

    def converse(connection: socket.socket) -> None:
        with connection, contextlib.suppress(ConnectionError):
            requests = connection.makefile("rb")
            while head := b"".join(line for line in itertools.takewhile(bytes.strip, requests)):
                asked.append(head.decode())
                number = re.search(r"CSeq: \d+", head.decode(), re.IGNORECASE)
                reply = answer(head.decode()).replace("CSEQ", number[0] if number else "")
                connection.sendall(reply.encode())

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                threading.Thread(target=converse, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    with server:
        yield f"rtsp://127.0.0.1:{server.getsockname()[1]}", asked
        # What wakes a thread that waits in accept(); close() alone does not.
        server.shutdown(socket.SHUT_RDWR)
