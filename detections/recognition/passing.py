"""What comes out of one camera: passings, each a vehicle that was seen once, with its evidence."""

from dataclasses import dataclass, field
from enum import StrEnum

from detections.recognition.types import (
    AnyFrame,
    Frame,
    PlateBox,
    Rejection,
    Sighting,
    VehicleColor,
    VehicleKind,
)
from detections.recognition.voting import Candidate

_STILL = 0.02
_GROWN = 1.25
_TURN_OF_HEADING = {"receding": 0, "right": 90, "approaching": 180, "left": 270}


class Emission(StrEnum):
    """When a passing is handed out."""

    DECIDED = "decided"
    """As soon as enough readings agree: an operator hears within a few frames. The price: what is
    seen afterwards (a sharper frame, the true last moment) is not in the passing."""

    ENDED = "ended"
    """When the vehicle has left or parked: all readings vote. For files, where nobody waits."""


class Outcome(StrEnum):
    """What became of a passing."""

    ACCEPTED = "accepted"
    REVIEW = "review"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule that a passing was held to: `value` had to reach `limit`."""

    rule: str
    value: float
    limit: float

    @property
    def passed(self) -> bool:
        return self.value >= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why a passing was accepted, left to a person, or rejected.

    `reasons` is empty unless the outcome is a rejection; the first one is the one that is counted.
    """

    outcome: Outcome
    reasons: tuple[Rejection, ...]
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CropRequest:
    """A crop to be read, and what is needed to understand its reading.

    `crop` is BGR with the configured margin. `frame` is the whole frame, kept until the reading has
    come because it may become the passing's picture: its buffer must not be written to.
    """

    track_id: int
    sighting: Sighting
    crop: Frame = field(repr=False, compare=False)
    frame: AnyFrame = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """Which way a plate went in the picture, from the first to the last sighting.

    `dx` and `dy` are fractions of the frame's width and height, right and down; `growth` is the
    last size of the plate, width plus height, over the first: above 1 the vehicle approached.
    """

    dx: float
    dy: float
    growth: float

    @property
    def heading(self) -> str:
        """One of approaching, receding, left and right; empty where it did not move.

        >>> Direction(dx=-0.2, dy=0.1, growth=1.1).heading, Direction(dx=0, dy=0, growth=2).heading
        ('left', 'approaching')
        """
        if self.growth >= _GROWN:
            return "approaching"
        if self.growth <= 1 / _GROWN:
            return "receding"
        if max(abs(self.dx), abs(self.dy)) < _STILL:
            return ""
        if abs(self.dx) >= abs(self.dy):
            return "right" if self.dx > 0 else "left"
        return "approaching" if self.dy > 0 else "receding"

    def compass_degrees(self, camera_degrees: float) -> int | None:
        """The direction of travel over ground, clockwise from north, to a quarter turn.

        Args:
            camera_degrees: Where the camera looks, clockwise from north.

        Returns:
            0 to 359, or None where the vehicle did not move.

        >>> Direction(dx=0.4, dy=0, growth=1).compass_degrees(350)
        80
        """
        turn = _TURN_OF_HEADING.get(self.heading)
        return None if turn is None else round(camera_degrees + turn) % 360


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """One vehicle passing one camera once.

    `text` is the vote after normalising and repairing, `raw_text` as it was read; `repairs` say
    what was changed: (position in raw_text, read, repaired). `country` is ISO 3166-1 alpha-2,
    `province` a code of `vehicles.plates.provinces`; both are None where nothing says so.
    `sightings` are in order of time: all that were read, and a thinned path of the others. `best`
    is the sighting that was read in `frame`; both are None where nothing was read. Kind and colour
    of the vehicle are None where nobody looked or it is not sure.
    """

    track_id: int
    text: str
    raw_text: str
    char_confidences: tuple[float, ...]
    confidence: float
    repairs: tuple[tuple[int, str, str], ...]
    country: str | None
    country_confidence: float
    province: str | None
    province_confidence: float
    frames_agreed: int
    frames_read: int
    candidates: tuple[Candidate, ...]
    first_seen_s: float
    last_seen_s: float
    sightings: tuple[Sighting, ...]
    best: Sighting | None
    direction: Direction
    decision: Decision
    vehicle_kind: VehicleKind | None = None
    vehicle_color: VehicleColor | None = None
    frame: AnyFrame | None = field(default=None, repr=False, compare=False)

    @property
    def is_accepted(self) -> bool:
        """Whether it becomes a detection, be it one that a person should look at."""
        return self.decision.outcome is not Outcome.REJECTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A plate in view right now, and what was read of it so far, which may be nothing."""

    track_id: int
    box: PlateBox
    text: str
    confidence: float
