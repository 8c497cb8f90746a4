"""Several cut-outs of one doubtful crop: what one box cuts off, another shows.

Of whole pictures the shipped detector's boxes cost our reader up to 17 points of what it reads in
true boxes. Looking again at the crop drawn in, widened and shifted to either side gives most of
them back, and a plate that is read surely the first time costs nothing more.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[Any]

GLANCES = (
    (-0.03, -0.04, -0.03, -0.04),
    (0.04, 0.05, 0.04, 0.05),
    (-0.03, 0.0, 0.03, 0.0),
    (0.03, 0.0, -0.03, 0.0),
)
"""What is added left, above, right and below, as shares of the crop's sides; negative cuts off."""

WHOLE = [0, *(1 + index for index, sides in enumerate(GLANCES) if min(sides) >= 0)]
"""Of the crop and its cut-outs those that cut nothing off. They alone name the region: a province
stands at the lower edge, and drawn in the crop of Bangkok looks like one of Kamphaeng Phet."""


def glances(crop: Picture) -> list[Picture]:
    """The cut-outs of a crop of any channels, each as large as it; what lies outside is repeated.

    >>> [picture.shape for picture in glances(np.zeros((20, 40, 3), np.uint8))] == [(20, 40, 3)] * 4
    True
    """
    height, width = crop.shape[:2]
    pictures = []
    for left, top, right, bottom in GLANCES:
        wide, high = 1 / (1 + left + right), 1 / (1 + top + bottom)
        # A pixel's middle lies half a pixel from its corner.
        move_x = left * width * wide + (wide - 1) / 2
        move_y = top * height * high + (high - 1) / 2
        matrix = np.array([[wide, 0, move_x], [0, high, move_y]])
        pictures.append(
            cv2.warpAffine(crop, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        )
    return pictures
