"""The one door to every kind of source: `open_source`.

Importing this module loads neither PyAV nor OpenCV; opening a source does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from cameras.streams.config import SourceConfig, SourceKind

if TYPE_CHECKING:
    from cameras.streams.frame import StreamFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamInfo:
    """What a source said of itself when it opened.

    `width` and `height` are those of the upright picture. `fps` is None where the source does not
    say, `duration_s` where there is no end.
    """

    width: int
    height: int
    codec: str
    fps: float | None = None
    duration_s: float | None = None


class FrameSource(Protocol):
    """An open source. One consumer iterates; any thread may close."""

    @property
    def info(self) -> StreamInfo:
        """What the source said of itself when it opened."""
        ...

    @property
    def decoded(self) -> int:
        """Frames decoded so far, whether handed out or not."""
        ...

    @property
    def dropped(self) -> int:
        """Frames of a live source that were due and found the consumer busy."""
        ...

    def frames(self) -> "Iterator[StreamFrame]":
        """Frames in the order of the source's clock, until the end or `close()`.

        Raises:
            StreamError: The source failed, or a live source ended.
        """
        ...

    def close(self) -> None:
        """End `frames()` from any thread; a live source ends within a second."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


def open_source(config: SourceConfig, *, allowed_root: Path | None = None) -> FrameSource:
    """Open a source and read enough of it to know its size.

    Args:
        config: What to open.
        allowed_root: Folder in which FILE and FOLDER sources must lie, links followed; None allows
            any path, for programs that a person runs on files of their own.

    Raises:
        StreamError: The source cannot be opened; the class says why, the message what to do.
    """
    raise NotImplementedError
