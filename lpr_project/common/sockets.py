"""What all live sockets share: publishing to groups, and hearing them."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from typing import Any

import structlog
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

LAYER_SECONDS = 3.0
# A layer raises what its transport does; an expired time limit is an OSError too.
LayerError = (RedisError, OSError)


def publish(group: str, event: dict[str, object]) -> None:
    """Hand an event to the channel layer without waiting for it; the layer may lose it."""
    sent = asyncio.run_coroutine_threadsafe(
        get_channel_layer().group_send(group, event), _loop(os.getpid())
    )
    sent.add_done_callback(_note_failure)


def _note_failure(sent: "Future[None]") -> None:
    # What is shown live is also in the database: pages catch up when Redis is back.
    if error := sent.exception():
        log.warning("live_event_lost", reason=str(error))


@cache
def _loop(_process_id: int) -> asyncio.AbstractEventLoop:
    """The event loop on which this process publishes.

    `async_to_sync` would make a loop, and the layer a connection, for every single event.
    """
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="live-events", daemon=True).start()
    return loop


class Ear:
    """Hears some groups of the channel layer, and knows whether the layer still delivers.

    Methods raise one of `LayerError` while the layer is away; they may be called again and again.
    """

    def __init__(self, hear: Callable[[dict[str, Any]], None]) -> None:
        self._layer: Any = get_channel_layer()
        self._hear = hear
        self._channel = ""
        self._groups: set[str] = set()
        self._listening: asyncio.Task[None] | None = None
        self._pulses_sent = self._pulse_heard = 0

    async def follow(self, groups: Iterable[str]) -> None:
        """Hear these groups and no others."""
        wanted = set(groups)
        async with asyncio.timeout(LAYER_SECONDS):
            if not self._channel:
                # Fails while the layer is away; a channel opened then would leave its queue behind.
                await self._layer.send("live.probe", {"type": "live.probe"})
                self._channel = await self._layer.new_channel()
                self._listening = asyncio.create_task(self._listen())
            for group in wanted - self._groups:
                await self._layer.group_add(group, self._channel)
                self._groups.add(group)
            for group in self._groups - wanted:
                await self._layer.group_discard(group, self._channel)
                self._groups.discard(group)

    async def feel_pulse(self) -> bool:
        """Whether the pulse of the last call came back through the layer; sends the next one."""
        came_back = self._pulse_heard == self._pulses_sent
        self._pulses_sent += 1
        async with asyncio.timeout(LAYER_SECONDS):
            pulse = {"type": "live.pulse", "number": self._pulses_sent}
            await self._layer.send(self._channel, pulse)
        return came_back

    async def close(self) -> None:
        """Hear nothing more."""
        with suppress(*LayerError):
            await self.follow(())
        if self._listening is not None:
            # The layer gives the channel back when its receiver is cancelled.
            self._listening.cancel()

    async def _listen(self) -> None:
        while True:
            message = await self._layer.receive(self._channel)
            if message["type"] == "live.pulse":
                self._pulse_heard = message["number"]
            else:
                self._hear(message)
