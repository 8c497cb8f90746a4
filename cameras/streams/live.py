"""A live source read on its own thread: a busy consumer always gets the newest frame."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from cameras.streams.capture import Capture
from cameras.streams.errors import StreamError
from cameras.streams.frame import StreamFrame
from cameras.streams.source import StreamInfo

# One frame waits while another is worked on; more would only be older.
_WAITING_FRAMES = 2
_WAKE_S = 0.2
_JOIN_S = 1.0


class LiveSource:
    """Opens and reads on its own thread; drops the oldest frame when two wait.

    Args:
        open_capture: Called on the reading thread; the capture is read and closed there.
    """

    def __init__(self, open_capture: Callable[[], Capture]) -> None:
        self._open_capture = open_capture
        self._capture: Capture | None = None
        self._waiting: deque[StreamFrame] = deque()
        self._error: Exception | None = None
        self._finished = False
        self._closing = threading.Event()
        self._news = threading.Condition()
        self.dropped = 0
        self._thread = threading.Thread(target=self._read, name="stream-reader", daemon=True)
        self._thread.start()

    @property
    def info(self) -> StreamInfo:
        """What the source said of itself when it opened; waits until it has.

        Raises:
            StreamError: It could not be opened.
        """
        with self._news:
            self._news.wait_for(lambda: self._capture is not None or self._finished)
        if self._capture is None:
            raise self._error or StreamError("The source was closed before it opened.")
        return self._capture.info

    @property
    def decoded(self) -> int:
        return self._capture.decoded if self._capture is not None else 0

    @property
    def has_ended(self) -> bool:
        """Whether it came to its end without an error and every frame was taken."""
        with self._news:
            return self._finished and not self._waiting and self._error is None

    def take(self, timeout_s: float) -> StreamFrame | None:
        """The oldest waiting frame, or None where none came in time or the source has ended.

        Raises:
            StreamError: The source failed; frames that were read before are taken first.
        """
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._finished, timeout_s)
            if self._waiting:
                return self._waiting.popleft()
            if self._error is not None:
                raise self._error
            return None

    def frames(self) -> Iterator[StreamFrame]:
        """Frames in order, the newest ones where the consumer is slower than the source."""
        try:
            while not self._closing.is_set() and not self.has_ended:
                frame = self.take(_WAKE_S)
                if frame is not None:
                    yield frame
        finally:
            self.close()

    def close(self) -> None:
        """End `frames()` within a second.

        A read that hangs in the network ends by its own limit a little later; nobody waits for it.
        """
        self._closing.set()
        if self._capture is not None:
            self._capture.interrupt()
        if self._thread is not threading.current_thread():
            self._thread.join(_JOIN_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _read(self) -> None:
        error: Exception | None = None
        try:
            with self._open_capture() as capture:
                with self._news:
                    self._capture = capture
                    self._news.notify_all()
                self._pass_on(capture)
        except Exception as failure:  # noqa: BLE001 - raised again on the consumer's thread
            error = failure
        with self._news:
            self._error = error
            self._finished = True
            self._news.notify_all()

    def _pass_on(self, capture: Capture) -> None:
        for frame in capture.frames():
            with self._news:
                if len(self._waiting) == _WAITING_FRAMES:
                    self._waiting.popleft()
                    self.dropped += 1
                self._waiting.append(frame)
                self._news.notify_all()
            if self._closing.is_set():
                return
