"""Ports on the loopback interface."""

import errno
import socket

LOOPBACK = "127.0.0.1"


def is_free(host: str, port: int) -> bool:
    """Say whether a server could listen there now.

    Raises:
        OSError: It could not, for another reason than that somebody else listens there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as server:
        # As the servers themselves do: an old connection in TIME_WAIT is no obstacle.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
        return True


def free_port() -> int:
    """Let the system choose a port on which nothing listens."""
    with socket.socket() as server:
        server.bind((LOOPBACK, 0))
        return int(server.getsockname()[1])
