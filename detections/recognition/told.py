"""Which vehicles were handed out lately, so that none is twice when its track breaks apart."""

from dataclasses import dataclass
from math import hypot

from detections.recognition.tracking import Track, covers, size_px
from detections.recognition.vehicle import Vehicle
from vehicles.plates.confusables import fold, similarity

_SIMILAR = 0.7
_NEAR_SIZES = 2.0
_NEAR_SIZES_PER_S = 3.0
_LONGEST_GAP_S = 3.0
"""A text that is only similar must go on where the earlier track would be: in plate sizes, and by
so many more for each second between them. Plates of one company's lorries are similar too."""

_DOUBTFUL = 0.8
"""A character read below this may be another one of its group."""

_SURE_PROVINCE = 0.8
"""From this on two provinces that differ are of two plates."""


@dataclass(frozen=True, slots=True)
class _Plate:
    """A plate as it was read; one confidence for each character of `text`."""

    text: str
    confidences: tuple[float, ...]
    province: str | None
    vehicle: Vehicle

    @classmethod
    def of(cls, vehicle: Vehicle) -> "_Plate":
        """What is known of a vehicle's plate by now; a recheck may change the vehicle's vote."""
        text, vote = vehicle.text, vehicle.vote
        is_aligned = len(text) == len(vote.char_confidences)
        is_sure = vehicle.province_confidence >= _SURE_PROVINCE
        return cls(
            text=text,
            confidences=vote.char_confidences if is_aligned else (vote.confidence,) * len(text),
            province=vehicle.province.code if vehicle.province and is_sure else None,
            vehicle=vehicle,
        )


class ToldVehicles:
    """Plates handed out and the vehicles they are on, which may still be in view."""

    def __init__(self) -> None:
        self._told: list[_Plate] = []

    def add(self, vehicle: Vehicle) -> None:
        """Remember a vehicle as long as its track goes on, and a while beyond."""
        self._told.append(_Plate.of(vehicle))

    def forget(self, before_s: float) -> None:
        """Drop the vehicles last seen before some moment."""
        self._told = [told for told in self._told if told.vehicle.last_seen_s >= before_s]

    def has(self, vehicle: Vehicle, *, repeat_after_s: float) -> bool:
        """Say whether a vehicle was handed out already, from another track.

        Args:
            vehicle: Another one than those added.
            repeat_after_s: A vehicle out of sight for longer passes a second time.
        """
        plate = _Plate.of(vehicle)
        return any(
            vehicle.first_seen_s - told.vehicle.last_seen_s <= repeat_after_s
            and _are_one(told, plate)
            for told in self._told
        )


def is_same_vehicle(earlier: Vehicle, later: Vehicle) -> bool:
    """Say whether two tracks are of one vehicle, by what was read and by their places."""
    return _are_one(_Plate.of(earlier), _Plate.of(later))


def _are_one(earlier: _Plate, later: _Plate) -> bool:
    """Say whether two readings are of one plate, which one track of it lost and another found.

    The same text is told once, also where two boxes of one frame show it: one of them is a mirror
    image, or the tracks changed places. A text that differs in what is easily confused is another
    plate where both were in view at once, or where both readings are sure of what differs.
    """
    if _continues(earlier.text, earlier.vehicle.track, later.text, later.vehicle.track):
        return True
    if fold(earlier.text) != fold(later.text):
        return False
    if earlier.province and later.province and earlier.province != later.province:
        return False
    if earlier.text == later.text:
        return True
    return not _are_side_by_side(earlier.vehicle, later.vehicle) and all(
        one == other or min(sureness) < _DOUBTFUL
        for one, other, *sureness in zip(
            earlier.text, later.text, earlier.confidences, later.confidences, strict=True
        )
    )


def _are_side_by_side(one: Vehicle, other: Vehicle) -> bool:
    """Say whether a frame showed both, in two places."""
    return any(
        covers(one.sightings[index].box, other.sightings[index].box) <= 0
        for index in one.sightings.keys() & other.sightings.keys()
    )


def _continues(earlier_text: str, earlier: Track, later_text: str, later: Track) -> bool:
    """Say whether a track goes on from an earlier one that ended, by its text and its place."""
    gap_s = later.first_seen_s - earlier.seen_s
    if not 0 < gap_s <= _LONGEST_GAP_S or similarity(earlier_text, later_text) < _SIMILAR:
        return False
    x, y = earlier.expected_center(later.first_seen_s)
    distance = hypot(later.first_box.center[0] - x, later.first_box.center[1] - y)
    reach = _NEAR_SIZES + _NEAR_SIZES_PER_S * gap_s
    return distance <= reach * size_px(later.first_box)
