"""One text from the many readings of one plate."""

from collections.abc import Sequence
from dataclasses import dataclass

from detections.recognition.types import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A text that was read, and its share of all weight, 0 to 1."""

    text: str
    share: float
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What the readings of one plate say together.

    `confidence` is the smallest of `char_confidences`, 0 to 1. `frames_agreed` counts the readings
    equal to `text`, `frames_read` those with any text. `candidates` are the texts that were read,
    heaviest first; `text` need not be among them.
    """

    text: str
    char_confidences: tuple[float, ...]
    frames_agreed: int
    frames_read: int
    candidates: tuple[Candidate, ...]

    @property
    def confidence(self) -> float:
        return min(self.char_confidences, default=0.0)


def vote(readings: Sequence[Reading], weights: Sequence[float] | None = None) -> Vote:
    """Align readings of different lengths and let them vote on every position.

    Args:
        readings: Of one plate, in any order; empty texts count for nothing.
        weights: How much each reading is trusted, above 0; all the same where None.
    """
    raise NotImplementedError
