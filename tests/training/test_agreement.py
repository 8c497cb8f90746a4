"""Answers of two models compared: what moved, what is missing, what stands in another order."""

import numpy as np
import pytest

from training.agreement import apart, rendered_crops, rendered_scenes
from training.errors import TrainingError

BOXES = np.array(
    [[10, 10, 110, 40, 0.9, 0], [200, 50, 260, 80, 0.6, 0], [5, 5, 9, 9, 0.01, 0]], np.float32
)


def test_order_and_faint_boxes_do_not_matter() -> None:
    assert apart(BOXES, BOXES[[1, 0]]) == (0, 0)


def test_moved_box_and_score_are_measured() -> None:
    moved = BOXES.copy()
    moved[0, 2] += 3
    moved[1, 4] -= 0.25
    assert apart(BOXES, moved) == pytest.approx((0.25, 3))


@pytest.mark.parametrize(("expected", "answered"), [(BOXES, BOXES[:1]), (BOXES[:1], BOXES)])
def test_box_of_one_alone_is_refused(
    expected: np.ndarray[tuple[int, int], np.dtype[np.float32]],
    answered: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> None:
    with pytest.raises(TrainingError, match="Only one of the two models"):
        apart(expected, answered)


def test_rendered_pictures_are_as_the_models_want_them(fonts: None) -> None:
    random = np.random.default_rng(1)
    crops, scenes = rendered_crops(2, random), rendered_scenes(2, 384, 640, random)
    assert crops.shape == (2, 64, 128, 3)
    assert crops.dtype == np.uint8
    assert scenes.shape == (2, 3, 384, 640)
    assert scenes.dtype == np.float32
    assert 0 <= scenes.min() < scenes.max() <= 1
