"""Video by libav: RTSP, HTTP, MJPEG, files and USB cameras."""

import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import av
from av import VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream

from cameras.streams.capture import Capture
from cameras.streams.config import SourceConfig, SourceKind
from cameras.streams.errors import NotAVideoError, StreamEndedError, StreamError
from cameras.streams.frame import upright_size
from cameras.streams.libav import explain, open_video, source_name
from cameras.streams.source import StreamInfo

_DEFAULT_FPS = 25.0
# A broken header claims anything; no camera is faster.
_MAX_FPS = 240.0


class VideoCapture(Capture):
    """Decodes one video stream.

    Args:
        config: The source.
        path: The file to read, where it is one.

    Raises:
        StreamError: It cannot be opened, or no picture in it can be decoded.
    """

    def __init__(self, config: SourceConfig, path: Path | None = None) -> None:
        super().__init__(config)
        self._path = path
        self._file: BinaryIO | None = None
        self._container: InputContainer | None = None
        self._decoding = self._open()
        self._info = self._describe(self._first)

    @property
    def info(self) -> StreamInfo:
        return self._info

    def _open(self) -> Iterator[VideoFrame]:
        """Open and decode the first image; the iterator begins with it."""
        self._file = None if self._path is None else self._path.open("rb")
        try:
            self._container, self._stream = open_video(self.config, self._file)
            decoding = self._decode(self._container, self._stream)
            first = next(decoding, None)
            if first is None:
                raise NotAVideoError(f"No picture in {source_name(self.config)} can be decoded.")
        except StreamError:
            self._release()
            raise
        self._first = first
        return chain([first], decoding)

    def _release(self) -> None:
        if self._container is not None:
            self._container.close()
        if self._file is not None:
            self._file.close()

    def _images(self) -> Iterator[tuple[VideoFrame, float | None]]:
        if self.config.kind is not SourceKind.FILE:
            yield from self._live_images()
        round_starts_s = 0.0
        while True:
            media_s = 0.0
            for media_s, image in self._timed(self._decoding):
                yield image, round_starts_s + media_s
            if not self.config.loop:
                return
            round_starts_s += media_s + self._frame_period_s
            # Opened again, not rewound: not every format can seek.
            self._release()
            self._decoding = self._open()

    def _live_images(self) -> Iterator[tuple[VideoFrame, float | None]]:
        # MJPEG over HTTP has no timestamps; libav invents them.
        has_clock = self.config.kind is not SourceKind.MJPEG
        for image in self._decoding:
            yield image, _time_s(image) if has_clock else None
        raise StreamEndedError(f"{source_name(self.config)} ended the stream.")

    def _timed(self, images: Iterator[VideoFrame]) -> Iterator[tuple[float, VideoFrame]]:
        """Images of one round with seconds since its first, always growing."""
        start_s: float | None = None
        last_s = -self._frame_period_s
        for image in images:
            time_s = _time_s(image)
            if start_s is None:
                start_s = time_s
            if time_s is None or start_s is None or time_s - start_s <= last_s:
                last_s += self._frame_period_s
            else:
                last_s = time_s - start_s
            yield last_s, image

    def _decode(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        packets = container.demux(stream)
        waiting_since_s = time.monotonic()
        while not self._closing.is_set():
            limit_s = self.config.read_timeout_s
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                images = _decode_packet(packet)
            except (av.FFmpegError, OSError) as error:
                waited_s = time.monotonic() - waiting_since_s
                # Not chained: the text of libav's errors holds the address with its password.
                raise explain(error, self.config, waited_s, limit_s) from None
            for image in images:
                yield image
                waiting_since_s = time.monotonic()
            # libav's own limit ends when any packet comes, even one that holds no picture.
            waited_s = time.monotonic() - waiting_since_s
            if self.config.is_live and waited_s > limit_s:
                raise explain(TimeoutError(), self.config, waited_s, limit_s)

    @property
    def _frame_period_s(self) -> float:
        return 1 / (self._fps() or _DEFAULT_FPS)

    def _fps(self) -> float | None:
        rate = self._stream.average_rate or self._stream.guessed_rate
        return float(rate) if rate and 0 < rate <= _MAX_FPS else None

    def _describe(self, image: VideoFrame) -> StreamInfo:
        width, height = upright_size(image)
        duration = self._container.duration if self._container else None
        is_file = self.config.kind is SourceKind.FILE
        return StreamInfo(
            width=width,
            height=height,
            codec=self._stream.codec_context.name,
            fps=self._fps(),
            duration_s=duration / av.time_base if is_file and duration else None,
        )


def _time_s(image: VideoFrame) -> float | None:
    """Timestamp of an image in seconds, from a zero that only its source knows."""
    if image.pts is None or image.time_base is None:
        return None
    return float(image.pts * image.time_base)


def _decode_packet(packet: "av.Packet[VideoStream]") -> list[VideoFrame]:
    """Images of one packet; none from a damaged one, which must not stop the next."""
    try:
        images = packet.decode()
    except av.error.InvalidDataError:
        return []
    return [image for image in images if not image.is_corrupt]
