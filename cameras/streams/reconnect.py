"""A source that comes back: opens again with growing pauses and says what state it is in."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from cameras.streams.capture import Capture
from cameras.streams.config import SourceConfig
from cameras.streams.errors import StreamError
from cameras.streams.frame import StreamFrame
from cameras.streams.live import LiveSource
from cameras.streams.source import StreamInfo, open_capture


class StreamPhase(StrEnum):
    """Where a source is between its start and its end."""

    CONNECTING = "connecting"
    ONLINE = "online"
    WAITING = "waiting"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """News about a source, sent when something changed.

    `error` and `retry_in_s` are set while WAITING, `info` from the moment it is ONLINE.
    `reconnects` counts how often a connection that had delivered frames was lost.
    """

    phase: StreamPhase
    reconnects: int
    info: StreamInfo | None = None
    error: StreamError | None = None
    retry_in_s: float | None = None


_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0
# A connection that breaks sooner has not shown that the camera is back.
_STABLE_S = 10.0
_WAKE_S = 0.2


class ReconnectingSource:
    """Frames of one source for as long as `stop` is not set.

    A live source is opened again after it failed, with pauses drawn from 0 to a bound that doubles
    from 1 to 30 seconds, so that many cameras behind one dead switch do not come back in step
    ("full jitter", Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
    A source that is not live is read once, every frame of it.

    Args:
        config: The source.
        stop: Ends `frames()` within a second from any thread.
        on_state: Told of every change, on the thread that iterates; between frames, so briefly.
        allowed_root: See `open_source`.
    """

    def __init__(
        self,
        config: SourceConfig,
        stop: threading.Event,
        on_state: Callable[[StreamState], None],
        *,
        allowed_root: Path | None = None,
    ) -> None:
        self._config = config
        self._stop = stop
        self._on_state = on_state
        self._open_capture = partial(open_capture, config, allowed_root)
        self._source: LiveSource | Capture | None = None
        self._decoded_before = 0
        self._dropped_before = 0
        self.reconnects = 0  # connections that had delivered frames and were lost

    @property
    def decoded(self) -> int:
        """Frames decoded over all connections."""
        return self._decoded_before + (self._source.decoded if self._source else 0)

    @property
    def dropped(self) -> int:
        """Frames dropped over all connections because the consumer was busy."""
        return self._dropped_before + (self._source.dropped if self._source else 0)

    def frames(self) -> Iterator[StreamFrame]:
        """Frames until `stop` is set, or until a file that does not loop has ended.

        Raises:
            StreamError: Trying again with the same settings is of no use, see `retryable`.
        """
        failures = 0
        while not self._stop.is_set():
            online_since_s: float | None = None
            self._tell(StreamPhase.CONNECTING)
            try:
                for frame in self._connection():
                    if online_since_s is None:
                        online_since_s = time.monotonic()
                        self._tell(StreamPhase.ONLINE)
                    yield frame
                break
            except StreamError as error:
                if not self._is_worth_retrying(error, was_online=online_since_s is not None):
                    raise
                if online_since_s is not None:
                    self.reconnects += 1
                    if time.monotonic() - online_since_s > _STABLE_S:
                        failures = 0
                failures += 1
                self._pause(failures, error)
        self._tell(StreamPhase.STOPPED)

    def _connection(self) -> Iterator[StreamFrame]:
        """Frames of one connection, from opening it to its end."""
        try:
            if self._config.is_live:
                self._source = live = LiveSource(self._open_capture)
                while not self._stop.is_set() and not live.has_ended:
                    frame = live.take(_WAKE_S)
                    if frame is not None:
                        yield frame
            else:
                self._source = self._open_capture()
                for frame in self._source.frames():
                    yield frame
                    if self._stop.is_set():
                        return
        finally:
            self._end_connection()

    def _end_connection(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()
            self._decoded_before += source.decoded
            self._dropped_before += source.dropped

    def _is_worth_retrying(self, error: StreamError, *, was_online: bool) -> bool:
        # What has worked with these settings may work again, whatever the error says.
        return self._config.is_live and (error.retryable or was_online)

    def _pause(self, failures: int, error: StreamError) -> None:
        bound_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** (failures - 1))
        pause_s = random.uniform(0, bound_s)  # noqa: S311 - spreads load, hides nothing
        self._tell(StreamPhase.WAITING, error=error, retry_in_s=pause_s)
        self._stop.wait(pause_s)

    def _tell(
        self,
        phase: StreamPhase,
        *,
        error: StreamError | None = None,
        retry_in_s: float | None = None,
    ) -> None:
        self._on_state(
            StreamState(
                phase=phase,
                reconnects=self.reconnects,
                info=self._source.info if phase is StreamPhase.ONLINE and self._source else None,
                error=error,
                retry_in_s=retry_in_s,
            )
        )
