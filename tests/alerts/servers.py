"""A web server and an SFTP server on this machine, which give what a test puts into a folder."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server
from time import sleep
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


class _Endless(paramiko.SFTPHandle):  # type: ignore[misc]  # ships no types
    """A file that says it is small and never ends; each piece may take its time."""

    pause_s = 0.0

    def read(self, _offset: int, length: int) -> bytes:
        sleep(self.pause_s)
        return b"x" * length


class _Folder(paramiko.SFTPServerInterface):  # type: ignore[misc]  # ships no types
    root: Path
    endless: type[_Endless] | None = None

    def stat(self, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat((self.root / path.lstrip("/")).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def open(self, path: str, flags: int, attr: Any) -> Any:  # noqa: ARG002  # its shape there
        if self.endless is not None:
            return self.endless(flags)
        handle = paramiko.SFTPHandle(flags)
        handle.readfile = (self.root / path.lstrip("/")).open("rb")
        return handle


@contextmanager
def sftp_server(folder: Path, *, endless_s: float | None = None) -> Iterator[tuple[str, str]]:
    """An SFTP server; yields its address and its public keys as ssh-keyscan prints them.

    Args:
        endless_s: Its files never end, and each piece takes so long.
    """
    keys = [paramiko.RSAKey.generate(2048), paramiko.ECDSAKey.generate()]
    listener = create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    ends = threading.Event()
    transports: list[paramiko.Transport] = []
    endless = endless_s is not None and type("Endless", (_Endless,), {"pause_s": endless_s})
    served = type("Served", (_Folder,), {"root": folder, "endless": endless or None})

    def serve() -> None:
        while not ends.is_set():
            with suppress(TimeoutError):
                connected, _address = listener.accept()
                transport = paramiko.Transport(connected)
                transports.append(transport)
                for key in keys:
                    transport.add_server_key(key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, served)
                # A caller who hangs up at the sight of the key may reset the connection, too.
                with suppress(paramiko.SSHException, EOFError, OSError):
                    transport.start_server(server=_Doorkeeper())

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        port = listener.getsockname()[1]
        shown = [f"127.0.0.1 {key.get_name()} {key.get_base64()}" for key in keys]
        yield f"sftp://127.0.0.1:{port}", "\n".join(shown)
    finally:
        ends.set()
        thread.join()
        for transport in transports:
            transport.close()
        listener.close()
