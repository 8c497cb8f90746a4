"""Single pictures as a source: a folder of them, or a camera's snapshot asked for at a rate."""

import time
from collections.abc import Iterator
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import BinaryIO

import av
from av import VideoFrame

from cameras.streams.capture import Capture
from cameras.streams.clock import RateLimit
from cameras.streams.config import SourceConfig
from cameras.streams.errors import EmptyFolderError, NotAVideoError, StreamError
from cameras.streams.frame import upright_size
from cameras.streams.libav import explain, open_video, source_name
from cameras.streams.source import StreamInfo

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


class _PictureCapture(Capture):
    """What folder and snapshot share: whole pictures at a fixed rate."""

    _codec: str
    _first: VideoFrame

    def __init__(self, config: SourceConfig) -> None:
        super().__init__(config)
        self._rate = RateLimit(None)
        self._fps = config.analyse_fps or 1.0

    @property
    def info(self) -> StreamInfo:
        width, height = upright_size(self._first)
        return StreamInfo(width=width, height=height, codec=self._codec, fps=self._fps)

    def _release(self) -> None:
        """Every picture is closed as soon as it is decoded."""

    def _read(self, file: BinaryIO | None = None) -> VideoFrame:
        started_s = time.monotonic()
        container, stream = open_video(self.config, file)
        with container:
            try:
                image = next(container.decode(stream), None)
            except (av.FFmpegError, OSError) as error:
                waited_s = time.monotonic() - started_s
                limit_s = self.config.open_timeout_s + self.config.read_timeout_s
                raise explain(error, self.config, waited_s, limit_s) from None
            if image is None or image.is_corrupt:
                raise NotAVideoError(f"{source_name(self.config)} delivers a damaged picture.")
            self._codec = stream.codec_context.name
            return image


class FolderCapture(_PictureCapture):
    """The pictures of a folder in the order of their names.

    Links, and pictures that cannot be read, are skipped.

    Raises:
        EmptyFolderError: No picture in it can be read.
    """

    def __init__(self, config: SourceConfig, folder: Path) -> None:
        super().__init__(config)
        self._folder = folder
        self.skipped = 0
        first = next(self._pictures(), None)
        if first is None:
            raise EmptyFolderError(
                f"{source_name(config)} holds no picture that can be read: put JPEG, PNG or WebP "
                "files in it."
            )
        self._first = first
        self.skipped = 0

    def _images(self) -> Iterator[tuple[VideoFrame, float | None]]:
        moments_s = (number / self._fps for number in count())
        while True:
            for image in self._pictures():
                yield image, next(moments_s)
            if not self.config.loop:
                return

    def _pictures(self) -> Iterator[VideoFrame]:
        for path in sorted(self._folder.iterdir()):
            if path.suffix.lower() not in PICTURE_SUFFIXES or path.is_symlink():
                continue
            try:
                # Without its name, by which libav would choose the demuxer that opens other files.
                image = self._read(BytesIO(path.read_bytes()))
            except (StreamError, OSError):
                self.skipped += 1
            else:
                yield image


class SnapshotCapture(_PictureCapture):
    """A picture asked for at a fixed rate.

    Raises:
        StreamError: The first picture does not come.
    """

    def __init__(self, config: SourceConfig) -> None:
        super().__init__(config)
        self._first = self._read()

    def _images(self) -> Iterator[tuple[VideoFrame, float | None]]:
        yield self._first, None
        due_s = seen_s = time.monotonic()
        while True:
            due_s = max(due_s + 1 / self._fps, time.monotonic())
            if self._closing.wait(due_s - time.monotonic()):
                return
            try:
                image = self._read()
            except NotAVideoError:
                # One damaged picture is the camera's hiccup, a row of them is an error.
                if time.monotonic() - seen_s > self.config.read_timeout_s:
                    raise
            else:
                seen_s = time.monotonic()
                yield image, None
