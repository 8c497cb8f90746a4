"""Reading a source on the thread that asks: decode, tell the time, hand out what is due."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from av import VideoFrame

from cameras.streams.clock import LiveClock, RateLimit
from cameras.streams.config import SourceConfig, SourceKind
from cameras.streams.frame import FrameConverter, StreamFrame
from cameras.streams.source import StreamInfo


class Capture(ABC):
    """A source that reads when it is asked and so drops nothing.

    A subclass opens in its constructor and decodes the first image there, so that `info` is true
    and every reason not to work comes up when the source is opened.
    """

    def __init__(self, config: SourceConfig) -> None:
        self.config = config
        self.decoded = 0
        self.dropped = 0
        self._closing = threading.Event()
        self._reading = threading.Lock()
        self._converter = FrameConverter()
        self._clock = LiveClock()
        self._rate = RateLimit(config.analyse_fps)
        self._started_s = 0.0

    @property
    @abstractmethod
    def info(self) -> StreamInfo:
        """What the source said of itself when it opened."""

    @abstractmethod
    def _images(self) -> Iterator[tuple[VideoFrame, float | None]]:
        """Decoded images with their seconds since the start; None where the source has no clock."""

    @abstractmethod
    def _release(self) -> None:
        """Close what is open; called once nothing reads any more, maybe twice."""

    def frames(self) -> Iterator[StreamFrame]:
        """Frames that are due, in order, until the end or `close()`."""
        self._started_s = time.time()
        images = self._images()
        try:
            while (taken := self._next(images)) is not None:
                image, seen_s = taken
                self.decoded += 1
                if self._rate.is_due(seen_s):
                    self._await(seen_s)
                    yield StreamFrame(image, self._converter, index=self.decoded - 1, seen_s=seen_s)
        finally:
            self.close()

    def interrupt(self) -> None:
        """Let `frames()` end after the read that is under way, without waiting for it."""
        self._closing.set()

    def close(self) -> None:
        """End `frames()`; waits for the read under way, at most `read_timeout_s`."""
        self.interrupt()
        with self._reading:
            self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _next(
        self, images: Iterator[tuple[VideoFrame, float | None]]
    ) -> tuple[VideoFrame, float] | None:
        with self._reading:
            taken = None if self._closing.is_set() else next(images, None)
        if taken is None:
            return None
        image, media_s = taken
        return image, self._seen_s(media_s)

    def _seen_s(self, media_s: float | None) -> float:
        if self.config.kind not in {SourceKind.FILE, SourceKind.FOLDER}:
            return self._clock.seen_s(media_s, time.time())
        media_s = media_s or 0.0
        return self._started_s + media_s if self.config.realtime else media_s

    def _await(self, seen_s: float) -> None:
        """Wait for a frame of a file that is played at its own speed; others need no waiting."""
        if self.config.kind in {SourceKind.FILE, SourceKind.FOLDER} and self.config.realtime:
            self._closing.wait(max(0.0, seen_s - time.time()))
