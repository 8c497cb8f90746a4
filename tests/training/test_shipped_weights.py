"""An exported reader gives its weights back: training goes on where it stands."""

from pathlib import Path

import numpy as np
import pytest

from detections.recognition.registry import SHIPPED_WEIGHTS
from training.errors import TrainingError
from training.measure import session
from training.shipped_weights import weights_in

READER = SHIPPED_WEIGHTS / "plate_reader_v1.onnx"


def test_shipped_reader_gives_each_layer_back() -> None:
    weights = weights_in(READER)
    assert not [name for name in weights if "onnx" in name or name.endswith(".half")]
    biases = {name for name in weights if name.endswith(".bias")}
    assert {name.replace(".bias", ".weight") for name in biases} <= set(weights)
    assert weights["encoder.0.query_key_value.weight"].shape == (288, 96)
    assert weights["stem.0.0.weight"].shape == (24, 3, 3, 3)
    assert weights["stem.5.1.running_var"].tolist() == [1] * 96


def test_other_models_are_refused() -> None:
    with pytest.raises(TrainingError, match="no reader that training"):
        weights_in(SHIPPED_WEIGHTS / "plate_detector_v1.onnx")


def test_network_answers_as_the_file_that_its_weights_are_of(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from training.reader_model import (  # noqa: PLC0415 - needs PyTorch
        ExportedReader,
        PlateReaderNet,
        grow,
        mean_weights,
    )

    net = PlateReaderNet()
    grow(net, mean_weights([READER]))
    pictures = np.random.default_rng(1).integers(0, 256, (3, 64, 128, 3)).astype(np.uint8)
    with torch.no_grad():
        answers = ExportedReader(net).eval()(torch.from_numpy(pictures))
    expected = session(READER).run(["plate", "region"], {"input": pictures})
    for answer, right in zip(answers, expected, strict=True):
        np.testing.assert_allclose(answer.numpy(), right, atol=1e-3)
