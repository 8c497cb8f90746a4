"""Redis as the broker, with which workers outlive its death."""

from typing import Any

from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as transport
from redis.exceptions import ConnectionError as RedisConnectionError


class Channel(transport.Channel):
    """Says that a connection is gone in the words that kombu and Celery understand.

    A channel whose Redis was killed while messages were being worked on is closed twice: the first
    time fails at the poll, after which the transport knows no connection any more, and the second
    wants to give the messages back. kombu 5.7 fails there with an AttributeError, which Celery
    takes for the end: the worker stops.
    """

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002  # kombu's signature
        # After the first close there is none, which kombu's types do not know.
        connection: Any = self.connection
        if connection is None or connection.client is None:
            message = "The connection to the broker is closed."
            raise RedisConnectionError(message)
        params: dict[str, Any] = super()._connparams(asynchronous=asynchronous)  # type: ignore[misc]
        return params


class Transport(transport.Transport):
    """Redis with such channels."""

    Channel = Channel


def use_broker() -> None:
    """Let `redis://` and `rediss://` mean this transport."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
