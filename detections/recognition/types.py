"""Values that recognition passes around: small, immutable, free of any engine's own types.

Pixel coordinates have their origin at the top left of the frame, x to the right and y down.
Every confidence is 0 to 1. Frames are NumPy arrays of shape (H, W, 3), uint8, BGR.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
Tensor = NDArray[np.float32]


class DeferredFrame(Protocol):
    """A frame whose pixels are converted when somebody asks for them, and only those.

    Its pixels must not change afterwards.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W, 3), as of the array."""
        ...

    def bgr(self) -> Frame:
        """All pixels, full resolution."""
        ...

    def cut(self, left: int, top: int, right: int, bottom: int) -> Frame:
        """A copy of `bgr()[top:bottom, left:right]`."""
        ...


AnyFrame = Frame | DeferredFrame


def pixels_of(frame: AnyFrame) -> Frame:
    """The frame as an array."""
    return frame if isinstance(frame, np.ndarray) else frame.bgr()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateBox:
    """Where a detector sees a plate, in pixels of the frame that it was shown."""

    x_min: float
    y_min: float
    x_max: float
    y_max: float
    confidence: float

    @property
    def width(self) -> float:
        return self.x_max - self.x_min

    @property
    def height(self) -> float:
        return self.y_max - self.y_min

    @property
    def center(self) -> tuple[float, float]:
        return (self.x_min + self.x_max) / 2, (self.y_min + self.y_max) / 2

    def iou(self, other: "PlateBox") -> float:
        """Intersection over union with another box, 0 to 1."""
        width = min(self.x_max, other.x_max) - max(self.x_min, other.x_min)
        height = min(self.y_max, other.y_max) - max(self.y_min, other.y_min)
        if width <= 0 or height <= 0:
            return 0.0
        both = width * height
        return both / (self.width * self.height + other.width * other.height - both)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a reader made of one crop.

    `text` may be empty: the reader saw no character. `char_confidences` has one entry per
    character of `text`. `region` is the reader's own label (a country or province) or None where
    the model has no such head or does not know. `is_plate` is False where the reader says that the
    crop shows something else: a lamp, an emblem, a shop's sign. `char_alternatives` are for each
    character of `text` the others that the reader thought possible, `region_alternatives` the other
    labels, each with its probability; both are empty where the engine does not tell. `models` are
    the names and SHA-256 of what was loaded where it was read; empty where that is not told.
    """

    text: str
    char_confidences: tuple[float, ...]
    region: str | None = None
    region_confidence: float = 0.0
    is_plate: bool = True
    char_alternatives: tuple[Mapping[str, float], ...] = ()
    region_alternatives: Mapping[str, float] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)

    @property
    def confidence(self) -> float:
        """The least certain character decides: a cut-off plate has a high mean."""
        return min(self.char_confidences, default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateQuality:
    """How readable a plate is in one frame.

    `sharpness` is the variance of the Laplacian of the crop resized to 32 px of height,
    `brightness` and `contrast` the mean and standard deviation of its luma (0 to 255).
    """

    width_px: float
    height_px: float
    sharpness: float
    brightness: float
    contrast: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One box of one vehicle in one frame, with what was read in it.

    `seen_s` counts seconds on the source's clock: since the start of a file, or Unix time for a
    live camera. `reading` is None where the box was tracked and not read.
    """

    frame_index: int
    seen_s: float
    box: PlateBox
    quality: PlateQuality | None = None
    reading: Reading | None = None


class Rejection(StrEnum):
    """Why something that was seen did not become a detection."""

    NOT_A_PLATE = "not_a_plate"
    TOO_SMALL = "too_small"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    CUT_OFF = "cut_off"
    LOW_CONFIDENCE = "low_confidence"
    BAD_FORMAT = "bad_format"
    ONE_FRAME_ONLY = "one_frame_only"
    EXCLUDED_ZONE = "excluded_zone"
    DUPLICATE = "duplicate"
    STATIONARY = "stationary"
    IGNORED = "ignored"


class VehicleKind(StrEnum):
    """What a vehicle is."""

    CAR = "car"
    PICKUP = "pickup"
    VAN = "van"
    TRUCK = "truck"
    BUS = "bus"
    MOTORCYCLE = "motorcycle"


class VehicleColor(StrEnum):
    """The colour of most of a vehicle; silver counts as gray."""

    WHITE = "white"
    BLACK = "black"
    GRAY = "gray"
    RED = "red"
    BLUE = "blue"
    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    BROWN = "brown"


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleLook:
    """A vehicle in one frame, with the probability of each kind and colour that a model knows."""

    box: PlateBox
    kinds: Mapping[VehicleKind, float]
    colors: Mapping[VehicleColor, float]


class PlateDetector(Protocol):
    """Finds plates. Thread-safe; raises RecognitionError rather than answer "nothing there"."""

    @property
    def input_size_px(self) -> int:
        """Longest side that the engine looks at; larger frames are scaled down to it."""
        ...

    def detect(self, frames: Sequence[Frame]) -> list[list[PlateBox]]:
        """Boxes of each frame, most confident first, in that frame's own pixels."""
        ...


class PlateReader(Protocol):
    """Reads plates. Thread-safe; raises RecognitionError rather than answer "nothing there"."""

    def read(self, crops: Sequence[Frame]) -> list[Reading]:
        """One reading for each crop, in order."""
        ...


class VehicleObserver(Protocol):
    """Finds and describes vehicles. Thread-safe; raises RecognitionError where an engine fails."""

    def observe(self, frames: Sequence[Frame]) -> list[list[VehicleLook]]:
        """The vehicles of each frame, in that frame's own pixels."""
        ...
