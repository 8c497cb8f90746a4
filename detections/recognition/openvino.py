"""Models on OpenVINO's CPU device: what detectors, readers and vehicle models share of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from detections.recognition.errors import EngineError
from detections.recognition.types import Tensor

if TYPE_CHECKING:
    import openvino


def load_core() -> "openvino.Core":
    """OpenVINO itself, which is heavy and absent from the web process.

    Raises:
        EngineError: it is not installed.
    """
    try:
        import openvino  # noqa: PLC0415 - see above
    except ImportError as error:
        message = "OpenVINO is not installed. Install requirements/recognition.txt."
        raise EngineError(message) from error
    return openvino.Core()


class CompiledModel:
    """A model with one input, compiled. Thread-safe.

    Its requests serve one thread after another, since each holds memory. On processors that have
    it OpenVINO computes in bfloat16.

    Args:
        model: As it was read, with the shape of input that is wanted.
        threads: Threads of one inference. OpenVINO would else take every core.

    Raises:
        RuntimeError: OpenVINO refuses the model.
    """

    def __init__(
        self, core: "openvino.Core", model: "openvino.Model | Path", *, threads: int
    ) -> None:
        options = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
        self._model = core.compile_model(model, "CPU", options)
        self.input_shape = self._model.input(0).partial_shape
        self._names = [
            output.any_name if output.names else str(index)
            for index, output in enumerate(self._model.outputs)
        ]
        self._idle: list[Any] = []

    def infer(self, tensor: NDArray[Any]) -> Mapping[str, Tensor]:
        """All outputs by their names.

        Raises:
            RuntimeError: the model takes no tensor of this shape.
        """
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._model.create_infer_request()
        # Written where the model reads: handing an array over costs a tenth of a millisecond.
        taken = request.get_input_tensor()
        if tuple(taken.shape) != tensor.shape:
            taken.shape = tensor.shape
        taken.data[:] = tensor
        request.infer()
        # Copied, for the next inference writes into the same memory.
        outputs = {
            name: np.array(request.get_output_tensor(index).data, np.float32)
            for index, name in enumerate(self._names)
        }
        self._idle.append(request)
        return outputs
