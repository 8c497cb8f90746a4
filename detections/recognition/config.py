"""Every number that decides what recognition finds, reads and accepts, in one place."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from detections.recognition.errors import ConfigError

Polygon = tuple[tuple[float, float], ...]
"""Corners (x, y) as fractions of the frame's width and height, 0 to 1, y down; not closed."""

_MIN_CORNERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionConfig:
    """Settings of one camera, file or request.

    Raises:
        ConfigError: a value lies outside its range, or two values contradict each other.
    """

    detector_confidence: float = 0.15
    """Boxes below this are not looked at; 0 to 1."""

    crop_margin_x: float = 0.05
    """Surroundings kept left and right of a box, as a fraction of its width; 0 to 0.5."""

    crop_margin_y: float = 0.08
    """Surroundings kept above and below a box, as a fraction of its height; 0 to 0.5."""

    include_polygons: tuple[Polygon, ...] = ()
    """Where plates count, by the centre of their box; empty means the whole frame."""

    exclude_polygons: tuple[Polygon, ...] = ()
    """Where plates never count, by the centre of their box; wins over `include_polygons`."""

    min_plate_width_px: float = 20.0
    """Narrower boxes are rejected as too small; pixels of the full frame, 0 to 10,000."""

    min_plate_height_px: float = 8.0
    """Plates of lower lines are rejected as too small, a squarish box counting as two lines; pixels
    of the full frame, 0 to 10,000."""

    min_sharpness: float = 0.0
    """Blurrier crops are not read; `PlateQuality.sharpness`, 0 (all are read) to 100,000."""

    min_brightness: float = 0.0
    """Darker crops are not read; `PlateQuality.brightness`, 0 (all are read) to 255."""

    plate_evidence: float = 0.08
    """Confidence of the best box times that of the vote; below it something is taken for no plate,
    unless a box is surer than 0.6. 0 (all are plates) to 1."""

    accept_confidence: float = 0.7
    """A vote at or above this stands without a person; 0 to 1."""

    review_confidence: float = 0.2
    """A vote below this is rejected, between it and `accept_confidence` a person looks; 0 to 1."""

    min_frames_agreed: int = 2
    """Frames of a video that must have read the winning text; 1 to 100. A picture needs one."""

    reads_cut_off: bool = False
    """Plates at the frame's border are read, too, and left to a person, unless its upper or lower
    edge touches them; those that its sides touch only where the text has the form of a whole
    registration. For a single picture; a video shows the plate whole later."""

    min_text_length: int = 4
    """Shorter votes are rejected as bad format; characters, 1 to 16."""

    reads_per_track: int = 8
    """Readings spent on one vehicle, the best frames first; 1 to 100."""

    track_expiry_s: float = 1.5
    """A vehicle not seen for this long has left; seconds of the source's clock, 0.1 to 60."""

    repeat_after_s: float = 10.0
    """The same plate seen again sooner is the same passing; seconds, 0 to 3,600."""

    stationary_after_s: float = 10.0
    """A plate that has not moved for this long is parked, and not read again; seconds, 1 to
    3,600."""

    stationary_memory_s: float = 300.0
    """A parked vehicle out of sight, or not found, for this long has left; seconds, 1 to 86,400."""

    forced_look_s: float = 5.0
    """A frame is looked at this often though nothing moves; seconds, 0 (every frame) to 3,600."""

    vehicle_looks: int = 0
    """Frames of a passing in which kind and colour of its vehicle are looked at; 0 (none) to 10."""

    country: str | None = None
    """Where the camera stands, ISO 3166-1 alpha-2: plates of that country are likelier."""

    motion_threshold: float = 12.0
    """A pixel that changes more has moved; difference of luma, 1 to 255."""

    motion_min_area: float = 0.0005
    """A frame in which less has moved is not looked at; fraction of its area, 0 (all) to 1."""

    def __post_init__(self) -> None:
        for name, (lowest, highest) in _RANGES.items():
            value = getattr(self, name)
            if not lowest <= value <= highest:
                message = f"{name} must lie between {lowest} and {highest}, and is {value}."
                raise ConfigError(message)
        if self.review_confidence > self.accept_confidence:
            message = (
                f"review_confidence ({self.review_confidence}) must not exceed "
                f"accept_confidence ({self.accept_confidence})."
            )
            raise ConfigError(message)
        for polygon in chain(self.include_polygons, self.exclude_polygons):
            _check_polygon(polygon)


_RANGES: dict[str, tuple[float, float]] = {
    "detector_confidence": (0, 1),
    "crop_margin_x": (0, 0.5),
    "crop_margin_y": (0, 0.5),
    "min_plate_width_px": (0, 10_000),
    "min_plate_height_px": (0, 10_000),
    "min_sharpness": (0, 100_000),
    "min_brightness": (0, 255),
    "plate_evidence": (0, 1),
    "accept_confidence": (0, 1),
    "review_confidence": (0, 1),
    "min_frames_agreed": (1, 100),
    "min_text_length": (1, 16),
    "reads_per_track": (1, 100),
    "track_expiry_s": (0.1, 60),
    "repeat_after_s": (0, 3_600),
    "stationary_after_s": (1, 3_600),
    "stationary_memory_s": (1, 86_400),
    "forced_look_s": (0, 3_600),
    "vehicle_looks": (0, 10),
    "motion_threshold": (1, 255),
    "motion_min_area": (0, 1),
}


def _check_polygon(polygon: Iterable[tuple[float, float]]) -> None:
    corners = tuple(polygon)
    if len(corners) < _MIN_CORNERS:
        message = f"A polygon needs at least {_MIN_CORNERS} corners, and one has {len(corners)}."
        raise ConfigError(message)
    if not all(0 <= x <= 1 and 0 <= y <= 1 for x, y in corners):
        message = "A polygon's corners are fractions of the frame and must lie between 0 and 1."
        raise ConfigError(message)
