"""Real receivers of messages: HTTP that fails in every way, SMTP, MQTT."""

import getpass
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from tests.programs import start_on_a_port


@dataclass
class Received:
    """One call that came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """An HTTP server that answers as it is told; `behave` may be changed while it runs."""

    url: str
    behave: str = "take"
    received: list[Received] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        return [one.headers["idempotency-key"] for one in self.received]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.receiver.received.append(Received(self.command, self.path, headers, body))
        # Who gave up does not hear the answer.
        with suppress(BrokenPipeError, ConnectionResetError):
            self._answer(self.receiver.behave)

    def _answer(self, behave: str) -> None:
        if behave == "slow":
            time.sleep(30)
        status = {"redirect": 302}.get(behave, int(behave) if behave.isdigit() else 200)
        self.send_response(status)
        if behave == "redirect":
            self.send_header("Location", "http://10.0.0.1/inside")
        if behave == "429":
            self.send_header("Retry-After", "90")
        # One that hangs promises a body that never comes.
        self.send_header("Content-Length", "100" if behave == "hang" else "2")
        self.end_headers()
        if behave == "hang":
            time.sleep(30)
            return
        self.wfile.write(b"ok")

    do_GET = do_POST = do_PUT = _take  # noqa: N815  # the names that the library asks for

    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def http_receiver(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver on this machine."""
    receiver = Receiver(url="")
    handler = type("Handler", (_Handler,), {"receiver": receiver})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    receiver.url = f"{'https' if context else 'http'}://localhost:{server.server_port}/hook"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Mailbox:
    """What an SMTP server took; `answer` may be changed while it runs."""

    port: int = 0
    answer: str = "250 taken"
    mails: list[Message] = field(default_factory=list)

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        if self.answer.startswith("250"):
            self.mails.append(BytesParser().parsebytes(envelope.content))
        return self.answer

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address.startswith("unknown"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 ok"


@contextmanager
def smtp_server() -> Iterator[Mailbox]:
    """Run an SMTP server on this machine."""
    mailbox = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        mailbox.port = listener.getsockname()[1]
        controller = _OnItsSocket(
            mailbox, hostname="127.0.0.1", port=mailbox.port, ready_timeout=60
        )
        controller.listener = listener
        controller.start()
        try:
            yield mailbox
        finally:
            controller.stop()


class _OnItsSocket(Controller):
    """Listens on a socket that is bound already, so that nobody else takes the port."""

    listener: socket.socket

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self.listener)


@contextmanager
def mqtt_broker(folder: Path, *, extra: str = "") -> Iterator[int]:
    """Run mosquitto on this machine; yields its port."""
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    config = folder / "mosquitto.conf"
    # As root it would become somebody who may not read the tests' files.
    rest = f"persistence false\nuser {getpass.getuser()}\n{extra or 'allow_anonymous true'}\n"

    def start(port: int) -> "subprocess.Popen[bytes]":
        config.write_text(f"listener {port} 127.0.0.1\n{rest}")
        return subprocess.Popen(
            [program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    process, port = start_on_a_port(start)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(60)


def self_signed(folder: Path, name: str = "localhost") -> tuple[ssl.SSLContext, str]:
    """A server's TLS with a certificate of its own for `name`, and that certificate as PEM."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    subprocess.run(
        [
            shutil.which("openssl") or "openssl",
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
            "-keyout", str(key), "-out", str(certificate),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate.read_text()
