"""Connections to addresses that were checked, cut when the time of a call is over."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError


class Deadline:
    """The end of a call: cuts its connection, so that no slow trickle outlasts it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.started = time.monotonic()
        self.has_passed = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.started

    @property
    def remaining_s(self) -> float:
        return max(self.seconds - self.elapsed_s, 0)

    @contextmanager
    def running(self) -> Iterator[None]:
        timer = threading.Timer(self.remaining_s, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            self._forget()

    def guard(self, connected: socket.socket) -> None:
        """Cut this connection at the end; a copy, for TLS takes the original over."""
        copy = connected.dup()
        with self._lock:
            if self._socket is not None:
                self._socket.close()
            self._socket = copy
            if self.has_passed:
                self._shut()

    def _cut(self) -> None:
        with self._lock:
            self.has_passed = True
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _forget(self) -> None:
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None


class PinnedHttp(HTTPConnection):
    """Plain, to addresses that were checked, whatever the name leads to by now."""

    def __init__(self, *, addresses: list[str], deadline: Deadline, **options: Any) -> None:
        super().__init__(**options)
        self.addresses, self.deadline = addresses, deadline

    def _new_conn(self) -> socket.socket:
        return _connect(self, self.addresses, self.deadline)


class PinnedHttps(HTTPSConnection):
    """The same over TLS, which asks for and checks the name."""

    def __init__(self, *, addresses: list[str], deadline: Deadline, **options: Any) -> None:
        super().__init__(**options)
        self.addresses, self.deadline = addresses, deadline

    def _new_conn(self) -> socket.socket:
        return _connect(self, self.addresses, self.deadline)


def _connect(connection: HTTPConnection, addresses: list[str], deadline: Deadline) -> socket.socket:
    """Connect to the first of the addresses at which somebody answers."""
    failure: OSError | None = None
    for address in addresses:
        limit_s = min(float(connection.timeout or 0), deadline.remaining_s)
        if limit_s <= 0:
            break
        # Not create_connection, which would look the address up again.
        connected = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        try:
            connected.settimeout(limit_s)
            connected.connect((address, connection.port))
        except OSError as error:
            connected.close()
            failure = error
            continue
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        deadline.guard(connected)
        return connected
    if failure is None or isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(connection, "connect")
    raise NewConnectionError(connection, str(failure)) from failure
