"""Batches of shards; where PyTorch is not installed they cannot be made."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from training.batches import ahead, batches
from training.errors import TrainingError
from training.render_crops import Photograph, write_shards
from training.render_plates import INPUT_HEIGHT_PX, INPUT_WIDTH_PX


def test_shards_that_are_smaller_than_a_batch_end_the_run(tmp_path: Path) -> None:
    picture = np.zeros((INPUT_HEIGHT_PX, INPUT_WIDTH_PX, 3), np.uint8)
    plate = Photograph(picture=picture, text="AB1")
    write_shards([plate] * 8, tmp_path, "plates-1", np.random.default_rng(1))
    assert len(next(batches(tmp_path, 16, np.random.default_rng(1))).labels) == 16
    with pytest.raises(TrainingError, match="have 8 plates at most and a batch takes 16"):
        next(ahead(batches(tmp_path, 64, np.random.default_rng(1))))
