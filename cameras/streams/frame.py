"""A decoded frame whose pixels are converted only when somebody asks for them.

swscale converts colour, once, from the decoder's own planes: it knows the pixel formats (10 bit,
4:2:2, full range JPEG, odd widths), and with its tables kept between frames it takes 0.8 ms of CPU
for 1920 x 1080 where OpenCV takes 1.1 ms for I420 alone.
"""

import threading
from typing import Literal

import cv2
import numpy as np
from av import VideoFrame
from av.video.reformatter import Colorspace, VideoReformatter

from cameras.streams.yuv import Pixels, YuvPicture

_AVCOL_SPC_UNSPECIFIED = 2
_AVCOL_RANGE_JPEG = 2
_HD_HEIGHT_PX = 720
_BITS_OF_A_BYTE = 8
# 8 bit, 4:2:0, three planes: what nearly every camera sends. The second is of full range.
_PLANAR = frozenset({"yuv420p", "yuvj420p"})


class FrameConverter:
    """Turns the frames of one source into arrays; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # One for each use: a reformatter builds its tables anew whenever its sizes change.
        names = ("full", "scaled", "planes")
        self._reformatters = {name: VideoReformatter() for name in names}

    def convert(
        self, image: VideoFrame, use: Literal["full", "scaled"], width: int, height: int
    ) -> Pixels:
        """Pixels of `image` at a size given in the image's own orientation, then turned upright.

        Returns:
            Shape (height, width, 3), or (width, height, 3) once turned; uint8, BGR, full range.
        """
        colorspace = _colorspace(image)
        with self._lock:
            converted = self._reformatters[use].reformat(
                image,
                width=width,
                height=height,
                format="bgr24",
                src_colorspace=colorspace,
                dst_colorspace=colorspace,
                interpolation="AREA",
                threads=1,
            )
        return _upright(_plane(converted, 0, channels=3).reshape(height, width, 3), image)

    def planes(self, image: VideoFrame, width: int, height: int) -> YuvPicture:
        """Scale an image without converting its colours; both sides even, then turned upright."""
        chroma = (width // 2, height // 2)
        # OpenCV halves in a third of swscale's time, and does everything else more slowly.
        is_half = (image.width, image.height) == (2 * width, 2 * height)
        if image.format.name in _PLANAR and is_half:
            found = [
                cv2.resize(_plane(image, index), size, interpolation=cv2.INTER_AREA)
                for index, size in enumerate(((width, height), chroma, chroma))
            ]
        else:
            with self._lock:
                image_420 = self._reformatters["planes"].reformat(
                    image,
                    width=width,
                    height=height,
                    format="yuv420p",
                    interpolation="AREA",
                    threads=1,
                )
            found = [_plane(image_420, index).copy() for index in range(3)]
        return _yuv([_upright(np.asarray(plane, np.uint8), image) for plane in found], image)


class StreamFrame:
    """One picture of a source, upright: the rotation that a phone writes beside a video is undone.

    A frame that nobody converts has cost its decoding and nothing more.

    Attributes:
        index: Counts decoded frames from 0, so a gap is a frame that was not handed out.
        seen_s: The source's clock: for a live source the Unix time of the moment that the picture
            shows, for a file the seconds since the start (of the first round, where it loops).
        width: Of the upright picture, in pixels.
        height: Of the upright picture, in pixels.
    """

    __slots__ = (
        "_bgr",
        "_converter",
        "_image",
        "_planes",
        "_scaled",
        "height",
        "index",
        "seen_s",
        "width",
    )

    def __init__(
        self, image: VideoFrame, converter: FrameConverter, *, index: int, seen_s: float
    ) -> None:
        self.index = index
        self.seen_s = seen_s
        self.width, self.height = upright_size(image)
        self._image = image
        self._converter = converter
        self._bgr: Pixels | None = None
        self._scaled: dict[int, Pixels] = {}
        self._planes: tuple[int, YuvPicture] | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """What `bgr().shape` would be."""
        return self.height, self.width, 3

    def bgr(self) -> Pixels:
        """Shape (height, width, 3), uint8, BGR; converted once, the same array at every call."""
        if self._bgr is None:
            image = self._image
            self._bgr = self._converter.convert(image, "full", image.width, image.height)
        return self._bgr

    def cut(self, left: int, top: int, right: int, bottom: int) -> Pixels:
        """The pixels of `bgr()[top:bottom, left:right]`, converting hardly more than these."""
        image = self._image
        if self._bgr is not None or image.format.name not in _PLANAR or quarter_turns(image):
            return self.bgr()[top:bottom, left:right].copy()
        y, x = top // 2 * 2, left // 2 * 2
        luma = _plane(image, 0)[y : (bottom + 1) // 2 * 2, x : (right + 1) // 2 * 2]
        if luma.shape[0] % 2 or luma.shape[1] % 2:  # the odd last row or column of a frame
            return self.bgr()[top:bottom, left:right].copy()
        rows, columns = slice(y // 2, (bottom + 1) // 2), slice(x // 2, (right + 1) // 2)
        chroma = [_plane(image, index)[rows, columns] for index in (1, 2)]
        pixels = _yuv([luma, *chroma], image).bgr()
        return pixels[top - y : bottom - y, left - x : right - x].copy()

    def scaled_yuv(self, longest_side: int) -> YuvPicture:
        """The frame whose longer side is at most `longest_side` pixels, its colours as they came.

        Both sides are even numbers; never enlarged; converted once for the last size asked for.
        """
        if self._planes is None or self._planes[0] != longest_side:
            image, scale = self._image, min(1.0, longest_side / max(self.width, self.height))
            width, height = (
                min(max(2, 2 * round(side * scale / 2)), max(2, side // 2 * 2))
                for side in (image.width, image.height)
            )
            self._planes = longest_side, self._converter.planes(image, width, height)
        return self._planes[1]

    def scaled_bgr(self, longest_side: int) -> Pixels:
        """BGR whose longer side is at most `longest_side` pixels; never enlarged.

        Averages the pixels that fall together, straight from the decoder's planes; converted once
        for each size.
        """
        scale = longest_side / max(self.width, self.height)
        if scale >= 1:
            return self.bgr()
        if longest_side not in self._scaled:
            pixels = self._converter.convert(self._image, "scaled", *self._size(scale))
            self._scaled[longest_side] = pixels
        return self._scaled[longest_side]

    def gray(self, width: int) -> Pixels:
        """Brightness in the frame's proportions, shape (h, width), uint8, for telling motion.

        It is the decoder's Y plane as it is: black is 16 and white 235 in most streams, 0 and 255
        in those of full range.
        """
        luma = _luma(self._image)
        size = self._size(width / self.width)
        # Few pixels are enough to average, and what is read of a large picture is what this costs:
        # whole rows, one for each that comes out, or every other pixel where these do not fit.
        step = max(1, luma.shape[0] // size[1])
        if luma.shape[1] % size[0] == 0:
            luma = luma[step // 2 :: step]
        else:
            luma = luma[:: max(1, step // 2), :: max(1, step // 2)]
        small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
        return _upright(np.asarray(small, np.uint8), self._image)

    def _size(self, scale: float) -> tuple[int, int]:
        image = self._image
        return max(1, round(image.width * scale)), max(1, round(image.height * scale))


def quarter_turns(image: VideoFrame) -> int:
    """Counterclockwise quarter turns that put an image upright, 0 to 3."""
    return round(image.rotation / 90) % 4


def upright_size(image: VideoFrame) -> tuple[int, int]:
    """Width and height of an image once it is turned upright."""
    if quarter_turns(image) % 2:
        return image.height, image.width
    return image.width, image.height


def _plane(image: VideoFrame, index: int, channels: int = 1) -> Pixels:
    """A view of a plane without the padding of its rows: shape (h, w * channels)."""
    plane = image.planes[index]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width * channels]


def _yuv(planes: list[Pixels], image: VideoFrame) -> YuvPicture:
    is_full_range = image.format.name == "yuvj420p" or image.color_range == _AVCOL_RANGE_JPEG
    return YuvPicture(
        y=planes[0],
        u=planes[1],
        v=planes[2],
        colorspace=_colorspace(image),
        is_full_range=is_full_range,
    )


def _luma(image: VideoFrame) -> Pixels:
    first = image.format.components[0]
    if not (image.format.is_planar and first.is_luma and first.bits == _BITS_OF_A_BYTE):
        image = image.reformat(format="gray8", threads=1)
    return _plane(image, 0)


def _upright(pixels: Pixels, image: VideoFrame) -> Pixels:
    return np.ascontiguousarray(np.rot90(pixels, quarter_turns(image)))


def _colorspace(image: VideoFrame) -> int:
    """The matrix that a frame was coded with, guessed from its size where it does not say.

    Source: most cameras leave the field empty; players then take BT.709 from 720 lines on and
    BT.601 below (mpv, `mp_csp_guess_colorspace`).
    """
    if image.colorspace != _AVCOL_SPC_UNSPECIFIED:
        return image.colorspace
    return Colorspace.ITU709 if image.height >= _HD_HEIGHT_PX else Colorspace.ITU601
