"""From the boxes and readings of one camera to passings: each vehicle once, with its evidence.

Nothing here finds or reads plates, waits, or looks at a clock. Whoever owns the camera calls, for
every frame and in the order of the frames:

1. `PassingReader.look`: does this frame deserve the detector?
2. `PassingReader.select`, when the detector's boxes are there: which crops should be read?
3. `PassingReader.accept`, when their readings are there, or `abandon`, when they got lost.
4. `PassingReader.expire`, as often as one likes: the passings decided since.

Between 2 and 3 of one frame, 1 and 2 of later frames may happen: inference is elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from detections.recognition.config import RecognitionConfig
from detections.recognition.funnel import Funnel
from detections.recognition.types import Frame, PlateBox, PlateQuality, Reading, Rejection, Sighting
from detections.recognition.voting import Candidate


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
    frame: Frame = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """Which way a plate went in the picture, from the first to the last sighting.

    `dx` and `dy` are fractions of the frame's width and height, right and down; `growth` is the
    last height of the plate over the first: above 1 the vehicle approached.
    """

    dx: float
    dy: float
    growth: float

    @property
    def heading(self) -> str:
        """The strongest of approaching, receding, left, right, or "still"."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """One vehicle passing one camera once.

    `text` is the vote after normalising and repairing; `raw_text` the vote as it was read; `repairs`
    says what was changed, as (position in raw_text, read, repaired). `country` is ISO 3166-1 alpha-2,
    `province` ISO 3166-2, both None where nothing says so. `sightings` are in order of time and hold
    every sighting that was read; of the others a thinned path. `best` is the sighting that was read
    in `frame`; both are None where nothing was read.
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
    frame: Frame | None = field(default=None, repr=False, compare=False)

    @property
    def is_accepted(self) -> bool:
        """Whether it becomes a detection, be it one that a person should look at."""
        return self.decision.outcome is not Outcome.REJECTED


class PassingReader:
    """The state of one camera: its motion gate, its tracks, and the vehicles lately told of.

    Not thread-safe. Time is the source's own, in seconds, and may stand still but not run back.
    Frames may be missing and irregular. The same calls give the same passings.
    """

    def __init__(
        self, config: RecognitionConfig, *, emission: Emission = Emission.DECIDED
    ) -> None: ...

    @property
    def funnel(self) -> Funnel:
        """What was counted since the start; take differences with `Funnel.__sub__`."""
        raise NotImplementedError

    def reconfigure(self, config: RecognitionConfig) -> None:
        """Go on with other settings from the next call on; tracks and readings stay."""
        raise NotImplementedError

    def look(self, frame: NDArray[np.uint8], seen_s: float) -> bool:
        """Say whether a frame deserves the detector: something moved, or a vehicle is undecided.

        Args:
            frame: Luma of shape (H, W), or BGR of shape (H, W, 3); any size, the same each time.
            seen_s: When, on the source's clock.
        """
        raise NotImplementedError

    def select(
        self, *, frame_index: int, seen_s: float, boxes: Sequence[PlateBox], frame: Frame
    ) -> list[CropRequest]:
        """Follow the boxes of one frame and choose what is worth reading.

        Call it also with no boxes: that is how a track learns that its vehicle has gone.

        Args:
            frame_index: Of the frame, as it is to appear in sightings.
            seen_s: When the frame was taken, on the source's clock; not before the last call's.
            boxes: All boxes of the detector, in pixels of `frame`.
            frame: Shape (H, W, 3), uint8, BGR, full resolution.

        Returns:
            At most one request for each box, most wanted first.
        """
        raise NotImplementedError

    def accept(self, requests: Sequence[CropRequest], readings: Sequence[Reading]) -> None:
        """Take the readings of some requests, one each, in the same order.

        Raises:
            FrameError: there are not as many readings as requests.
        """
        raise NotImplementedError

    def abandon(self, requests: Sequence[CropRequest]) -> None:
        """Forget requests whose readings will not come: a worker died or was too slow."""
        raise NotImplementedError

    def expire(self, now_s: float) -> list[Passing]:
        """Hand out the passings that are decided or over by now; each vehicle once, oldest first.

        Rejected passings are handed out too, when they are over, so that a person can be told why.
        """
        raise NotImplementedError

    def flush(self) -> list[Passing]:
        """End all tracks, the source being at its end, and hand out what was not yet handed out."""
        raise NotImplementedError
