"""Models of vehicles on OpenVINO or ONNX Runtime: one picture in, tensors by name out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol

import cv2
import numpy as np

from detections.recognition.errors import EngineError
from detections.recognition.openvino import CompiledModel, load_core
from detections.recognition.types import Frame, Tensor

Channels = Literal["bgr", "rgb"]


class NamedTensorEngine(Protocol):
    """A loaded model with one input of shape (1, 3, H, W). Thread-safe."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Height and width of its input."""
        ...

    def infer(self, tensor: Tensor) -> Mapping[str, Tensor]:
        """All outputs by their names.

        Raises:
            EngineError: the engine refused or failed.
        """
        ...


def load_engine(path: Path, *, threads: int = 1) -> NamedTensorEngine:
    """Load an `.xml` with its `.bin` beside it on OpenVINO, an `.onnx` on ONNX Runtime.

    Raises:
        EngineError: the engine is not installed or refuses the file.
    """
    kind = OpenVinoModel if path.suffix == ".xml" else OnnxModel
    return kind(path, threads=threads)


def to_tensor(picture: Frame, size_px: tuple[int, int], channels: Channels) -> Tensor:
    """Resize a BGR picture to height and width: (1, 3, H, W), 0 to 255, in the model's colours."""
    height, width = size_px
    tensor = cv2.dnn.blobFromImage(picture, size=(width, height), swapRB=channels == "rgb")
    return tensor.astype(np.float32, copy=False)


class OpenVinoModel:
    """A model on OpenVINO's CPU device."""

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        try:
            self._model = CompiledModel(load_core(), path, threads=threads)
            self.size_px = _height_and_width(path, tuple(self._model.input_shape.to_shape()))
        except RuntimeError as error:
            raise EngineError(f"OpenVINO cannot load {path.name}: {error}") from error

    def infer(self, tensor: Tensor) -> Mapping[str, Tensor]:
        try:
            return self._model.infer(tensor)
        except RuntimeError as error:
            raise EngineError(f"OpenVINO failed on a vehicle: {error}") from error


class OnnxModel:
    """A model on ONNX Runtime's CPU provider."""

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
        self._outputs = [output.name for output in self._session.get_outputs()]
        self.size_px = _height_and_width(path, tuple(self._input.shape))

    def infer(self, tensor: Tensor) -> Mapping[str, Tensor]:
        try:
            answer = self._session.run(self._outputs, {self._input.name: tensor})
        except Exception as error:  # as above
            raise EngineError(f"ONNX Runtime failed on a vehicle: {error}") from error
        return {
            name: np.asarray(value, np.float32)
            for name, value in zip(self._outputs, answer, strict=True)
        }


def _height_and_width(path: Path, shape: tuple[object, ...]) -> tuple[int, int]:
    match shape:
        case (1, 3, int(height), int(width)):
            return height, width
        case _:
            message = f"{path.name} takes {shape}, and must take (1, 3, height, width)."
            raise EngineError(message)
