"""Whether anything moved since a moment ago: the cheapest reason not to look for plates."""

from collections.abc import Sequence
from math import exp

import cv2
import numpy as np
from numpy.typing import NDArray

from detections.recognition.config import Polygon
from detections.recognition.zones import mask_of

Luma = NDArray[np.uint8]

_WIDTH_PX = 160
_GRAY_DIMENSIONS = 2
_FADE_S = 1.0
"""How fast the remembered scene follows the present one: what stands is forgotten in seconds."""

_NOISE_RISE_S = 10.0
_NOISE_FALL_S = 1.0
_NOISE_FACTOR = 6.0
_MAX_NOISE = 12.0
_DEVIATIONS_PER_MEDIAN = 1.4826
_CAPTION_ROWS = 0.06
"""Captions lie in these rows at the top and bottom, and a clock in one never stops. A vehicle that
moves in them alone has not come in yet, or has gone."""


class MotionGate:
    """Remembers the scene of one camera, small and blurred, and compares each frame with it.

    A change of light over the whole picture is taken off as the median difference, sensor noise
    raises the threshold by itself, and what changes slowly becomes part of the scene.
    """

    def __init__(
        self,
        *,
        threshold: float,
        min_area: float,
        include: Sequence[Polygon] = (),
        exclude: Sequence[Polygon] = (),
    ) -> None:
        """Set up the gate of one camera.

        Args:
            threshold: Difference of luma, 1 to 255, from which a pixel has moved.
            min_area: Fraction of the frame that must have moved, 0 to 1; at 0 every frame has.
            include: Only motion in these zones counts; everywhere where there are none.
            exclude: Motion in these zones never counts.
        """
        self._threshold = threshold
        self._min_area = min_area
        self._include = tuple(include)
        self._exclude = tuple(exclude)
        self._scene: NDArray[np.float32] | None = None
        self._mask: NDArray[np.bool_] = np.zeros((0, 0), np.bool_)
        self._seen_s = 0.0
        self._noise: float | None = None

    def has_moved(self, frame: Luma, seen_s: float) -> bool:
        """Compare a frame with the scene, and take it in.

        Args:
            frame: Luma of shape (H, W) or BGR of shape (H, W, 3), uint8. The first frame, and one
                of other proportions than the last, count as moved.
            seen_s: When, in seconds; only differences matter.
        """
        small = _shrink(frame)
        if self._scene is None or self._scene.shape != small.shape:
            self._begin(small, seen_s)
            return True
        elapsed_s = max(seen_s - self._seen_s, 0.0)
        self._seen_s = seen_s
        difference = small - self._scene
        difference -= _median(difference)
        cv2.accumulateWeighted(small, self._scene, 1 - exp(-elapsed_s / _FADE_S))
        np.abs(difference, out=difference)
        limit = max(self._threshold, _NOISE_FACTOR * self._follow_noise(difference, elapsed_s))
        moved = cv2.countNonZero(((difference > limit) & self._mask).view(np.uint8))
        return moved >= self._min_area * difference.size

    def _begin(self, small: NDArray[np.float32], seen_s: float) -> None:
        height, width = small.shape
        self._scene = small.copy()
        self._seen_s = seen_s
        mask = mask_of(width=width, height=height, include=self._include, exclude=self._exclude)
        rows = round(height * _CAPTION_ROWS) + 1  # into which a caption is blurred
        mask[:rows] = mask[height - rows :] = 0
        self._mask = mask > 0

    def _follow_noise(self, difference: NDArray[np.float32], elapsed_s: float) -> float:
        """Estimate the sensor's noise, rising slowly: a lorry that fills the picture is none."""
        now = min(_DEVIATIONS_PER_MEDIAN * float(_median(difference)), _MAX_NOISE)
        if self._noise is None:
            self._noise = now
        follow_s = _NOISE_RISE_S if now > self._noise else _NOISE_FALL_S
        self._noise += (1 - exp(-elapsed_s / follow_s)) * (now - self._noise)
        return self._noise


def _median(values: NDArray[np.float32]) -> np.float32:
    """The median of every ninth value, in a fifth of the time that `np.median` takes."""
    some = values[::3, ::3].ravel()
    middle: np.float32 = np.partition(some, some.size // 2)[some.size // 2]
    return middle


def _shrink(frame: Luma) -> NDArray[np.float32]:
    """Pick every n-th pixel, of green where there are colours, and blur away what that aliases."""
    step = max(frame.shape[1] // _WIDTH_PX, 1)
    is_gray = frame.ndim == _GRAY_DIMENSIONS
    luma = frame[::step, ::step] if is_gray else frame[::step, ::step, 1]
    return cv2.blur(luma.astype(np.float32), (3, 3)).astype(np.float32, copy=False)
