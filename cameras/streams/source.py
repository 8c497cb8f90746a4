"""The one door to every kind of source: `open_source`.

Importing this module loads neither PyAV nor OpenCV; opening a source does.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from cameras.streams.config import SourceConfig, SourceKind
from cameras.streams.errors import AccessDeniedError, AddressNotFoundError

if TYPE_CHECKING:
    from cameras.streams.capture import Capture
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
    """Open a source and decode its first picture.

    Args:
        config: What to open.
        allowed_root: Folder in which FILE and FOLDER sources must lie, links followed; None allows
            any path, for programs that a person runs on files of their own.

    Raises:
        StreamError: The source cannot be opened; the class says why, the message what to do.
    """
    if not config.is_live:
        return open_capture(config, allowed_root)
    # Imported here so that the web process, which only checks addresses, loads neither PyAV nor
    # OpenCV.
    from cameras.streams.live import LiveSource

    source = LiveSource(partial(open_capture, config, allowed_root))
    _ = source.info
    return source


def open_capture(config: SourceConfig, allowed_root: Path | None) -> "Capture":
    """Open a source that is read on the thread that asks, and so drops nothing.

    Raises:
        StreamError: See `open_source`.
    """
    from cameras.streams.pictures import FolderCapture, SnapshotCapture
    from cameras.streams.video import VideoCapture

    match config.kind:
        case SourceKind.FILE:
            return VideoCapture(config, _allowed_path(config, allowed_root))
        case SourceKind.FOLDER:
            return FolderCapture(config, _allowed_path(config, allowed_root))
        case SourceKind.SNAPSHOT:
            return SnapshotCapture(config)
        case SourceKind.RTSP | SourceKind.HTTP | SourceKind.MJPEG | SourceKind.USB:
            return VideoCapture(config)


def _allowed_path(config: SourceConfig, allowed_root: Path | None) -> Path:
    """The file or folder of a source, every link in it resolved."""
    noun, path = str(config.kind), Path(config.url)
    try:
        real = path.resolve()
        # Asked first: of what lies outside, not even whether it is there is told.
        if allowed_root is not None and not real.is_relative_to(allowed_root.resolve()):
            raise AccessDeniedError(f"The {noun} {path.name} lies outside the folder for media.")
        real.stat()
    except FileNotFoundError:
        raise AddressNotFoundError(f"The {noun} {path.name} does not exist.") from None
    except (OSError, RuntimeError) as error:  # a link in a circle is a RuntimeError
        raise AccessDeniedError(f"The {noun} {path.name} cannot be reached.") from error
    is_right = real.is_dir() if config.kind is SourceKind.FOLDER else real.is_file()
    if not is_right:
        raise AddressNotFoundError(f"{path.name} is not a {noun}.")
    needed = os.R_OK | os.X_OK if config.kind is SourceKind.FOLDER else os.R_OK
    if not os.access(real, needed):
        raise AccessDeniedError(
            f"The {noun} {path.name} may not be read by the user that this program runs as."
        )
    return real
