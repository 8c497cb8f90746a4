"""Crops of things that look like plates: none of them lies on a labelled plate."""

import numpy as np

from detections.recognition.registry import SHIPPED_WEIGHTS
from training.measure import iou, session
from training.render_look_alikes import cut_out, proposals
from training.render_plates import INPUT_HEIGHT_PX, INPUT_WIDTH_PX
from training.scenes import compose_scene

DETECTOR = SHIPPED_WEIGHTS / "plate_detector_v1.onnx"


def test_proposals_are_labelled_plates_or_far_from_them(fonts: None) -> None:
    random = np.random.default_rng(4)
    scene = compose_scene(None, random, plates=3)
    proposed = list(proposals(scene, session(DETECTOR), random))
    assert sum(is_plate for _, is_plate in proposed) == len(scene.boxes)
    others = [box for box, is_plate in proposed if not is_plate]
    assert others
    assert all(iou(box, plate) < 0.05 for box in others for plate in scene.boxes)


def test_cut_out_is_as_large_as_the_reader_wants(fonts: None) -> None:
    random = np.random.default_rng(5)
    scene = compose_scene(None, random, plates=0)
    crop = cut_out(scene.picture, np.array([40, 40, 120, 80], np.float32), random)
    assert crop is not None
    assert crop.shape == (INPUT_HEIGHT_PX, INPUT_WIDTH_PX, 3)
    assert cut_out(scene.picture, np.array([-90, -90, -20, -20], np.float32), random) is None
