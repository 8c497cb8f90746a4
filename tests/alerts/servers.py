"""A web server and an SFTP server on this machine, which give what a test puts into a folder."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server
from typing import Any

import paramiko

PASSWORD = "a long enough passphrase"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name there
        """Say nothing."""


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    """A web server; yields its address. It answers conditional calls by the file's time."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Doorkeeper(paramiko.ServerInterface):  # type: ignore[misc]  # ships no types
    def check_auth_password(self, username: str, password: str) -> int:
        is_right = (username, password) == ("feeds", PASSWORD)
        return int(paramiko.AUTH_SUCCESSFUL if is_right else paramiko.AUTH_FAILED)

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002  # its shape there
        return int(paramiko.OPEN_SUCCEEDED)


class _Folder(paramiko.SFTPServerInterface):  # type: ignore[misc]  # ships no types
    root: Path

    def stat(self, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat((self.root / path.lstrip("/")).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def open(self, path: str, flags: int, attr: Any) -> Any:  # noqa: ARG002  # its shape there
        handle = paramiko.SFTPHandle(flags)
        handle.readfile = (self.root / path.lstrip("/")).open("rb")
        return handle


@contextmanager
def sftp_server(folder: Path) -> Iterator[tuple[str, str]]:
    """An SFTP server; yields its address and its public key as ssh-keyscan prints it."""
    key = paramiko.RSAKey.generate(2048)
    listener = create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    ends = threading.Event()
    transports: list[paramiko.Transport] = []
    served = type("Served", (_Folder,), {"root": folder})

    def serve() -> None:
        while not ends.is_set():
            with suppress(TimeoutError):
                connected, _address = listener.accept()
                transport = paramiko.Transport(connected)
                transports.append(transport)
                transport.add_server_key(key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, served)
                with suppress(paramiko.SSHException, EOFError):
                    transport.start_server(server=_Doorkeeper())

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        port = listener.getsockname()[1]
        yield f"sftp://127.0.0.1:{port}", f"{key.get_name()} {key.get_base64()}"
    finally:
        ends.set()
        thread.join()
        for transport in transports:
            transport.close()
        listener.close()
