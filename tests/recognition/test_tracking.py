from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detections.recognition.tracking import Track, Tracker, covers, is_lost
from detections.recognition.types import PlateBox, Sighting


def box(x: float, y: float, width: float = 60, height: float = 15) -> PlateBox:
    return PlateBox(
        x_min=x - width / 2,
        y_min=y - height / 2,
        x_max=x + width / 2,
        y_max=y + height / 2,
        confidence=0.8,
    )


def follow(
    tracker: Tracker, places: Sequence[PlateBox], *, from_s: float = 0, every_s: float = 0.1
) -> Track:
    """Show one plate at a row of places; its track at the last one."""
    tracks = [
        tracker.update([place], from_s + index * every_s)[0] for index, place in enumerate(places)
    ]
    return tracks[-1]


@pytest.mark.parametrize("fps", [5, 10, 25])
def test_crossing_plates_keep_their_tracks(fps: int) -> None:
    tracker = Tracker()
    ids: list[list[int]] = []
    for index in range(2 * fps):
        seen_s = index / fps
        boxes = [box(100 + 200 * seen_s, 200), box(500 - 200 * seen_s, 200 + 10 * seen_s)]
        ids.append([track.track_id for track in tracker.update(boxes, seen_s)])
    assert {tuple(pair) for pair in ids} == {(1, 2)}


def test_a_plate_is_found_again_where_its_speed_takes_it() -> None:
    tracker = Tracker()
    track = follow(tracker, [box(100 + 30 * index, 200) for index in range(5)])
    for index in range(5, 10):
        tracker.update([], index / 10)
    [again] = tracker.update([box(100 + 30 * 10, 200)], 1.0)
    assert again is track
    assert track.gap_s == pytest.approx(0.6)
    assert track.sought_in_vain
    assert track.jump < 0.1


def test_irregular_frames_are_followed_by_time() -> None:
    random = np.random.default_rng(3)
    tracker = Tracker()
    times = np.cumsum(random.uniform(0.02, 0.4, 30))
    ids = {tracker.update([box(100 + 150 * t, 200)], float(t))[0].track_id for t in times}
    assert ids == {1}


def test_two_plates_of_one_frame_never_share_a_track() -> None:
    tracker = Tracker()
    tracker.update([box(100, 100)], 0)
    tracks = tracker.update([box(101, 100), box(102, 101)], 0.1)
    assert len({track.track_id for track in tracks}) == 2


def test_a_plate_of_quite_another_size_is_another() -> None:
    tracker = Tracker()
    [first] = tracker.update([box(100, 100)], 0)
    [second] = tracker.update([box(100, 100, width=200, height=50)], 0.1)
    assert first is not second


def test_a_standing_plate_is_sought_only_where_it_stands() -> None:
    tracker = Tracker()
    standing = follow(tracker, [box(300, 200)] * 30)
    [passing] = tracker.update([box(420, 200)], 3.5)
    assert passing is not standing
    [same] = tracker.update([box(302, 201), box(560, 200)], 3.6)[:1]
    assert same is standing


def test_a_plate_that_stops_where_another_stood_keeps_its_own_track() -> None:
    tracker = Tracker()
    follow(tracker, [box(300, 200)] * 30)
    places = [box(min(100 + 15 * index, 300), 200) for index in range(20)]
    arriving = follow(tracker, places, from_s=4)
    assert arriving.track_id == 2


def test_wavering_boxes_do_not_count_as_movement() -> None:
    random = np.random.default_rng(5)
    tracker = Tracker()
    places = [box(300 + x, 200 + y) for x, y in random.normal(0, 3, (200, 2))]
    track = follow(tracker, places)
    assert not track.has_moved
    assert track.stood_s(20) == pytest.approx(20)


def test_slow_movement_counts_in_the_end() -> None:
    tracker = Tracker()
    track = follow(tracker, [box(300 + index, 200) for index in range(100)])
    assert track.has_moved
    assert track.stood_s(10) < 2.5


def run_empty(tracker: Tracker, *, from_s: float, frames: int) -> None:
    for index in range(frames):
        tracker.update([], from_s + index / 10)


def test_a_track_is_lost_when_it_was_sought_in_vain_for_long_enough() -> None:
    tracker = Tracker()
    [track] = tracker.update([box(300, 200)], 0)
    run_empty(tracker, from_s=0.1, frames=10)
    assert not is_lost(track, 1.0, expiry_s=1.5)
    assert is_lost(track, 1.6, expiry_s=1.5)


def test_a_standing_plate_that_nobody_looked_for_is_not_lost() -> None:
    tracker = Tracker()
    track = follow(tracker, [box(300, 200)] * 30)
    assert not is_lost(track, 100, expiry_s=1.5)


def test_a_moving_plate_is_lost_when_frames_stop() -> None:
    tracker = Tracker()
    track = follow(tracker, [box(100 + 30 * index, 200) for index in range(5)])
    assert not is_lost(track, 3, expiry_s=1.5)
    assert is_lost(track, 10, expiry_s=1.5)


def test_split_leaves_each_part_its_own_time() -> None:
    tracker = Tracker()
    track = follow(tracker, [box(300, 200)] * 6, every_s=1)
    seen = [Sighting(frame_index=i, seen_s=float(i), box=box(300, 200)) for i in range(6)]
    later = tracker.split(track, last=seen[2], first=seen[3])
    assert (track.first_seen_s, track.seen_s) == (0, 2)
    assert (later.first_seen_s, later.seen_s) == (3, 5)
    assert tracker.tracks == (later,)


@given(
    st.lists(
        st.lists(st.tuples(st.floats(0, 640), st.floats(0, 360), st.floats(5, 200)), max_size=6),
        max_size=12,
    ),
    st.floats(0, 2),
)
def test_every_box_gets_one_track(
    frames: list[list[tuple[float, float, float]]], gap_s: float
) -> None:
    tracker = Tracker()
    ended: set[int] = set()
    for index, places in enumerate(frames):
        boxes = [box(x, y, width, width / 4) for x, y, width in places]
        tracks: list[Track] = tracker.update(boxes, index * gap_s)
        assert [track.box for track in tracks] == boxes
        ids = {track.track_id for track in tracks}
        assert len(ids) == len(boxes)
        assert not ids & ended
        for track in tracker.tracks[:1]:
            tracker.end(track)
            ended.add(track.track_id)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (box(0, 0, 10, 10), box(0, 0, 10, 10), 1.0),
        (box(0, 0, 10, 10), box(5, 0, 10, 10), 0.5),
        (box(0, 0, 10, 10), box(0, 0, 2, 2), 1.0),
        (box(0, 0, 10, 10), box(10, 0, 10, 10), 0.0),
        (box(0, 0, 0, 0), box(0, 0, 0, 0), 0.0),
    ],
)
def test_covers_is_the_share_of_the_smaller_box(
    one: PlateBox, other: PlateBox, expected: float
) -> None:
    assert covers(one, other) == pytest.approx(expected)
