"""What happened to everything that a camera saw: small counts that add up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from detections.recognition.types import Rejection


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """Counts over some span of time; add two spans with +, take an earlier count off with -.

    Boxes are followed as tracks, and every track ends in exactly one way, so that
    `tracks == accepted + rejected() + still open`.

    >>> first = Funnel(frames=250, moved=40, rejections={Rejection.BLURRED: 1})
    >>> second = Funnel(frames=250, rejections={Rejection.BLURRED: 2})
    >>> both = first + second
    >>> both.frames, both.rejections
    (500, {<Rejection.BLURRED: 'blurred'>: 3})
    >>> both - second == first
    True
    """

    frames: int = 0
    moved: int = 0
    boxes: int = 0
    readings: int = 0
    tracks: int = 0
    accepted: int = 0
    rejections: Mapping[Rejection, int] = field(default_factory=dict)

    @property
    def rejected(self) -> int:
        return sum(self.rejections.values())

    def __add__(self, other: "Funnel") -> "Funnel":
        return self._combine(other, 1)

    def __sub__(self, other: "Funnel") -> "Funnel":
        return self._combine(other, -1)

    def _combine(self, other: "Funnel", sign: int) -> "Funnel":
        rejections = {
            reason: count
            for reason in Rejection
            if (count := self.rejections.get(reason, 0) + sign * other.rejections.get(reason, 0))
        }
        return Funnel(
            frames=self.frames + sign * other.frames,
            moved=self.moved + sign * other.moved,
            boxes=self.boxes + sign * other.boxes,
            readings=self.readings + sign * other.readings,
            tracks=self.tracks + sign * other.tracks,
            accepted=self.accepted + sign * other.accepted,
            rejections=rejections,
        )
