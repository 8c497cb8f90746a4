"""YOLO on Ultralytics, for workers with a GPU: `.pt`, `.engine` and `.onnx` files.

Ultralytics is AGPL-3.0, needs PyTorch and stands in requirements/gpu.txt.
"""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from detections.recognition.detectors.yolo import boxes_from_rows, look_closer, trimmed
from detections.recognition.errors import EngineError
from detections.recognition.images import Letterbox, check_frame
from detections.recognition.types import Frame, PlateBox

if TYPE_CHECKING:
    from ultralytics import YOLO

_QUIET = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "YOLO_VERBOSE": "false"}
_IN_PLACE = Letterbox(scale=1.0, left_px=0, top_px=0)


class UltralyticsDetector:
    """Finds plates with Ultralytics; satisfies `PlateDetector`.

    Thread-safe by a lock: Ultralytics keeps the state of one prediction in the model.

    Args:
        path: A model of one class, the plate. A `.pt` file is a pickle and runs what stands in it:
            load only files whose hash the model registry knows.
        input_size_px: Longest side that the model looks at, a multiple of 32.
        device: As PyTorch names it, "cpu" or "cuda:0".
        min_confidence: Boxes below this are dropped.
        overlap_iou: Of two boxes that overlap more the less confident is dropped.
        trim: What the model's boxes have too much on each side, shares of their width and height.

    Raises:
        EngineError: Ultralytics is not installed or refuses the file.
    """

    def __init__(
        self,
        path: Path,
        *,
        input_size_px: int = 640,
        device: str = "cpu",
        min_confidence: float = 0.1,
        overlap_iou: float = 0.45,
        trim: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        self._model = _load(path)
        self._trim = trim
        self._input_size_px = input_size_px
        self._overlap_iou = overlap_iou
        self._options: dict[str, Any] = {
            "conf": min_confidence,
            "iou": overlap_iou,
            "device": device,
            # The NMS-free head where the model has one: what its ONNX export answers.
            "nms": False,
            "verbose": False,
        }
        self._lock = Lock()

    @property
    def input_size_px(self) -> int:
        return self._input_size_px

    def detect(self, frames: Sequence[Frame]) -> list[list[PlateBox]]:
        """Boxes of each frame, most confident first, in that frame's own pixels.

        Raises:
            FrameError: an array is not a frame.
            EngineError: Ultralytics or PyTorch failed.
        """
        for frame in frames:
            check_frame(frame)
        if not frames:
            return []
        with self._lock:
            found = self._look(frames, self._input_size_px)
            if self._takes_any_size():
                for at, frame in enumerate(frames):
                    found[at] = look_closer(
                        found[at], frame, self._input_size_px, partial(self._look_at, frame)
                    )
        return found

    def _look(self, frames: Sequence[Frame], size_px: int) -> list[list[PlateBox]]:
        try:
            results = self._model.predict(
                list(frames), batch=len(frames), imgsz=size_px, **self._options
            )
            rows = [np.asarray(result.boxes.data.cpu(), np.float32) for result in results]
        except Exception as error:  # PyTorch and the engines behind it raise anything
            raise EngineError(f"Ultralytics failed on a batch of frames: {error}") from error
        return [
            [
                trimmed(box, self._trim, frame)
                for box in boxes_from_rows(
                    found[:, :5], _IN_PLACE, frame, overlap_iou=self._overlap_iou
                )
            ]
            for found, frame in zip(rows, frames, strict=True)
        ]

    def _look_at(self, frame: Frame, size_px: int) -> list[PlateBox]:
        return self._look([frame], size_px)[0]

    def _takes_any_size(self) -> bool:
        backend = self._model.predictor.model
        return backend.format == "pt" or bool(getattr(backend, "dynamic", False))


def _load(path: Path) -> "YOLO":
    # Read when Ultralytics is imported: no telemetry, no downloads, no pip at run time.
    os.environ.update(_QUIET)
    try:
        import ultralytics  # noqa: PLC0415 - heavy, and only in requirements/gpu.txt
    except ImportError as error:
        message = "Ultralytics is not installed. Install requirements/gpu.txt on this worker."
        raise EngineError(message) from error
    ultralytics.settings["sync"] = False
    try:
        model = ultralytics.YOLO(path, task="detect")
    except Exception as error:  # as above
        raise EngineError(f"Ultralytics cannot load {path.name}: {error}") from error
    if len(model.names) != 1:
        message = (
            f"{path.name} knows {len(model.names)} kinds of things. "
            "Choose a model that knows one, the plate."
        )
        raise EngineError(message)
    return model
