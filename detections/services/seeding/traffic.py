"""Who passes which camera when: rush hours, commuters, convoys, one cloned plate, misreadings."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from detections.services.seeding.city import JUNCTIONS, City
from detections.services.seeding.fleet import Fleet
from vehicles.plates.confusables import group_of

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SATURDAY = 5
# Traffic of each hour of a day that is no rush of commuters, in any unit.
_RHYTHM = np.array(
    [3, 2, 1, 1, 2, 4, 8, 12, 13, 13, 14, 15, 15, 14, 14, 15, 16, 16, 15, 13, 11, 9, 7, 5], float
)
_COMMUTING_SHARE = 0.55
_TO_WORK, _HOME = (7.7, 0.6), (17.4, 0.8)  # hour and its deviation
_NIGHT = (6, 19)  # hours between which it is light
_MISREAD_SHARES = (0.02, 0.05)  # by day, by night
_CONVOYS, _CONVOY_VEHICLES, _CONVOY_GAP_MS, _CONVOY_EVERY_DAYS = 3, 3, 20_000, 3
_CLONE_MINUTES = 4

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passings:
    """Passings of cameras, in the order of time, one entry of each array for each.

    `at_ms` counts from 1970, UTC. `misread_at` is the position of the character that is taken for
    `misread_as` (a position in its group of confusables), -1 where the number is read rightly.
    """

    vehicle: Ints
    camera: Ints
    at_ms: Ints
    approaching: NDArray[np.bool_]
    confidence: NDArray[np.float64]
    frames_read: Ints
    frames_agreed: Ints
    misread_at: Ints
    misread_as: Ints

    def __len__(self) -> int:
        return len(self.vehicle)

    def part(self, chosen: slice) -> "Passings":
        """Some of them."""
        return Passings(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trips:
    vehicle: Ints
    drive: Ints
    start_ms: Ints  # since the day's midnight


def passings_of_day(
    random: np.random.Generator,
    *,
    city: City,
    fleet: Fleet,
    midnight_ms: int,
    weekday: int,
    day: int,
    count: int,
) -> Passings:
    """Draw exactly `count` passings within one day.

    Args:
        midnight_ms: The beginning of the day, in milliseconds since 1970.
        weekday: Monday is 0.
        day: Number of the day within the whole span.
    """
    lengths = np.diff(city.first)
    wanted = int(count / lengths.mean() * 1.2) + 50
    trips = [_told_trips(random, city, fleet, day)]
    drawn = lengths[trips[0].drive].sum()
    while drawn < count:
        trips.append(_draw_trips(random, city, fleet, weekday=weekday, count=wanted))
        drawn += lengths[trips[-1].drive].sum()
    vehicle, drive, start_ms = (
        np.concatenate([getattr(part, name) for part in trips])
        for name in ("vehicle", "drive", "start_ms")
    )
    trip = np.repeat(np.arange(len(drive)), lengths[drive])[:count]
    stop = city.first[drive[trip]] + np.arange(count) - _firsts(lengths[drive])[trip]
    at_ms = start_ms[trip] + _driving_ms(random, city, trip, stop, start_ms)
    # Whoever would arrive after midnight leaves so much earlier.
    late = np.zeros(len(drive), dtype=np.int64)
    np.maximum.at(late, trip, at_ms - DAY_MS + 1)
    at_ms = np.maximum(at_ms - late[trip], 0)
    return _read(
        random,
        city,
        fleet,
        vehicle=vehicle[trip],
        stop=stop,
        at_ms=at_ms,
        midnight_ms=midnight_ms,
    )


def _firsts(lengths: Ints) -> Ints:
    return np.cumsum(lengths) - lengths


def _driving_ms(
    random: np.random.Generator, city: City, trip: Ints, stop: Ints, start_ms: Ints
) -> Ints:
    """Milliseconds from a trip's start to its stops; rush hours are slower."""
    hour = start_ms / HOUR_MS
    rush = np.exp(-(((hour - 8) / 1.2) ** 2)) + np.exp(-(((hour - 17.5) / 1.5) ** 2))
    metres_per_second = random.normal(14, 2, len(start_ms)).clip(7, 24) * (1 - 0.4 * rush)
    seconds = city.metres[stop] / metres_per_second[trip]
    return ((seconds + random.uniform(0, 3, len(stop))) * 1000).astype(np.int64)


def _draw_trips(
    random: np.random.Generator, city: City, fleet: Fleet, *, weekday: int, count: int
) -> _Trips:
    size, commuters = len(fleet.numbers), fleet.commuters
    share = 0.1 if weekday >= SATURDAY else _COMMUTING_SHARE
    commutes = random.random(count) < share
    goes_home = random.random(count) < 0.5  # noqa: PLR2004  # there and back
    # Some drive all day and most are seen once in a while.
    others = commuters + (random.random(count) ** 1.8 * (size - commuters)).astype(np.int64)
    vehicle = np.where(commutes, random.integers(commuters, size=count), others)
    vehicle = np.minimum(vehicle, size - 1)
    home, work = fleet.homes[vehicle], fleet.works[vehicle]
    start = np.where(commutes, np.where(goes_home, work, home), random.integers(23, size=count))
    end = np.where(commutes, np.where(goes_home, home, work), random.integers(23, size=count))
    rhythm = random.choice(24, size=count, p=_RHYTHM / _RHYTHM.sum()) + random.random(count)
    rush = np.where(goes_home, random.normal(*_HOME, count), random.normal(*_TO_WORK, count))
    hour = np.where(commutes, rush, rhythm).clip(0, 23.9)
    drive = _drive_numbers(city)[start, end]
    exists = drive >= 0
    return _Trips(
        vehicle=vehicle[exists],
        drive=drive[exists],
        start_ms=(hour[exists] * HOUR_MS).astype(np.int64),
    )


def _drive_numbers(city: City) -> Ints:
    """The drive between two junctions; -1 where it passes no camera."""
    numbers = np.full((len(JUNCTIONS), len(JUNCTIONS)), -1)
    numbers[city.starts, city.ends] = np.arange(len(city.starts))
    return numbers


def _told_trips(random: np.random.Generator, city: City, fleet: Fleet, day: int) -> _Trips:
    """The trips that make a story: convoys, and one plate in the north and the south at once."""
    lengths = np.diff(city.first)
    longest = np.argsort(-lengths, kind="stable")
    clone = len(fleet.numbers) - 1
    start = int(random.uniform(9, 16) * HOUR_MS)
    trips = [(clone, longest[0], start), (clone, longest[1], start + _CLONE_MINUTES * 60_000)]
    if day % _CONVOY_EVERY_DAYS == 0:
        for convoy in range(_CONVOYS):
            leaves = int(random.uniform(1, 22) * HOUR_MS)
            drive = longest[(convoy + 2) % len(longest)]
            trips += [
                (
                    (clone - 1 - convoy * _CONVOY_VEHICLES - place) % len(fleet.numbers),
                    drive,
                    leaves + place * _CONVOY_GAP_MS,
                )
                for place in range(_CONVOY_VEHICLES)
            ]
    told = np.array(trips, dtype=np.int64)
    return _Trips(vehicle=told[:, 0], drive=told[:, 1], start_ms=told[:, 2])


def _read(
    random: np.random.Generator,
    city: City,
    fleet: Fleet,
    *,
    vehicle: Ints,
    stop: Ints,
    at_ms: Ints,
    midnight_ms: int,
) -> Passings:
    """What the cameras make of the passings."""
    order = np.argsort(at_ms, kind="stable")
    vehicle, stop, at_ms = vehicle[order], stop[order], at_ms[order]
    count = len(order)
    hour = at_ms // HOUR_MS
    is_night = (hour < _NIGHT[0]) | (hour >= _NIGHT[1])
    is_misread = random.random(count) < np.where(is_night, _MISREAD_SHARES[1], _MISREAD_SHARES[0])
    sure = 1 - random.beta(1.3, np.where(is_night, 9, 18), count)
    confidence = np.where(is_misread, random.uniform(0.3, 0.88, count), sure)
    frames_read = random.integers(3, 13, count)
    agreed = np.ceil(frames_read * confidence).astype(np.int64)
    misread_at, misread_as = _misreadings(random, fleet, vehicle, is_misread)
    return Passings(
        vehicle=vehicle,
        camera=city.cameras[stop],
        at_ms=at_ms + midnight_ms,
        approaching=city.approaching[stop],
        confidence=confidence.round(4).clip(0.2, 0.9999),
        frames_read=frames_read,
        frames_agreed=agreed,
        misread_at=misread_at,
        misread_as=misread_as,
    )


def _misreadings(
    random: np.random.Generator, fleet: Fleet, vehicle: Ints, is_misread: NDArray[np.bool_]
) -> tuple[Ints, Ints]:
    misread_at = np.full(len(vehicle), -1)
    misread_as = np.full(len(vehicle), -1)
    chance = random.random((len(vehicle), 2))
    for index in np.flatnonzero(is_misread).tolist():
        number = fleet.numbers[vehicle[index]]
        places = [place for place, character in enumerate(number) if group_of(character)]
        if places:
            place = places[int(chance[index, 0] * len(places))]
            misread_at[index] = place
            misread_as[index] = int(chance[index, 1] * (len(group_of(number[place])) - 1))
    return misread_at, misread_as


def misread(number: str, place: int, other: int) -> str:
    """The number with one character taken for another of its group.

    >>> misread("1กข8", 3, 0)
    '1กขB'
    """
    others = group_of(number[place]).replace(number[place], "")
    return f"{number[:place]}{others[other]}{number[place + 1 :]}"
