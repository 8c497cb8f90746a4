"""YOLO on OpenVINO: the default on a CPU, where it takes half of ONNX Runtime's time."""

from collections import Counter
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from detections.recognition.detectors.yolo import check_names
from detections.recognition.errors import EngineError
from detections.recognition.openvino import CompiledModel, load_core
from detections.recognition.types import Frame, Tensor

if TYPE_CHECKING:
    import openvino

_OFTEN = 20
"""Looks at pictures of one size from which on the model is compiled for it, which takes half a
second and saves a third of each look."""

_MOST_SIZES = 3
"""Sizes that a model is compiled for, each of which takes some 50 MB: one kind of frames with the
closer look at half the size, and one size more. Others go through the model of any size."""


class OpenVinoEngine:
    """A model on OpenVINO's CPU device. Thread-safe.

    The model takes pictures as they are: colours, type and range are converted inside it. Sizes
    that are looked at often get a compiled model of their own, since one of any size plans its
    memory and its kernels anew. In bfloat16 the two differ by a tenth of a pixel.

    Args:
        path: An `.onnx` file, or an `.xml` with its `.bin` beside it.
        threads: Threads of one inference.

    Raises:
        EngineError: OpenVINO is not installed, refuses the file, or it knows more than plates.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        self._core = load_core()
        self._threads = threads
        try:
            model = self._core.read_model(path)
            check_names(path, _names(model))
            self._source = _taking_pictures(model)
            self._of_any_size = self._compile(self._source)
        except RuntimeError as error:
            raise EngineError(f"OpenVINO cannot load {path.name}: {error}") from error
        # Asking OpenVINO for a shape takes a millisecond.
        height, width = list(self._of_any_size.input_shape)[1:3]
        is_fixed = not (height.is_dynamic or width.is_dynamic)
        self._fixed_size_px = (height.get_length(), width.get_length()) if is_fixed else None
        self._looks: Counter[tuple[int, int]] = Counter()
        self._of_size: dict[tuple[int, int], CompiledModel] = {}
        self._lock = Lock()

    @property
    def fixed_size_px(self) -> tuple[int, int] | None:
        return self._fixed_size_px

    @property
    def sizes_px(self) -> list[tuple[int, int]]:
        """Heights and widths that the model has been compiled for so far."""
        return list(self._of_size)

    def infer(self, picture: Frame) -> Tensor:
        height, width = picture.shape[:2]
        try:
            outputs = self._compiled_for((height, width)).infer(picture[None])
        except RuntimeError as error:
            raise EngineError(f"OpenVINO failed on a frame: {error}") from error
        return next(iter(outputs.values()))

    def _compiled_for(self, size_px: tuple[int, int]) -> CompiledModel:
        if size_px in self._of_size:
            return self._of_size[size_px]
        if self._fixed_size_px:
            return self._of_any_size
        with self._lock:
            self._looks[size_px] += 1
            is_wanted = self._looks[size_px] == _OFTEN and len(self._of_size) < _MOST_SIZES
            if is_wanted:
                model = self._source.clone()
                model.reshape([1, *size_px, 3])
                self._of_size[size_px] = self._compile(model)
        return self._of_size.get(size_px, self._of_any_size)

    def _compile(self, model: "openvino.Model") -> CompiledModel:
        return CompiledModel(self._core, model, threads=self._threads)


def _names(model: "openvino.Model") -> str | None:
    """What a model says of its classes: an `.onnx` as a dict, an `.xml` as labels in a row."""
    of_onnx, of_xml = ["framework", "names"], ["model_info", "labels"]
    if model.has_rt_info(of_onnx):
        return str(model.get_rt_info(of_onnx).astype(str))
    if model.has_rt_info(of_xml):
        return str(model.get_rt_info(of_xml).astype(str).split())
    return None


def _taking_pictures(model: "openvino.Model") -> "openvino.Model":
    """Let a model of RGB values from 0 to 1 take BGR pictures of shape (1, H, W, 3), uint8."""
    from openvino import Layout, Type, preprocess  # noqa: PLC0415 - as above

    steps = preprocess.PrePostProcessor(model)
    taken = steps.input()
    taken.tensor().set_element_type(Type.u8).set_layout(Layout("NHWC"))
    taken.tensor().set_color_format(preprocess.ColorFormat.BGR)
    taken.model().set_layout(Layout("NCHW"))
    taken.preprocess().convert_element_type(Type.f32)
    taken.preprocess().convert_color(preprocess.ColorFormat.RGB).scale(255.0)
    return steps.build()
