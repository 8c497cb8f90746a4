"""A connection that this program makes, so that libav goes nowhere else.

libav follows RTSP redirects wherever they lead and has no option against it, and with TLS it looks
the name up itself, after the look-up that was checked. So the connection is made here, to the
address that was checked, and libav is given the near end of it.
"""

import contextlib
import re
import selectors
import socket
import ssl
import threading
from types import TracebackType
from typing import Self

_CHUNK_BYTES = 65_536
# libav keeps so much of a line.
_LINE_BYTES = 4096
# What libav takes for the status of a reply: a word that C's `atoi` reads, after one with RTSP/.
_STATUS = re.compile(rb"RTSP/[^\s\0]*[ \t]+([+-]?\d+)")
_REDIRECTS = range(300, 400)
_NOBODY_CAME_S = 10.0


class Relay:
    """One connection to a camera, waiting on a port of this machine for libav.

    Args:
        address: IP address that was looked up and found good.
        port: Port there.
        tls: Ends TLS here; what libav gets is plain.
        server_name: The name that the certificate must be for, and that the server is asked by.
        limit_s: Limit for connecting.

    Raises:
        OSError: No connection.
    """

    def __init__(
        self,
        address: str,
        port: int,
        *,
        tls: ssl.SSLContext | None,
        server_name: str,
        limit_s: float,
    ) -> None:
        self.was_redirected = False
        self._far = socket.create_connection((address, port), limit_s)
        try:
            if tls is not None:
                self._far = tls.wrap_socket(self._far, server_hostname=server_name)
            self._listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        except BaseException:
            self._far.close()
            raise
        self._far.settimeout(None)
        self._listener.settimeout(_NOBODY_CAME_S)
        self._is_playing = False
        self._tail = b""
        threading.Thread(target=self._run, name="stream-relay", daemon=True).start()

    @property
    def netloc(self) -> str:
        """Host and port of the near end."""
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._listener.close()

    def _run(self) -> None:
        with self._far, contextlib.suppress(OSError):
            with self._listener:
                near, _ = self._listener.accept()
            with near:
                near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._carry(near)

    def _carry(self, near: socket.socket) -> None:
        """Pass bytes both ways until either end closes, or the camera sends libav elsewhere."""
        with selectors.DefaultSelector() as ready:
            ready.register(near, selectors.EVENT_READ)
            ready.register(self._far, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    is_open = self._ask(near) if key.fileobj is near else self._answer(near)
                    if not is_open:
                        return

    def _ask(self, near: socket.socket) -> bool:
        data = near.recv(_CHUNK_BYTES)
        # From here on libav follows nothing any more.
        self._is_playing = self._is_playing or data.startswith(b"PLAY ")
        self._far.sendall(data)
        return bool(data)

    def _answer(self, near: socket.socket) -> bool:
        data = self._receive()
        if data is None:
            return True
        if not self._is_playing and self._leads_away(data):
            self.was_redirected = True
            return False
        near.sendall(data)
        return bool(data)

    def _receive(self) -> bytes | None:
        """What came from the camera; empty at its end, None where TLS kept it to itself."""
        if not isinstance(self._far, ssl.SSLSocket):
            return self._far.recv(_CHUNK_BYTES)
        # TLS has messages of its own, after which a read would wait for the next.
        self._far.settimeout(0)
        try:
            data = self._far.recv(_CHUNK_BYTES)
            # What is unpacked already does not show on the socket.
            while data and (waiting := self._far.pending()):
                data += self._far.recv(waiting)
        except ssl.SSLWantReadError:
            return None
        finally:
            self._far.settimeout(None)
        return data

    def _leads_away(self, data: bytes) -> bool:
        # Looked for anywhere, since only libav knows where it sees a reply begin; it skips CR.
        text = self._tail + data.replace(b"\r", b"")
        self._tail = text[-_LINE_BYTES:]
        statuses = (int(found[1][-_LINE_BYTES:]) & 0xFFFFFFFF for found in _STATUS.finditer(text))
        return any(status in _REDIRECTS for status in statuses)
