"""Where in the picture plates count."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from detections.recognition.config import Polygon


def is_inside(
    center: tuple[float, float],
    *,
    include: Sequence[Polygon] = (),
    exclude: Sequence[Polygon] = (),
) -> bool:
    """Say whether a plate counts, by its centre, so that one plate is in one zone.

    Args:
        center: As fractions of the frame's width and height.
        include: Plates count in these; everywhere where there are none.
        exclude: Plates never count in these.

    >>> left = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    >>> is_inside((0.2, 0.5), include=[left]), is_inside((0.2, 0.5), exclude=[left])
    (True, False)
    """
    if any(_contains(polygon, center) for polygon in exclude):
        return False
    return not include or any(_contains(polygon, center) for polygon in include)


def _contains(polygon: Polygon, point: tuple[float, float]) -> bool:
    return cv2.pointPolygonTest(np.array(polygon, np.float32), point, measureDist=False) >= 0


def mask_of(
    *, width: int, height: int, include: Sequence[Polygon], exclude: Sequence[Polygon]
) -> NDArray[np.uint8]:
    """Draw the zones: shape (height, width), 255 where plates count and 0 elsewhere."""
    mask = np.full((height, width), 0 if include else 255, np.uint8)
    for polygons, value in ((include, 255), (exclude, 0)):
        for polygon in polygons:
            corners = np.array(polygon) * (width, height)
            cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], (value,))
    return mask
