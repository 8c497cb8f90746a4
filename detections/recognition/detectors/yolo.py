"""Plate detection with a YOLO model on any engine that maps one tensor to one tensor."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from detections.recognition.errors import ConfigError, EngineError
from detections.recognition.images import Letterbox, check_frame, letterbox
from detections.recognition.types import Frame, PlateBox

STRIDE_PX = 32
"""A YOLO's input sides are multiples of its coarsest grid cell."""

_SEEN_PLAINLY = 0.5
"""With a box of this confidence there is no need for a second look."""

_LARGE = 0.2
"""Width, as a share of the frame's longer side, from which a plate is sought in the second look."""

_AT_BORDER_PX = 2

_END_TO_END_COLUMNS = 6
_BOX_ROWS = 4

Tensor = NDArray[np.float32]


class TensorEngine(Protocol):
    """A loaded model. Thread-safe."""

    @property
    def fixed_size_px(self) -> tuple[int, int] | None:
        """Height and width that the model insists on, or None where any multiple of 32 does."""
        ...

    def infer(self, tensor: Tensor) -> Tensor:
        """Run the model on a tensor of shape (1, 3, H, W), RGB, 0 to 1.

        Raises:
            EngineError: the engine refused or failed.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class YoloDetector:
    """Finds plates with a YOLO detection model; satisfies `PlateDetector`.

    Frames are run one by one, not as one tensor: on a CPU a batch of four took as long per frame
    as single ones, and frames of different shapes waste no padding. Where no plate is seen plainly,
    the frame is looked at once more at half the size, for a fourth of the price: a plate that fills
    a third of the picture is larger than any that the model was taught.

    Raises:
        ConfigError: `input_size_px` is not a positive multiple of 32.
    """

    engine: TensorEngine
    input_size_px: int = 640
    min_confidence: float = 0.1
    """Boxes below this are dropped; a camera's own threshold can only be stricter."""
    overlap_iou: float = 0.45
    """Of two boxes that overlap more the less confident is dropped; intersection over union."""
    trim: tuple[float, float] = (0.0, 0.0)
    """What the model's boxes have too much on each side: shares of their width and height."""

    def __post_init__(self) -> None:
        if self.input_size_px <= 0 or self.input_size_px % STRIDE_PX:
            message = (
                f"A detector's input size must be a multiple of {STRIDE_PX} px, "
                f"and {self.input_size_px} is not."
            )
            raise ConfigError(message)

    def at_size(self, input_size_px: int) -> "YoloDetector":
        """The same loaded model, looking at another size: smaller is faster, and finds less."""
        return replace(self, input_size_px=input_size_px)

    def detect(self, frames: Sequence[Frame]) -> list[list[PlateBox]]:
        """Boxes of each frame, most confident first, in that frame's own pixels.

        Raises:
            FrameError: an array is not a frame.
            EngineError: the engine failed, or its model is not a YOLO detector.
        """
        return [self._detect_one(frame) for frame in frames]

    def _detect_one(self, frame: Frame) -> list[PlateBox]:
        check_frame(frame)
        boxes = self._look(frame, self.input_size_px)
        half_px = half_size(self.input_size_px)
        if is_seen_plainly(boxes) or not half_px or self.engine.fixed_size_px:
            return boxes
        return with_large(boxes, self._look(frame, half_px), frame, self.overlap_iou)

    def _look(self, frame: Frame, size_px: int) -> list[PlateBox]:
        height, width = self.engine.fixed_size_px or fit_size(frame, size_px)
        picture, placement = letterbox(frame, width_px=width, height_px=height)
        rows = rows_from_output(self.engine.infer(to_tensor(picture)))
        rows = rows[rows[:, 4] >= self.min_confidence]
        boxes = boxes_from_rows(rows, placement, frame, overlap_iou=self.overlap_iou)
        return [trimmed(box, self.trim, frame) for box in boxes]


def is_seen_plainly(boxes: list[PlateBox]) -> bool:
    """Whether a frame's boxes leave no need for a second look at half the size."""
    return any(box.confidence >= _SEEN_PLAINLY for box in boxes)


def half_size(size_px: int) -> int:
    """The size of the second look, a multiple of 32, or 0 where it would be too small for one."""
    return size_px // 2 // STRIDE_PX * STRIDE_PX


def with_large(
    boxes: list[PlateBox], second: list[PlateBox], frame: Frame, overlap_iou: float
) -> list[PlateBox]:
    """Add the large plates of the second look; of two boxes of one plate the surer one stays."""
    least_px = _LARGE * max(frame.shape[:2])
    both = boxes + [box for box in second if box.width >= least_px]
    kept = cv2.dnn.NMSBoxes(
        [(box.x_min, box.y_min, box.width, box.height) for box in both],
        [box.confidence for box in both],
        0.0,
        overlap_iou,
    )
    return [both[index] for index in kept]


def trimmed(box: PlateBox, trim: tuple[float, float], frame: Frame) -> PlateBox:
    """Cut off each side what a model's boxes have too much, but where the frame cuts the plate."""
    height, width = frame.shape[:2]
    x, y = trim[0] * box.width, trim[1] * box.height
    return replace(
        box,
        x_min=box.x_min + (x if box.x_min > _AT_BORDER_PX else 0),
        y_min=box.y_min + (y if box.y_min > _AT_BORDER_PX else 0),
        x_max=box.x_max - (x if box.x_max < width - _AT_BORDER_PX else 0),
        y_max=box.y_max - (y if box.y_max < height - _AT_BORDER_PX else 0),
    )


def fit_size(frame: Frame, longest_side_px: int) -> tuple[int, int]:
    """Height and width of the smallest input that holds the scaled frame, each a multiple of 32.

    >>> fit_size(np.zeros((720, 1280, 3), np.uint8), 640)
    (384, 640)
    """
    height, width = frame.shape[:2]
    scale = longest_side_px / max(height, width)
    return _round_up(height * scale), _round_up(width * scale)


def _round_up(side: float) -> int:
    return max(-(-round(side) // STRIDE_PX), 1) * STRIDE_PX


def to_tensor(picture: Frame) -> Tensor:
    """Turn a BGR picture of shape (H, W, 3) into the RGB tensor (1, 3, H, W), 0 to 1."""
    tensor = cv2.dnn.blobFromImage(picture, scalefactor=1 / 255, swapRB=True)
    return tensor.astype(np.float32, copy=False)


def rows_from_output(output: Tensor) -> Tensor:
    """Bring both of YOLO's output contracts into one.

    Args:
        output: End-to-end, shape (1, N, 6), rows (x_min, y_min, x_max, y_max, confidence, class),
            or raw, shape (1, 4 + classes, cells), columns (x_center, y_center, width, height,
            confidence per class). Pixels of the input.

    Returns:
        Shape (N, 5), rows (x_min, y_min, x_max, y_max, confidence).

    Raises:
        EngineError: the output has neither shape, or holds values that are not numbers.

    Source: Ultralytics, export with and without `nms=False` (8.4.190).
    """
    if output.ndim != 3 or output.shape[0] != 1:  # noqa: PLR2004
        raise EngineError(_not_a_detector(output.shape))
    if not np.isfinite(output).all():
        raise EngineError("The detector answered with values that are no numbers. Verify its file.")
    if output.shape[2] == _END_TO_END_COLUMNS:
        return output[0, :, :5]
    if output.shape[1] <= _BOX_ROWS or output.shape[1] >= output.shape[2]:
        raise EngineError(_not_a_detector(output.shape))
    columns = output[0].T
    centers, sides = columns[:, 0:2], columns[:, 2:4]
    confidences = columns[:, _BOX_ROWS:].max(axis=1, keepdims=True)
    return np.hstack([centers - sides / 2, centers + sides / 2, confidences])


def _not_a_detector(shape: tuple[int, ...]) -> str:
    return (
        f"The model's output has shape {shape}, which is not that of a YOLO detector. "
        "Export it again for detection, or choose another model."
    )


def boxes_from_rows(
    rows: Tensor, placement: Letterbox, frame: Frame, *, overlap_iou: float
) -> list[PlateBox]:
    """Map rows of shape (N, 5) back to the frame, drop doubles, sort by confidence."""
    if not len(rows):
        return []
    height, width = frame.shape[:2]
    offset = (placement.left_px, placement.top_px) * 2
    corners = ((rows[:, :4] - offset) / placement.scale).clip(0, (width, height) * 2)
    sides = corners[:, 2:] - corners[:, :2]
    corners, sides, confidences = (
        values[sides.min(axis=1) > 0] for values in (corners, sides, rows[:, 4])
    )
    kept = cv2.dnn.NMSBoxes(
        np.hstack([corners[:, :2], sides]).tolist(), confidences.tolist(), 0.0, overlap_iou
    )
    return [
        PlateBox(
            x_min=float(corners[index, 0]),
            y_min=float(corners[index, 1]),
            x_max=float(corners[index, 2]),
            y_max=float(corners[index, 3]),
            confidence=float(confidences[index]),
        )
        for index in kept
    ]
