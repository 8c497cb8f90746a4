"""A decoded frame whose pixels are converted only when somebody asks for them."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


class StreamFrame(Protocol):
    """One picture of a source, upright: the rotation that a phone writes beside its video is undone.

    `index` counts decoded frames from 0, so a gap is a frame that was not handed out. `seen_s` is
    the source's clock: Unix time of the moment that the picture shows for a live source, seconds
    since the start (of the first round, where it loops) for a file. A frame that nobody converts has
    cost its decoding and nothing more.
    """

    @property
    def index(self) -> int: ...

    @property
    def seen_s(self) -> float: ...

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def bgr(self) -> Pixels:
        """Shape (height, width, 3), BGR; converted once, the same array at every call."""
        ...

    def gray(self, width: int) -> Pixels:
        """Luma, shape (h, width) in the frame's proportions, straight from the Y plane."""
        ...

    def scaled_bgr(self, longest_side: int) -> Pixels:
        """BGR with its longer side at most so many pixels; never enlarged."""
        ...
