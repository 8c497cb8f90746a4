"""A reader's model on OpenVINO: half of ONNX Runtime's time where it computes in bfloat16."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detections.recognition.errors import EngineError
from detections.recognition.openvino import CompiledModel, load_core
from detections.recognition.readers.glances import GLANCES
from detections.recognition.types import Tensor

_BATCHES = (len(GLANCES), 1)
"""Numbers of pictures that the model is compiled for, largest first: a crop's further looks, and
one crop. A model of any number plans its memory anew, which costs a fourth more in bfloat16."""


class OpenVinoSession:
    """A model on OpenVINO, asked as a session of ONNX Runtime is. Thread-safe.

    Args:
        path: An `.onnx` file with one input, of any number of pictures.
        threads: Threads of one inference.

    Raises:
        EngineError: OpenVINO is not installed or refuses the file.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        core = load_core()
        self._of_count: dict[int, CompiledModel] = {}
        try:
            for count in _BATCHES:
                model = core.read_model(path)
                model.reshape([count, *list(model.input(0).partial_shape)[1:]])
                self._of_count[count] = CompiledModel(core, model, threads=threads)
        except RuntimeError as error:
            raise EngineError(f"OpenVINO cannot load {path.name}: {error}") from error

    def run(self, names: Sequence[str], feed: Mapping[str, NDArray[Any]]) -> list[Tensor]:
        """The outputs of these names for the one input, shape (N, ...) each.

        Raises:
            RuntimeError: the model refuses the input.
        """
        [pictures] = feed.values()
        parts = [self._of_count[len(part)].infer(part) for part in _parts(pictures)]
        return [np.concatenate([outputs[name] for outputs in parts]) for name in names]


def _parts(pictures: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """The pictures in order, in parts of numbers that the model is compiled for."""
    start = 0
    while left := len(pictures) - start:
        count = next(count for count in _BATCHES if count <= left)
        yield pictures[start : start + count]
        start += count
