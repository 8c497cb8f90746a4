"""Plate detection with a YOLO model on any engine that maps a picture to one tensor."""

from ast import literal_eval
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from detections.recognition.errors import ConfigError, EngineError
from detections.recognition.images import Letterbox, check_frame, letterbox
from detections.recognition.types import Frame, PlateBox, Tensor

STRIDE_PX = 32
"""A YOLO's input sides are multiples of its coarsest grid cell."""

_SEEN_PLAINLY = 0.5
"""With a box of this confidence there is no need for a second look."""

_LARGE = 0.2
"""Width, as a share of the frame's longer side, from which a plate is looked at at half the size,
and from twice of which at a fourth: larger ones than that the model was hardly taught."""

_SMALLEST_LOOK_PX = 128

_LEAST_CELLS = 15
"""Cells of 32 px that an input needs: our model sorts its 300 best answers, and gives 21 a cell."""

_MOSTLY = 0.6
"""Share of a box that lies in another one when both show the same plate."""

_INEXACT = (0.1, 0.25)
"""By how much the sides of a large box may be wrong, as shares of its width and height."""

_AT_BORDER_PX = 2

_END_TO_END_COLUMNS = 6
_BOX_ROWS = 4


class DetectorEngine(Protocol):
    """A loaded model. Thread-safe."""

    @property
    def fixed_size_px(self) -> tuple[int, int] | None:
        """Height and width that the model insists on, or None where any multiple of 32 does."""
        ...

    def infer(self, picture: Frame) -> Tensor:
        """Run the model on a BGR picture of shape (H, W, 3), uint8, of a size that it takes.

        Raises:
            EngineError: the engine refused or failed.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class YoloDetector:
    """Finds plates with a YOLO detection model; satisfies `PlateDetector`.

    Frames are run one by one, not as one tensor: on a CPU a batch of four took as long per frame
    as single ones, and frames of different shapes waste no padding. Where no plate is seen plainly,
    or a large one, the frame is looked at once more at half the size, for a fourth of the price: a
    plate that fills a third of the picture is larger than any that the model was taught.

    Raises:
        ConfigError: `input_size_px` is not a positive multiple of 32.
    """

    engine: DetectorEngine
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
        if self.engine.fixed_size_px:
            return boxes
        return look_closer(
            boxes, frame, self.input_size_px, lambda size_px: self._look(frame, size_px)
        )

    def _look(self, frame: Frame, size_px: int) -> list[PlateBox]:
        height, width = self.engine.fixed_size_px or fit_size(frame, size_px)
        picture, placement = letterbox(frame, width_px=width, height_px=height)
        rows = rows_from_output(self.engine.infer(picture))
        rows = rows[rows[:, 4] >= self.min_confidence]
        boxes = boxes_from_rows(rows, placement, frame, overlap_iou=self.overlap_iou)
        return [trimmed(box, self.trim, frame) for box in boxes]


def look_closer(
    boxes: list[PlateBox], frame: Frame, size_px: int, look: Callable[[int], list[PlateBox]]
) -> list[PlateBox]:
    """Look again at smaller sizes where no plate is seen plainly, or a large one.

    Args:
        boxes: What was seen at `size_px`.
        frame: The picture.
        size_px: Longest side of the first look.
        look: Looks at the frame at another size, a multiple of 32.
    """
    longest_px = max(frame.shape[:2])
    share = _LARGE
    wanted = not any(box.confidence >= _SEEN_PLAINLY for box in boxes)
    while wanted or any(box.width >= share * longest_px for box in boxes):
        size_px = size_px // 2 // STRIDE_PX * STRIDE_PX
        if size_px < _SMALLEST_LOOK_PX:
            break
        boxes = joined(boxes, [box for box in look(size_px) if box.width >= share * longest_px])
        share, wanted = share * 2, False
    return boxes


def joined(boxes: Sequence[PlateBox], large: Sequence[PlateBox]) -> list[PlateBox]:
    """Boxes of a look and those of large plates that a look at half its size saw.

    Of a plate that both saw the first look shows the sides more exactly, and the other where it
    goes on: of large plates the first often misses an end.
    """
    kept = list(boxes)
    for wide in large:
        same = [box for box in kept if _lies_in(box, wide) or _lies_in(wide, box)]
        if same:
            kept = [box for box in kept if box not in same]
            kept.append(_extended(max(same, key=lambda box: box.width * box.height), wide, same))
        else:
            kept.append(wide)
    return sorted(kept, key=lambda box: -box.confidence)


def _lies_in(box: PlateBox, large: PlateBox) -> bool:
    width = min(box.x_max, large.x_max) - max(box.x_min, large.x_min)
    height = min(box.y_max, large.y_max) - max(box.y_min, large.y_min)
    return min(width, height) > 0 and width * height >= _MOSTLY * box.width * box.height


def _extended(box: PlateBox, large: PlateBox, same: Sequence[PlateBox]) -> PlateBox:
    """The box, but for the sides on which the large one goes on by more than it is inexact."""
    x, y = _INEXACT[0] * large.width, _INEXACT[1] * large.height
    return PlateBox(
        x_min=large.x_min if box.x_min - large.x_min > x else box.x_min,
        y_min=large.y_min if box.y_min - large.y_min > y else box.y_min,
        x_max=large.x_max if large.x_max - box.x_max > x else box.x_max,
        y_max=large.y_max if large.y_max - box.y_max > y else box.y_max,
        confidence=max(large.confidence, *(one.confidence for one in same)),
    )


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

    The shorter side is padded where the input would else have too few cells for the model.

    >>> fit_size(np.zeros((720, 1280, 3), np.uint8), 640)
    (384, 640)
    >>> fit_size(np.zeros((300, 1280, 3), np.uint8), 160)
    (96, 160)
    """
    height, width = frame.shape[:2]
    scale = longest_side_px / max(height, width)
    high, wide = _round_up(height * scale), _round_up(width * scale)
    least = -(-_LEAST_CELLS * STRIDE_PX // max(high, wide)) * STRIDE_PX
    return (max(high, least), wide) if high <= wide else (high, max(wide, least))


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
            or raw, shape (1, 5, cells), columns (x_center, y_center, width, height, confidence).
            Pixels of the input.

    Returns:
        Shape (N, 5), rows (x_min, y_min, x_max, y_max, confidence).

    Raises:
        EngineError: the output has neither shape, is of several classes, or holds values that are
            not numbers.

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
    _check_count("The model", output.shape[1] - _BOX_ROWS)
    columns = output[0].T
    centers, sides = columns[:, 0:2], columns[:, 2:4]
    return np.hstack([centers - sides / 2, centers + sides / 2, columns[:, _BOX_ROWS:]])


def check_names(path: Path, names: str | None) -> None:
    """Refuse a model that finds other things beside plates, which would be told as plates.

    Args:
        path: Of the model, for the message.
        names: What its metadata says of its classes, as Python writes a dict or a list; None where
            it says nothing.

    Raises:
        EngineError: they are more than one.

    Source: Ultralytics' exports, `metadata_props` of ONNX and `rt_info` of OpenVINO (8.4.190).
    """
    try:
        classes = literal_eval(names or "[0]")
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return
    if isinstance(classes, dict | list | tuple):
        _check_count(path.name, len(classes))


def _check_count(name: str, classes: int) -> None:
    if classes != 1:
        message = (
            f"{name} knows {classes} kinds of things. Choose a model that knows one, the plate."
        )
        raise EngineError(message)


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
