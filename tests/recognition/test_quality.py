from dataclasses import replace

import cv2
import numpy as np
import pytest

from detections.recognition.quality import legibility, measure_quality
from detections.recognition.types import Frame, PlateBox


def plate(*, height: int = 32, blur_px: float = 0.0, gain: float = 1.0) -> Frame:
    picture = np.full((64, 256, 3), 200, np.uint8)
    cv2.putText(picture, "34A36837", (8, 46), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (10, 10, 10), 4)
    if blur_px:
        picture = cv2.GaussianBlur(picture, (0, 0), blur_px).astype(np.uint8)
    resized = cv2.resize(picture, (4 * height, height), interpolation=cv2.INTER_AREA)
    return (resized * gain).astype(np.uint8)


def box_of(crop: Frame) -> PlateBox:
    height, width = crop.shape[:2]
    return PlateBox(x_min=0, y_min=0, x_max=width, y_max=height, confidence=1)


def test_sharpness_falls_with_blur() -> None:
    figures = [
        measure_quality(crop, box_of(crop)).sharpness
        for crop in (plate(blur_px=blur) for blur in (0, 2, 4, 8))
    ]
    assert figures == sorted(figures, reverse=True)
    assert figures[0] > 4 * figures[-1]


def test_brightness_and_contrast_follow_the_light() -> None:
    day, night = plate(), plate(gain=0.2)
    bright, dark = measure_quality(day, box_of(day)), measure_quality(night, box_of(night))
    assert dark.brightness == pytest.approx(0.2 * bright.brightness, abs=2)
    assert dark.contrast == pytest.approx(0.2 * bright.contrast, abs=2)


def test_size_is_that_of_the_box_and_not_of_the_crop() -> None:
    box = PlateBox(x_min=10, y_min=10, x_max=50, y_max=22, confidence=1)
    quality = measure_quality(plate(), box)
    assert (quality.width_px, quality.height_px) == (40, 12)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 200, 3), (200, 1, 3)])
def test_tiny_crops_are_measured(shape: tuple[int, int, int]) -> None:
    crop = np.zeros(shape, np.uint8)
    assert measure_quality(crop, box_of(crop)).sharpness == 0


def sized(width: float, height: float) -> float:
    quality = measure_quality(plate(), box_of(plate()))
    return legibility(replace(quality, width_px=width, height_px=height))


def test_squarish_plate_is_as_legible_as_one_of_its_lines() -> None:
    assert sized(26, 20) == pytest.approx(sized(40, 10))
    assert sized(28, 24) == pytest.approx(sized(60, 12))


@pytest.mark.parametrize("width", [40, 34, 94])
def test_plate_of_two_to_one_may_be_a_single_line_and_keeps_its_height(width: float) -> None:
    """An American plate, a Thai one of a car at a slant, a European one."""
    assert sized(width, 20) == pytest.approx(sized(100, 20))


def test_legibility_prefers_near_sharp_and_lit() -> None:
    good = plate()
    best = legibility(measure_quality(good, box_of(good)))
    for worse in (plate(height=12), plate(blur_px=6), plate(gain=0.1)):
        assert 0 < legibility(measure_quality(worse, box_of(worse))) < best < 1
