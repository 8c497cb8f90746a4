"""From looks at single frames to what is said of a vehicle, which is nothing unless it is sure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeVar

from detections.recognition.tracking import covers
from detections.recognition.types import PlateBox, VehicleColor, VehicleKind, VehicleLook

_HOLDS_PLATE = 0.8
_SURE = 0.8
"""Mean probability, over all looks, from which a kind or a colour is named."""

Label = TypeVar("Label", VehicleKind, VehicleColor)


def vehicle_of_plate(plate: PlateBox, looks: Sequence[VehicleLook]) -> VehicleLook | None:
    """The vehicle that carries a plate: the smallest that holds nearly all of it, or None.

    A lorry behind a car may hold the car's plate too, and is larger.
    """
    holding = [
        look
        for look in looks
        if _area(look.box) > _area(plate) and covers(plate, look.box) >= _HOLDS_PLATE
    ]
    return min(holding, key=lambda look: _area(look.box), default=None)


def vote_looks(
    looks: Sequence[VehicleLook],
) -> tuple[VehicleKind | None, VehicleColor | None]:
    """Let the looks at one vehicle vote; None where they do not agree or are not sure.

    >>> box = PlateBox(x_min=0, y_min=0, x_max=9, y_max=9, confidence=1)
    >>> sure = VehicleLook(box=box, kinds={VehicleKind.VAN: 0.9}, colors={VehicleColor.RED: 0.5})
    >>> vote_looks([sure, sure])
    (<VehicleKind.VAN: 'van'>, None)
    """
    return _winner([look.kinds for look in looks]), _winner([look.colors for look in looks])


def _winner(votes: Sequence[Mapping[Label, float]]) -> Label | None:
    total: defaultdict[Label, float] = defaultdict(float)
    for vote in votes:
        for label, probability in vote.items():
            total[label] += probability / len(votes)
    best = max(total, key=lambda label: total[label], default=None)
    return best if best is not None and total[best] >= _SURE else None


def _area(box: PlateBox) -> float:
    return box.width * box.height
