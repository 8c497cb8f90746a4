"""The vehicles of the seeded city and the plates that they carry."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detections.models import Detection
from detections.services.seeding.city import JUNCTIONS, PROVINCE
from vehicles.plates.family import Family
from vehicles.plates.patterns import Shape, shapes_of
from vehicles.plates.provinces import PROVINCES
from vehicles.plates.south_east_asia import SOUTH_EAST_ASIA
from vehicles.plates.thailand import THAILAND

COMMUTERS_SHARE = 0.35
_FOREIGN_SHARE = 0.015
_MALAYSIA = next(family for family in SOUTH_EAST_ASIA if family.country == "MY")
# Where visitors come from; the other provinces share what is left.
_PROVINCE_SHARES = {PROVINCE: 0.66, "TH-10": 0.1, "TH-82": 0.05, "TH-81": 0.04, "TH-84": 0.03}
# What tells the vehicle in the name of a family; the others are cars.
_KINDS = {
    "motorcycle": Detection.VehicleKind.MOTORCYCLE,
    "pick_up": Detection.VehicleKind.PICKUP,
    "van": Detection.VehicleKind.VAN,
    "truck": Detection.VehicleKind.TRUCK,
    "bus": Detection.VehicleKind.BUS,
}
_COLORS = ("white", "black", "gray", "red", "blue", "brown", "green", "yellow")
_COLOR_SHARES = (0.34, 0.2, 0.26, 0.08, 0.06, 0.03, 0.02, 0.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Vehicles with distinct plates; the first `commuters` drive to work and home.

    `homes` and `works` are positions in JUNCTIONS.
    """

    numbers: list[str]
    countries: list[str]
    provinces: list[str]
    kinds: list[str]
    colors: list[str]
    homes: NDArray[np.int64]
    works: NDArray[np.int64]

    @property
    def commuters(self) -> int:
        return max(1, int(len(self.numbers) * COMMUTERS_SHARE))


def build_fleet(random: np.random.Generator, size: int) -> Fleet:
    """Draw vehicles whose plates follow the grammar of their country; a few fewer than `size`.

    >>> fleet = build_fleet(np.random.default_rng(1), 100)
    >>> len(fleet.numbers) > 95, fleet.countries[0]
    (True, 'TH')
    """
    foreign = round(size * _FOREIGN_SHARE)
    drawn = [*_draw(random, THAILAND, size - foreign), *_draw(random, (_MALAYSIA,), foreign)]
    provinces = _draw_provinces(random, size)
    plates: dict[tuple[str, str, str], str] = {}
    for (number, family), province in zip(drawn, provinces, strict=False):
        key = (number, family.country, province if family.country == "TH" else "")
        plates.setdefault(key, _kind(family))
    order = random.permutation(len(plates))
    keys, kinds = list(plates), list(plates.values())
    homes = random.integers(len(JUNCTIONS), size=len(plates))
    works = (homes + random.integers(1, len(JUNCTIONS), size=len(plates))) % len(JUNCTIONS)
    return Fleet(
        numbers=[keys[index][0] for index in order],
        countries=[keys[index][1] for index in order],
        provinces=[keys[index][2] for index in order],
        kinds=[kinds[index] for index in order],
        colors=random.choice(_COLORS, size=len(plates), p=_COLOR_SHARES).tolist(),
        homes=homes,
        works=works,
    )


def _kind(family: Family) -> str:
    kinds = (kind for name, kind in _KINDS.items() if name in family.name)
    return next(kinds, Detection.VehicleKind.CAR).value


def _draw_provinces(random: np.random.Generator, size: int) -> list[str]:
    codes = sorted({province.iso_code for province in PROVINCES})
    rest = 1 - sum(_PROVINCE_SHARES.values())
    others = rest / (len(codes) - len(_PROVINCE_SHARES))
    shares = [_PROVINCE_SHARES.get(code, others) for code in codes]
    drawn: list[str] = random.choice(codes, size=size, p=np.array(shares) / sum(shares)).tolist()
    return drawn


def _draw(
    random: np.random.Generator, families: tuple[Family, ...], size: int
) -> Iterator[tuple[str, Family]]:
    """Numbers with their families, by the families' shares."""
    families = tuple(family for family in families if family.has_valid_check is None)
    weights = np.array([family.weight for family in families])
    for family, count in zip(
        families, random.multinomial(size, weights / weights.sum()), strict=True
    ):
        shapes = [
            shape
            for pattern in family.patterns
            for shape in shapes_of(pattern, codes=family.codes, letters=family.letters)
        ]
        # Longer numbers are as much more frequent as there are more of them.
        sizes = np.array([np.prod([len(set_) for set_ in shape.allowed]) for shape in shapes])
        for shape, drawn in zip(
            shapes, random.multinomial(count, sizes / sizes.sum()), strict=True
        ):
            for number in _numbers(random, shape, drawn):
                # What hangs together more than by position is left out.
                if shape.has_code(number):
                    yield number, family


def _numbers(random: np.random.Generator, shape: Shape, count: int) -> list[str]:
    letters = np.empty((count, len(shape.allowed)), dtype="<U1")
    for position, allowed in enumerate(shape.allowed):
        letters[:, position] = random.choice(sorted(allowed), size=count)
    joined: list[str] = letters.view(f"<U{len(shape.allowed)}").ravel().tolist()
    return joined
