"""YOLO on ONNX Runtime: the engine for machines without OpenVINO, such as ARM."""

from pathlib import Path

import numpy as np

from detections.recognition.detectors.yolo import check_names, to_tensor
from detections.recognition.errors import EngineError
from detections.recognition.types import Frame, Tensor


class OnnxEngine:
    """A model on ONNX Runtime's CPU provider; `Run` is thread-safe.

    Args:
        path: An `.onnx` file with one image input and one output.
        threads: Threads of one inference. ONNX Runtime would else take every core.

    Raises:
        EngineError: ONNX Runtime is not installed, refuses the file, or it knows more than plates.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        try:
            import onnxruntime  # noqa: PLC0415 - heavy, and absent from the web process
        except ImportError as error:
            message = "ONNX Runtime is not installed. Install requirements/recognition.txt."
            raise EngineError(message) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's exceptions have no common base
            raise EngineError(f"ONNX Runtime cannot load {path.name}: {error}") from error
        self._input = self._session.get_inputs()[0]
        check_names(path, self._session.get_modelmeta().custom_metadata_map.get("names"))

    @property
    def fixed_size_px(self) -> tuple[int, int] | None:
        height, width = self._input.shape[2:]
        return (height, width) if isinstance(height, int) and isinstance(width, int) else None

    def infer(self, picture: Frame) -> Tensor:
        try:
            output = self._session.run(None, {self._input.name: to_tensor(picture)})[0]
        except Exception as error:  # as above
            raise EngineError(f"ONNX Runtime failed on a frame: {error}") from error
        return np.asarray(output, np.float32)
