"""Which vehicles were handed out lately, so that none is twice when its track breaks apart."""

from dataclasses import dataclass
from math import hypot

from detections.recognition.tracking import Track, size_px
from vehicles.plates.confusables import fold, similarity

_SIMILAR = 0.7
_NEAR_SIZES = 2.0
_NEAR_SIZES_PER_S = 3.0
_LONGEST_GAP_S = 3.0
"""A text that is only similar must go on where the earlier track would be: in plate sizes, and by
so many more for each second between them. Plates of one company's lorries are similar too."""


@dataclass(frozen=True, slots=True)
class _Told:
    text: str
    track: Track


class ToldVehicles:
    """Texts handed out and the tracks they were on, which may still go on."""

    def __init__(self) -> None:
        self._told: list[_Told] = []

    def add(self, text: str, track: Track) -> None:
        """Remember a vehicle as long as its track goes on, and a while beyond."""
        self._told.append(_Told(text, track))

    def forget(self, before_s: float) -> None:
        """Drop the vehicles last seen before some moment."""
        self._told = [told for told in self._told if told.track.seen_s >= before_s]

    def has(self, text: str, track: Track, *, repeat_after_s: float) -> bool:
        """Say whether a track is of a vehicle that was handed out already.

        Args:
            text: The vote of the track.
            track: Another one than those added.
            repeat_after_s: A vehicle out of sight for longer passes a second time.
        """
        return any(
            track.first_seen_s - told.track.seen_s <= repeat_after_s
            and (fold(told.text) == fold(text) or continues(told.text, told.track, text, track))
            for told in self._told
        )


def continues(earlier_text: str, earlier: Track, later_text: str, later: Track) -> bool:
    """Say whether a track goes on from an earlier one that ended, by its text and its place."""
    gap_s = later.first_seen_s - earlier.seen_s
    if not 0 < gap_s <= _LONGEST_GAP_S or similarity(earlier_text, later_text) < _SIMILAR:
        return False
    x, y = earlier.expected_center(later.first_seen_s)
    distance = hypot(later.first_box.center[0] - x, later.first_box.center[1] - y)
    reach = _NEAR_SIZES + _NEAR_SIZES_PER_S * gap_s
    return distance <= reach * size_px(later.first_box)
