"""How far an exported model's answers lie from its checkpoint's, on pictures as it will get."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.errors import TrainingError
from training.measure import iou
from training.photos import render_crop
from training.render_plates import INPUT_HEIGHT_PX, INPUT_WIDTH_PX
from training.scenes import compose_scene
from training.types import Random

Floats = NDArray[np.float32]

SEEN = 0.05
"""Boxes of less than this score are the detector's noise."""


def rendered_crops(count: int, random: Random) -> NDArray[np.uint8]:
    """Rendered plates as a reader gets them: shape (N, 64, 128, 3), RGB."""
    size = (INPUT_WIDTH_PX, INPUT_HEIGHT_PX)
    return np.stack([cv2.resize(render_crop(random).picture, size) for _ in range(count)])


def rendered_scenes(count: int, height: int, width: int, random: Random) -> Floats:
    """Rendered streets with plates as a detector gets them: shape (N, 3, H, W), RGB, 0 to 1."""
    side = max(height, width)
    streets = [compose_scene(None, random, side, plates=2).picture for _ in range(count)]
    cut = np.stack([street[-height:, -width:] for street in streets])
    return np.ascontiguousarray(cut.transpose(0, 3, 1, 2), np.float32) / np.float32(255)


def apart(expected: Floats, answered: Floats) -> tuple[float, float]:
    """The largest difference of a score, and of a box's edge in pixels.

    Args:
        expected: Shape (N, 6), rows x_min, y_min, x_max, y_max, score, class.
        answered: The same of the exported model; rows of nearly one score may stand elsewhere.

    Raises:
        TrainingError: A box was not answered at all, or one that was not expected.
    """
    score, edge = 0.0, 0.0
    for rows, others in ((expected, answered), (answered, expected)):
        for row in rows[rows[:, 4] >= 2 * SEEN]:
            candidates = others[others[:, 4] >= SEEN]
            shares = [iou(one[:4], row[:4]) for one in candidates]
            if not shares or max(shares) < 0.5:
                raise TrainingError(f"Only one of the two models finds the box {row[:4].tolist()}.")
            nearest = candidates[int(np.argmax(shares))]
            score = max(score, float(abs(nearest[4] - row[4])))
            edge = max(edge, float(np.abs(nearest[:4] - row[:4]).max()))
    return score, edge
