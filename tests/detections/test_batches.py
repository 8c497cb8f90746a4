import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from pytest_django import Settings

from detections.recognition.types import Reading
from detections.services.batches import Batch, pack_reading, recognise, unpack_reading
from detections.services.frames import frames_redis, pack_frame
from tests.recognition.test_registry import ENTRY
from tests.recognition.tiny_models import RED, write_detector, write_reader

SET = "of-one-worker"


def test_a_reading_survives_its_way_from_the_worker() -> None:
    reading = Reading(
        text="1ก",
        char_confidences=(0.9, 0.5),
        region="TH-50",
        region_confidence=0.7,
        is_plate=False,
        char_alternatives=({}, {"ถ": 0.4}),
        region_alternatives={"TH-51": 0.2},
        models={"set": "default", "reader_sha256": "0f"},
    )
    assert unpack_reading(json.loads(json.dumps(pack_reading(reading)))) == reading


def register(folder: Path, reader: str) -> None:
    """Describe the folder's models, whose set reads with a reader of this name."""
    files = {
        path.name: f'{{ name = "{path.name}", sha256 = "{digest(path)}" }}'
        for path in (folder / "red.onnx", folder / "strips.onnx", folder / "strips.yaml")
    }
    (folder / "registry.toml").write_text(
        f'[models.red]\nkind = "detector"\nfiles = [{files["red.onnx"]}]\n{ENTRY}'
        f'[models.{reader}]\nkind = "reader"\n'
        f"files = [{files['strips.onnx']}, {files['strips.yaml']}]\n{ENTRY}"
        f'[sets.{SET}]\ndetector = "red"\nreader = "{reader}"\n'
    )


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def read_by_worker() -> dict[str, Any]:
    """One crop, read as a worker reads it."""
    crop = np.zeros((20, 80, 3), np.uint8)
    crop[:] = RED
    batch: Batch = {
        "id": "b",
        "work": "read",
        "model_set": SET,
        "keys": ["lpr:frame:b:0"],
        "reply_to": "lpr:reply:b",
    }
    frames_redis().set("lpr:frame:b:0", pack_frame(crop), ex=10)
    recognise(batch)
    answer = frames_redis().lpop("lpr:reply:b")
    assert isinstance(answer, bytes)
    [reading] = json.loads(answer)["results"]
    return dict(reading)


def test_a_reading_names_the_model_that_was_loaded_though_the_registry_is_edited(
    tmp_path: Path, settings: Settings
) -> None:
    settings.MODELS_DIR = tmp_path
    write_detector(tmp_path / "red.onnx", end_to_end=True)
    write_reader(tmp_path)
    register(tmp_path, "first")
    loaded = {
        "set": SET,
        "detector": "red",
        "detector_sha256": digest(tmp_path / "red.onnx"),
        "reader": "first",
        "reader_sha256": digest(tmp_path / "strips.onnx"),
    }
    assert read_by_worker()["models"] == loaded
    with (tmp_path / "strips.onnx").open("ab") as other:
        other.write(b"0")
    register(tmp_path, "second")
    assert read_by_worker()["models"] == loaded
