"""A source that comes back: opens again with growing pauses and says what state it is in."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cameras.streams.config import SourceConfig
from cameras.streams.errors import StreamError
from cameras.streams.frame import StreamFrame
from cameras.streams.source import StreamInfo


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


class ReconnectingSource:
    """Frames of one source for as long as `stop` is not set."""

    def __init__(
        self,
        config: SourceConfig,
        stop: threading.Event,
        on_state: Callable[[StreamState], None],
        *,
        allowed_root: Path | None = None,
    ) -> None:
        raise NotImplementedError

    @property
    def decoded(self) -> int:
        """Frames decoded over all connections."""
        raise NotImplementedError

    @property
    def dropped(self) -> int:
        """Frames dropped over all connections because the consumer was busy."""
        raise NotImplementedError

    def frames(self) -> Iterator[StreamFrame]:
        """Frames until `stop` is set, or until a file that does not loop has ended.

        Raises:
            StreamError: Trying again with the same settings is of no use, see `retryable`.
        """
        raise NotImplementedError
