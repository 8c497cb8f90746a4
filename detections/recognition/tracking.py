"""Which box belongs to which vehicle, from frame to frame, by place, size and motion alone.

Plates are small: between two frames at 5 per second one moves by several times its own size, so
boxes seldom overlap and the search reaches as far as a plate can have come. What geometry cannot
tell apart, the texts do: see `detections.recognition.passing`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, log

from detections.recognition.types import PlateBox, Sighting

_NEW_REACH = 1.0
_NEW_SPEED = 20.0
_NEW_GAP_S = 0.25
_KNOWN_REACH = 0.8
_KNOWN_SPEED = 3.0
_STANDING_S = 1.0
_STANDING_REACH = 0.6
_STANDING_SPEED = 2.0
_STANDING_GAP_S = 0.5
"""How far from where it is expected a plate is sought, in plate sizes and plate sizes a second out
of sight: before its own speed is known, after, and when it stands. 20 a second is a car at 20 km/h
seen from the side, or at 80 km/h coming on."""

_MAX_GROWTH = 1.6
_MAX_GROWTH_RATE = 1.5
"""How much a plate's size may change at once by a detector's whim, and by what factor a second."""

_SPEED_GAIN = 0.5
_PLACE_GAIN = 0.4
_LONGEST_PREDICTION_S = 1.0
_MOVED_SIZES = 0.3
_MIN_MISSES = 2
_MIN_MISSES_STANDING = 5
"""Frames without a plate before it can be lost; more where it stands, since then hardly any are
searched and a detector that misses two in a row is no rarity."""

_MISSED_COST = 0.3
_UNSEEN_FACTOR = 4


@dataclass(slots=True)
class Track:
    """One plate followed over frames; times in seconds, places in pixels of the frame.

    `gap_s` is how long the plate was out of sight before its last box, `sought_in_vain` whether
    frames were searched meanwhile, and `missed` in how many since. `jump` is how far the last box
    lay from where it was expected, in plate sizes. `still_since_s` is when the plate last moved by
    more than a detector's boxes waver; `has_moved` whether it ever did.
    """

    track_id: int
    first_box: PlateBox
    first_seen_s: float
    box: PlateBox
    seen_s: float
    velocity: tuple[float, float] = (0.0, 0.0)
    hits: int = 1
    missed: int = 0
    gap_s: float = 0.0
    sought_in_vain: bool = False
    jump: float = 0.0
    smooth: tuple[float, float] = (0.0, 0.0)
    anchor: tuple[float, float] = (0.0, 0.0)
    still_since_s: float = 0.0
    has_moved: bool = False

    def expected_center(self, now_s: float) -> tuple[float, float]:
        """Where the plate should be by now, at constant speed for at most a second."""
        ahead_s = min(now_s - self.seen_s, _LONGEST_PREDICTION_S)
        x, y = self.box.center
        return x + self.velocity[0] * ahead_s, y + self.velocity[1] * ahead_s

    def stood_s(self, now_s: float) -> float:
        """How long the plate has not moved."""
        return now_s - self.still_since_s


class Tracker:
    """The tracks of one camera. Frames may be missing and irregular: time counts, not frames."""

    def __init__(self) -> None:
        self._tracks: list[Track] = []
        self._last_id = 0

    @property
    def tracks(self) -> tuple[Track, ...]:
        """Those alive, oldest first."""
        return tuple(self._tracks)

    def update(self, boxes: Sequence[PlateBox], seen_s: float) -> list[Track]:
        """Give every box of a frame its track, a new one where none fits.

        Returns:
            One track for each box, in the order of boxes; no track twice.

        Source: prediction at constant velocity as in SORT, A. Bewley et al., 2016.
        """
        matched = self._match(boxes, seen_s)
        for track in self._tracks:
            track.missed += 1
        for index, track in matched.items():
            _follow(track, boxes[index], seen_s)
        return [
            matched[index] if index in matched else self.start(box, seen_s)
            for index, box in enumerate(boxes)
        ]

    def _match(self, boxes: Sequence[PlateBox], seen_s: float) -> dict[int, Track]:
        """Pair boxes with tracks, cheapest pair first.

        In simulated traffic of 2 to 16 plates at 5 to 25 frames a second this changed identities
        as seldom as the optimal assignment did (2.60 and 2.55 % of boxes at 8 plates and 5 frames,
        0.98 and 0.94 % at 16 and 10), which would take SciPy: 49 MB in every process.
        """
        pairs = [
            (cost, row, column)
            for row, track in enumerate(self._tracks)
            for column, box in enumerate(boxes)
            if (cost := _cost(track, box, seen_s)) is not None
        ]
        matched: dict[int, Track] = {}
        taken: set[int] = set()
        for _, row, column in sorted(pairs):
            if row not in taken and column not in matched:
                taken.add(row)
                matched[column] = self._tracks[row]
        return matched

    def start(self, box: PlateBox, seen_s: float) -> Track:
        """Begin a track that is known to be another vehicle than all others."""
        self._last_id += 1
        track = Track(
            track_id=self._last_id,
            first_box=box,
            first_seen_s=seen_s,
            box=box,
            seen_s=seen_s,
            smooth=box.center,
            anchor=box.center,
            still_since_s=seen_s,
        )
        self._tracks.append(track)
        return track

    def end(self, track: Track) -> None:
        """Follow a track no longer; nothing happens where it has ended already."""
        self._tracks = [other for other in self._tracks if other is not track]

    def split(self, track: Track, *, last: Sighting, first: Sighting) -> Track:
        """Cut a track in two, where another vehicle turned out to have taken its place.

        Args:
            track: Ends with `last`.
            last: Where its own vehicle was seen last.
            first: Where the other one was seen first.

        Returns:
            The later part, which goes on.
        """
        self.end(track)
        later = self.start(first.box, first.seen_s)
        later.box, later.seen_s = track.box, track.seen_s
        later.velocity, later.hits = track.velocity, track.hits
        track.box, track.seen_s, track.missed = last.box, last.seen_s, _MIN_MISSES_STANDING
        return later


def is_lost(track: Track, now_s: float, *, expiry_s: float) -> bool:
    """Say whether a plate has been sought in vain for long enough to be gone.

    Where nothing moved, no frame is searched: a plate that nobody looked for is not lost, unless it
    was on its way when the frames stopped coming.
    """
    unseen_s = now_s - track.seen_s
    stands = track.stood_s(track.seen_s) >= _STANDING_S
    if track.missed >= (_MIN_MISSES_STANDING if stands else _MIN_MISSES):
        return unseen_s >= expiry_s
    return unseen_s >= _UNSEEN_FACTOR * expiry_s and not stands


def covers(one: PlateBox, other: PlateBox) -> float:
    """Share of the smaller of two boxes that the other one covers, 0 to 1."""
    width = min(one.x_max, other.x_max) - max(one.x_min, other.x_min)
    height = min(one.y_max, other.y_max) - max(one.y_min, other.y_min)
    smaller = min(one.width * one.height, other.width * other.height)
    return max(width, 0.0) * max(height, 0.0) / smaller if smaller > 0 else 0.0


def size_px(box: PlateBox) -> float:
    """Half of width plus height, at least 1: what distances are measured in."""
    return max((box.width + box.height) / 2, 1.0)


def _cost(track: Track, box: PlateBox, seen_s: float) -> float | None:
    """Price a box as the next of a track: 0 as expected, 1 at the edge, None beyond it."""
    gap_s = max(seen_s - track.seen_s, 0.0)
    size = (size_px(track.box) + size_px(box)) / 2
    growth = abs(log(size_px(box) / size_px(track.box))) / log(
        _MAX_GROWTH * _MAX_GROWTH_RATE ** min(gap_s, _LONGEST_PREDICTION_S)
    )
    x, y = track.expected_center(seen_s)
    distance = hypot(box.center[0] - x, box.center[1] - y) / size / _reach(track, gap_s)
    if distance > 1 or growth > 1:
        return None
    # A vehicle that stops where another one stood keeps its own track.
    return 0.8 * distance + 0.2 * growth + _MISSED_COST * min(gap_s, _LONGEST_PREDICTION_S)


def _reach(track: Track, gap_s: float) -> float:
    if track.hits == 1:
        return _NEW_REACH + _NEW_SPEED * min(gap_s, _NEW_GAP_S)
    if track.stood_s(track.seen_s) >= _STANDING_S:
        return _STANDING_REACH + _STANDING_SPEED * min(gap_s, _STANDING_GAP_S)
    return _KNOWN_REACH + _KNOWN_SPEED * min(gap_s, _LONGEST_PREDICTION_S)


def _follow(track: Track, box: PlateBox, seen_s: float) -> None:
    track.gap_s = max(seen_s - track.seen_s, 1e-3)
    x, y = track.expected_center(seen_s)
    track.jump = hypot(box.center[0] - x, box.center[1] - y) / size_px(box)
    gain = 1.0 if track.hits == 1 else _SPEED_GAIN
    measured = [
        (new - old) / track.gap_s for new, old in zip(box.center, track.box.center, strict=True)
    ]
    track.velocity = (
        track.velocity[0] + gain * (measured[0] - track.velocity[0]),
        track.velocity[1] + gain * (measured[1] - track.velocity[1]),
    )
    track.box, track.seen_s = box, seen_s
    track.hits += 1
    track.sought_in_vain = track.missed > 1
    track.missed = 0
    _note_movement(track)


def _note_movement(track: Track) -> None:
    """Compare a smoothed place with where the plate last stood, since boxes waver."""
    track.smooth = (
        track.smooth[0] + _PLACE_GAIN * (track.box.center[0] - track.smooth[0]),
        track.smooth[1] + _PLACE_GAIN * (track.box.center[1] - track.smooth[1]),
    )
    moved = hypot(track.smooth[0] - track.anchor[0], track.smooth[1] - track.anchor[1])
    if moved > _MOVED_SIZES * size_px(track.box):
        track.anchor = track.smooth
        track.still_since_s = track.seen_s
        track.has_moved = True
