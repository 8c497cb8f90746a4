"""What a recognition worker answers when models or engines fail: a sentence, and soon."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from pytest_django import Settings
from structlog.testing import capture_logs

from detections.services import batches
from detections.services.batches import FAILED, Batch, recognise
from detections.services.frames import frames_redis, pack_frame
from tests.recognition.test_registry import models_dir

__all__ = ["models_dir"]


@pytest.fixture
def own_set(models_dir: Path, settings: Settings) -> str:
    """A set of tiny models under a name that no other test has loaded."""
    name = f"own-{uuid4().hex}"
    registry = models_dir / "registry.toml"
    registry.write_text(registry.read_text().replace("[sets.own]", f"[sets.{name}]"))
    settings.MODELS_DIR = models_dir
    return name


def answer_to(work: batches.Work, model_set: str, packed: bytes | None = None) -> Any:
    batch: Batch = {
        "id": uuid4().hex,
        "work": work,
        "model_set": model_set,
        "keys": [f"lpr:frame:{uuid4().hex}"],
        "reply_to": f"lpr:reply:{uuid4().hex}",
    }
    frame = np.zeros((40, 80, 3), np.uint8)
    frames_redis().set(batch["keys"][0], packed or pack_frame(frame), ex=10)
    recognise(batch)
    content = frames_redis().lpop(batch["reply_to"])
    assert isinstance(content, bytes)
    return json.loads(content)


def test_worker_answers(own_set: str) -> None:
    reply = answer_to("detect", own_set)
    assert (reply["error"], len(reply["results"])) == ("", 1)


def test_unforeseen_failure_is_answered_without_its_details(own_set: str) -> None:
    reply = answer_to("detect", own_set, packed=b"\xff" * 40)
    assert (reply["error"], reply["results"]) == (FAILED, [None])


def test_set_of_a_missing_reader_is_not_loaded_for_each_frame(
    own_set: str,
    models_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = (models_dir / "strips.onnx").read_bytes()
    (models_dir / "strips.onnx").unlink()
    with capture_logs() as logged:
        assert "strips.onnx is missing" in answer_to("read", own_set)["error"]
        (models_dir / "strips.onnx").write_bytes(model)
        assert "strips.onnx is missing" in answer_to("detect", own_set)["error"]
    assert [entry["event"] for entry in logged] == ["recognition_failed"], "once, not each time"
    monkeypatch.setattr(batches, "FAILED_SECONDS", 0.0)
    assert answer_to("detect", own_set)["error"] == ""
