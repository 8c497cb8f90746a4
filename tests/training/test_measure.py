"""Measuring: labels of an exported training set count as those of the picture sets do."""

import json
from pathlib import Path

import cv2
import numpy as np

from detections.recognition.registry import SHIPPED_WEIGHTS
from training.measure import measure_reader

READER = SHIPPED_WEIGHTS / "plate_reader_v1.onnx"


def test_province_is_scored_by_code_and_by_name(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "one.png"), np.full((64, 128, 3), 90, np.uint8))
    provinces = ("TH-10", "กรุงเทพมหานคร", None, "")
    rows = [
        {"image": "one.png", "plates": [{"bbox": None, "text": "1กข1234", "province": province}]}
        for province in provinces
    ]
    (tmp_path / "labels.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    [score] = measure_reader(READER, tmp_path / "labels.jsonl").values()
    assert (score.plates, score.provinces) == (4, 2)
