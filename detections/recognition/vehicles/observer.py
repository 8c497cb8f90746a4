"""Vehicles found in a frame, each with its kind and colour as far as a model is sure of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from detections.recognition.errors import EngineError
from detections.recognition.images import check_frame, crop_plates
from detections.recognition.types import (
    Frame,
    PlateBox,
    Tensor,
    VehicleColor,
    VehicleKind,
    VehicleLook,
)
from detections.recognition.vehicles.engines import (
    Channels,
    NamedTensorEngine,
    to_tensor,
)

_LEAST_BOX_CONFIDENCE = 0.5
_SSD_COLUMNS = 7

Label = TypeVar("Label", VehicleKind, VehicleColor)


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleFinder:
    """Finds vehicles with a detector that answers (1, 1, N, 7), as OpenVINO's model zoo does.

    Source: Open Model Zoo, `vehicle-detection-0202`: rows (image, label, confidence, x_min, y_min,
        x_max, y_max), the corners as fractions of the picture.
    """

    engine: NamedTensorEngine
    channels: Channels = "bgr"

    def find(self, frame: Frame) -> list[PlateBox]:
        """Boxes of the vehicles, in pixels of the frame.

        Raises:
            EngineError: the engine failed, or its model is of another kind.
        """
        height, width = frame.shape[:2]
        tensor = to_tensor(frame, self.engine.size_px, self.channels)
        [rows, *_] = self.engine.infer(tensor).values()
        if rows.ndim != 4 or rows.shape[3] != _SSD_COLUMNS:  # noqa: PLR2004
            message = f"The vehicle detector answers {rows.shape}, and (1, 1, N, 7) is needed."
            raise EngineError(message)
        _check_numbers(rows)
        return [
            PlateBox(
                x_min=float(x_min) * width,
                y_min=float(y_min) * height,
                x_max=float(x_max) * width,
                y_max=float(y_max) * height,
                confidence=float(confidence),
            )
            for _, _, confidence, x_min, y_min, x_max, y_max in rows[0, 0]
            if confidence >= _LEAST_BOX_CONFIDENCE and x_max > x_min and y_max > y_min
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleLabels:
    """What the outputs of a classifier mean: a label for each place, `""` for one of ours none is.

    An output that the model lacks is left empty.
    """

    kinds: Sequence[str] = ()
    colors: Sequence[str] = ()
    kind_output: str = "type"
    color_output: str = "color"
    channels: Channels = "bgr"

    def __post_init__(self) -> None:
        for values, allowed in ((self.kinds, VehicleKind), (self.colors, VehicleColor)):
            unknown = set(values) - {"", *allowed}
            if unknown:
                message = f"{', '.join(unknown)} is none of: {', '.join(allowed)}."
                raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleClassifier:
    """Names kind and colour of a vehicle's crop by two outputs of probabilities.

    Raises:
        EngineError: the model lacks an output, or it has not as many places as there are labels.
    """

    engine: NamedTensorEngine
    labels: VehicleLabels

    def __post_init__(self) -> None:
        self.classify(np.zeros((8, 8, 3), np.uint8))

    def classify(self, crop: Frame) -> tuple[dict[str, float], dict[str, float]]:
        """Probabilities of each kind and of each colour.

        Raises:
            EngineError: the engine failed.
        """
        answer = self.engine.infer(to_tensor(crop, self.engine.size_px, self.labels.channels))
        pairs = (
            (self.labels.kinds, self.labels.kind_output),
            (self.labels.colors, self.labels.color_output),
        )
        kinds, colors = (_named(labels, answer.get(output), output) for labels, output in pairs)
        return kinds, colors


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVehicleObserver:
    """Finds vehicles and classifies each; satisfies `VehicleObserver`."""

    finder: VehicleFinder
    classifier: VehicleClassifier

    def observe(self, frames: Sequence[Frame]) -> list[list[VehicleLook]]:
        """The vehicles of each frame, in its own pixels."""
        return [self._observe(frame) for frame in frames]

    def _observe(self, frame: Frame) -> list[VehicleLook]:
        check_frame(frame)
        boxes = self.finder.find(frame)
        crops = crop_plates(frame, boxes, margin_x=0, margin_y=0)
        looks = []
        for box, crop in zip(boxes, crops, strict=True):
            kinds, colors = self.classifier.classify(crop)
            looks.append(
                VehicleLook(
                    box=box,
                    kinds={VehicleKind(name): value for name, value in kinds.items()},
                    colors={VehicleColor(name): value for name, value in colors.items()},
                )
            )
        return looks


def _named(labels: Sequence[str], values: Tensor | None, output: str) -> dict[str, float]:
    if not labels:
        return {}
    if values is None or values.size != len(labels):
        answered = "nothing" if values is None else f"{values.size} values"
        message = (
            f"The vehicle classifier answers {answered} as {output!r}, and there are {len(labels)} "
            "labels. Correct its labels in the registry."
        )
        raise EngineError(message)
    _check_numbers(values)
    return {
        label: float(value) for label, value in zip(labels, values.ravel(), strict=True) if label
    }


def _check_numbers(values: Tensor) -> None:
    if not np.isfinite(values).all():
        raise EngineError("A vehicle model answered values that are no numbers. Verify its file.")
