"""YOLO on OpenVINO: the default on a CPU, where it takes half of ONNX Runtime's time."""

from pathlib import Path

import numpy as np

from detections.recognition.detectors.yolo import Tensor
from detections.recognition.errors import EngineError


class OpenVinoEngine:
    """A model on OpenVINO's CPU device, with one inference request per call, hence thread-safe.

    Args:
        path: An `.onnx` file, or an `.xml` with its `.bin` beside it.
        threads: Threads of one inference. OpenVINO would else take every core.

    Raises:
        EngineError: OpenVINO is not installed or refuses the file.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        try:
            import openvino  # noqa: PLC0415 - heavy, and absent from the web process
        except ImportError as error:
            message = "OpenVINO is not installed. Install requirements/recognition.txt."
            raise EngineError(message) from error
        options = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
        try:
            self._model = openvino.Core().compile_model(path, "CPU", options)
        except RuntimeError as error:
            raise EngineError(f"OpenVINO cannot load {path.name}: {error}") from error
        # Asking OpenVINO for a shape takes a millisecond.
        height, width = list(self._model.input(0).partial_shape)[2:]
        is_fixed = not (height.is_dynamic or width.is_dynamic)
        self._fixed_size_px = (height.get_length(), width.get_length()) if is_fixed else None

    @property
    def fixed_size_px(self) -> tuple[int, int] | None:
        return self._fixed_size_px

    def infer(self, tensor: Tensor) -> Tensor:
        try:
            output = self._model.create_infer_request().infer([tensor])[0]
        except RuntimeError as error:
            raise EngineError(f"OpenVINO failed on a frame: {error}") from error
        return np.array(output, np.float32)
