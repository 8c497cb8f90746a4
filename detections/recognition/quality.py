"""How well a plate can be read in one frame, measured before anything tries to."""

from math import prod

import cv2

from detections.recognition.types import Frame, PlateBox, PlateQuality

_HEIGHT_PX = 32

_SQUARISH = 1.5
"""A box that is less than so many times as wide as high holds two lines, or three. A wider one may
hold a single line of large characters, as American plates and Thai ones of cars do at 2 to 1."""

_LEAST = 0.01
_HALF_HEIGHT_PX = 10.0
_HALF_SHARPNESS = 100.0
_HALF_CONTRAST = 15.0
"""Where half of all readings can be hoped for; only the order of a vehicle's frames follows from
them, so that rough figures do."""


def measure_quality(crop: Frame, box: PlateBox) -> PlateQuality:
    """Measure one plate; a crop is resized to one height first, so that figures compare.

    Args:
        crop: Shape (H, W, 3), uint8, BGR: the plate with some margin.
        box: Where it was, in pixels of the full frame.

    Source: variance of the Laplacian as a measure of focus, J. Pech-Pacheco et al., "Diatom
        autofocusing in brightfield microscopy", 2000.
    """
    luma = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    width = max(round(luma.shape[1] * _HEIGHT_PX / luma.shape[0]), 1)
    scaled = cv2.resize(luma, (width, _HEIGHT_PX), interpolation=cv2.INTER_AREA)
    mean, deviation = cv2.meanStdDev(scaled)
    _, laplacian_deviation = cv2.meanStdDev(cv2.Laplacian(scaled, cv2.CV_32F))
    return PlateQuality(
        width_px=box.width,
        height_px=box.height,
        sharpness=float(laplacian_deviation[0, 0]) ** 2,
        brightness=float(mean[0, 0]),
        contrast=float(deviation[0, 0]),
    )


def line_height_px(width_px: float, height_px: float) -> float:
    """Height that a box leaves to a line of its plate: half of a squarish one, else all of it.

    A plate of one line that hangs at such a slant that its box is squarish takes half of it, too.

    >>> line_height_px(26, 20), line_height_px(40, 20)
    (10.0, 20.0)
    """
    return height_px / 2 if width_px < _SQUARISH * height_px else float(height_px)


def legibility(quality: PlateQuality) -> float:
    """Put frames of one vehicle in order: 0.01 for nothing to be read, towards 1 for the best.

    >>> far = PlateQuality(width_px=40, height_px=12, sharpness=300, brightness=90, contrast=40)
    >>> near = PlateQuality(width_px=90, height_px=27, sharpness=300, brightness=90, contrast=40)
    >>> legibility(near) > legibility(far)
    True
    """
    halves = (
        (line_height_px(quality.width_px, quality.height_px), _HALF_HEIGHT_PX),
        (quality.sharpness, _HALF_SHARPNESS),
        (quality.contrast, _HALF_CONTRAST),
    )
    return max(prod(value / (value + half) for value, half in halves), _LEAST)
