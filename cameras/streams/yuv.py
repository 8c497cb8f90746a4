"""A picture as cameras and engines' hosts exchange it: brightness in full, colour at half the size.

It is half as large as BGR, and decoders deliver it, so that nothing need be converted before it is
known that somebody wants colours.
"""

import threading
from dataclasses import dataclass

import numpy as np
from av import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

_of_thread = threading.local()


def _reformatter() -> VideoReformatter:
    """This thread's, which keeps its tables for as long as sizes stay the same."""
    if not hasattr(_of_thread, "reformatter"):
        _of_thread.reformatter = VideoReformatter()
    reformatter: VideoReformatter = _of_thread.reformatter
    return reformatter


@dataclass(frozen=True, slots=True, kw_only=True)
class YuvPicture:
    """Planes of 4:2:0, 8 bit.

    Attributes:
        y: Brightness, shape (H, W), both even.
        u: Shape (H / 2, W / 2).
        v: As `u`.
        colorspace: The matrix it was coded with, as libav numbers them (AVColorSpace).
        is_full_range: Black is 0 and white 255, not 16 and 235.
    """

    y: Pixels
    u: Pixels
    v: Pixels
    colorspace: int
    is_full_range: bool

    @property
    def height(self) -> int:
        return int(self.y.shape[0])

    @property
    def width(self) -> int:
        return int(self.y.shape[1])

    def packed(self) -> Pixels:
        """The planes one behind the other (I420), shape (H * 3 / 2, W)."""
        planes = np.empty((self.height * 3 // 2, self.width), np.uint8)
        planes[: self.height] = self.y
        chroma = planes[self.height :].reshape(2, self.height // 2, self.width // 2)
        chroma[0], chroma[1] = self.u, self.v
        return planes

    @classmethod
    def unpacked(cls, planes: Pixels, *, colorspace: int, is_full_range: bool) -> "YuvPicture":
        """The picture whose `packed()` is `planes`; views of them."""
        height, width = planes.shape[0] * 2 // 3, planes.shape[1]
        u, v = planes[height:].reshape(2, height // 2, width // 2)
        return cls(y=planes[:height], u=u, v=v, colorspace=colorspace, is_full_range=is_full_range)

    def bgr(self) -> Pixels:
        """Shape (H, W, 3), uint8, BGR, full range."""
        image = VideoFrame.from_ndarray(
            self.packed(), format="yuvj420p" if self.is_full_range else "yuv420p"
        )
        converted = _reformatter().reformat(
            image,
            format="bgr24",
            src_colorspace=self.colorspace,
            dst_colorspace=self.colorspace,
            threads=1,
        )
        return converted.to_ndarray().astype(np.uint8, copy=False)
