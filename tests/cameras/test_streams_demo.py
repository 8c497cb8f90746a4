import itertools
from pathlib import Path

import numpy as np
import pytest

from cameras.streams.config import SourceConfig, SourceKind
from cameras.streams.demo.clip import FPS, demo_passings, draw_frames, ensure_demo_clip
from cameras.streams.source import open_source


def test_demo_passings_show_what_a_camera_must_tell_apart() -> None:
    passings = demo_passings()
    driving = [passing for passing in passings if not passing.is_parked]
    assert [passing.plate for passing in passings if passing.is_parked] == ["HXC5529"]
    assert [passing.plate for passing in driving].count("KTR4827") == 2
    assert any(
        first.last_legible_s > second.first_legible_s
        for first, second in itertools.pairwise(driving)
    )
    assert all(passing.last_legible_s - passing.first_legible_s > 1 for passing in passings)


def test_draw_frames_is_the_same_every_time() -> None:
    first, second = (list(itertools.islice(draw_frames(), 2)) for _ in range(2))
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
    assert first[0].shape == (720, 1280, 3)
    assert not np.array_equal(first[0], first[1])


def test_ensure_demo_clip_renders_once_and_what_was_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A second of it: that the whole is read is shown where cameras are watched.
    monkeypatch.setattr("cameras.streams.demo.clip.DURATION_S", 1.0)
    folder = tmp_path / "new" / "sources"
    clip = ensure_demo_clip(folder)
    rendered_at = clip.stat().st_mtime_ns
    assert ensure_demo_clip(folder).stat().st_mtime_ns == rendered_at
    assert list(folder.iterdir()) == [clip]
    with open_source(SourceConfig(kind=SourceKind.FILE, url=str(clip))) as source:
        info, pictures = source.info, [frame.bgr().astype(int) for frame in source.frames()]
    assert (info.width, info.height, info.fps, info.duration_s) == (1280, 720, FPS, 1.0)
    drawn = list(draw_frames())
    assert len(pictures) == len(drawn) == FPS
    assert abs(pictures[9] - drawn[9]).mean() < 4
