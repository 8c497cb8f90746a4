"""The roads of the seeded city, its cameras on them, and which camera a drive passes when.

The shape is that of the island of Phuket: junctions and roads were set down by hand from common
knowledge, to about a kilometre, and stand for no survey.
"""

import math
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

PROVINCE = "TH-83"

# Longitude and latitude in degrees.
JUNCTIONS = {
    "Sarasin Bridge": (98.299, 8.201),
    "Mai Khao": (98.312, 8.152),
    "Airport": (98.309, 8.108),
    "Nai Yang": (98.300, 8.092),
    "Mueang Mai": (98.336, 8.085),
    "Ao Po": (98.436, 8.067),
    "Thalang": (98.337, 8.030),
    "Heroines": (98.346, 7.978),
    "Bang Tao": (98.297, 7.996),
    "Kamala": (98.284, 7.953),
    "Patong": (98.297, 7.896),
    "Kathu": (98.333, 7.912),
    "Ko Kaeo": (98.377, 7.948),
    "Samkong": (98.381, 7.908),
    "Phuket Town": (98.391, 7.884),
    "Siray": (98.428, 7.880),
    "Cape Panwa": (98.410, 7.806),
    "Darasamut": (98.371, 7.882),
    "Chalong": (98.341, 7.846),
    "Karon": (98.296, 7.846),
    "Kata": (98.298, 7.820),
    "Rawai": (98.328, 7.776),
    "Pa Khlok": (98.402, 8.017),
}
ROADS = (
    ("Thepkrasattri", "Sarasin Bridge", "Mai Khao", "Mueang Mai", "Thalang", "Heroines"),
    ("Thepkrasattri", "Heroines", "Ko Kaeo", "Samkong", "Phuket Town"),
    ("Airport", "Mueang Mai", "Airport", "Nai Yang"),
    ("East", "Heroines", "Pa Khlok", "Ao Po"),
    ("North cross", "Mueang Mai", "Ao Po"),
    ("West coast", "Heroines", "Bang Tao", "Kamala", "Patong", "Karon", "Kata", "Rawai"),
    ("Phra Barami", "Patong", "Kathu", "Samkong"),
    ("Bypass", "Ko Kaeo", "Darasamut", "Chalong"),
    ("Town", "Samkong", "Darasamut", "Phuket Town", "Siray"),
    ("Panwa", "Phuket Town", "Cape Panwa"),
    ("Chao Fa", "Phuket Town", "Chalong", "Rawai"),
    ("South cross", "Chalong", "Kata"),
)
# Roads wind: driven metres per metre of the straight line.
_BENDS = 1.25
_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Where a camera stands: degrees east and north, and where it looks, clockwise from north."""

    name: str
    longitude: float
    latitude: float
    heading_degrees: float


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """Cameras, and the drives between junctions that pass at least one.

    Drive i passes `cameras[first[i]:first[i + 1]]`, `metres` after its start, towards the camera
    where `approaching`. `starts` and `ends` are positions in JUNCTIONS.
    """

    posts: tuple[Post, ...]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    first: NDArray[np.int64]
    cameras: NDArray[np.int64]
    metres: NDArray[np.float64]
    approaching: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Link:
    road: str
    start: str
    end: str

    @property
    def metres(self) -> float:
        east, north = _offset(self.start, self.end)
        return math.hypot(east, north) * _BENDS


def build_city(cameras: int) -> City:
    """Set cameras evenly along the roads and find every shortest drive.

    Source: R. W. Floyd, "Algorithm 97: Shortest path", 1962.

    >>> len(build_city(40).posts)
    40
    """
    links = [_Link(road, *ends) for road, *stops in ROADS for ends in pairwise(stops)]
    placed = _place(links, cameras)
    posts = tuple(post for _, _, post in placed)
    drives = [
        (start, end, passed)
        for (start, end), path in _shortest_paths(links).items()
        if (passed := _passed(path, links, placed))
    ]
    names = list(JUNCTIONS)
    flat = [camera for _, _, passed in drives for camera in passed]
    lengths = [len(passed) for _, _, passed in drives]
    return City(
        posts=posts,
        starts=np.array([names.index(start) for start, _, _ in drives]),
        ends=np.array([names.index(end) for _, end, _ in drives]),
        first=np.concatenate([[0], np.cumsum(lengths)]),
        cameras=np.array([camera for camera, _, _ in flat]),
        metres=np.array([metres for _, metres, _ in flat]),
        approaching=np.array([towards for _, _, towards in flat]),
    )


def _offset(start: str, end: str) -> tuple[float, float]:
    """Metres east and north, on a plane that is good to a thousandth over the island."""
    (east_a, north_a), (east_b, north_b) = JUNCTIONS[start], JUNCTIONS[end]
    shrink = math.cos(math.radians((north_a + north_b) / 2))
    return (
        (east_b - east_a) * _METRES_PER_DEGREE * shrink,
        (north_b - north_a) * _METRES_PER_DEGREE,
    )


def _place(links: list[_Link], cameras: int) -> list[tuple[int, float, Post]]:
    """The link, metres from its start, and post of each camera."""
    ends = np.cumsum([link.metres for link in links])
    numbers: dict[str, int] = {}
    placed = []
    for at in (np.arange(cameras) + 0.5) * ends[-1] / cameras:
        index = int(np.searchsorted(ends, at))
        link = links[index]
        along = float(at - (ends[index] - link.metres))
        numbers[link.road] = numbers.get(link.road, 0) + 1
        placed.append((index, along, _post(link, along / link.metres, numbers[link.road])))
    return placed


def _post(link: _Link, share: float, number: int) -> Post:
    (east_a, north_a), (east_b, north_b) = JUNCTIONS[link.start], JUNCTIONS[link.end]
    east, north = _offset(link.start, link.end)
    return Post(
        name=f"{link.road} {number}",
        longitude=round(east_a + (east_b - east_a) * share, 6),
        latitude=round(north_a + (north_b - north_a) * share, 6),
        # It looks at those who come from the link's start.
        heading_degrees=round((math.degrees(math.atan2(east, north)) + 180) % 360, 1),
    )


def _shortest_paths(links: list[_Link]) -> dict[tuple[str, str], list[str]]:
    metres: dict[tuple[str, str], float] = {}
    onward: dict[tuple[str, str], str] = {}
    for link in links:
        for start, end in ((link.start, link.end), (link.end, link.start)):
            metres[start, end], onward[start, end] = link.metres, end
    for middle, start, end in product(JUNCTIONS, repeat=3):
        through = metres.get((start, middle), math.inf) + metres.get((middle, end), math.inf)
        if start != end and through < metres.get((start, end), math.inf):
            metres[start, end], onward[start, end] = through, onward[start, middle]
    paths = {}
    for start, end in sorted(metres):
        path = [start]
        while path[-1] != end:
            path.append(onward[path[-1], end])
        paths[start, end] = path
    return paths


def _passed(
    path: list[str], links: list[_Link], placed: list[tuple[int, float, Post]]
) -> list[tuple[int, float, bool]]:
    """Cameras along a path: number, metres from its start, and whether it is approached."""
    known = {(link.start, link.end): index for index, link in enumerate(links)}
    driven, passed = 0.0, []
    for start, end in pairwise(path):
        forward = (start, end) in known
        index = known[(start, end) if forward else (end, start)]
        link = links[index]
        here = [
            (number, driven + (along if forward else link.metres - along), forward)
            for number, (of_link, along, _) in enumerate(placed)
            if of_link == index
        ]
        passed += here if forward else here[::-1]
        driven += link.metres
    return passed
