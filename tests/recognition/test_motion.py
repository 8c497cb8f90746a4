from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from detections.recognition.motion import MotionGate

Luma = NDArray[np.uint8]
RANDOM = np.random.default_rng(7)
NOISE = RANDOM.normal(0, 1, (180, 320))
SCENE = np.kron(RANDOM.integers(40, 180, (18, 32)), np.ones((10, 10))).astype(np.float64)
FPS = 15


def gate(**settings: object) -> MotionGate:
    return MotionGate(threshold=12.0, min_area=0.0005, **settings)  # type: ignore[arg-type]


def picture(scene: NDArray[np.float64], noise: float = 1.0) -> Luma:
    fresh = np.roll(NOISE, int(RANDOM.integers(NOISE.size)))
    return np.clip(scene + noise * fresh, 0, 255).astype(np.uint8)


def with_car(x: int, y: int = 160, width: int = 60, height: int = 40) -> NDArray[np.float64]:
    """A car in the picture, at coordinates of twice its size."""
    scene = SCENE.copy()
    scene[y // 2 : (y + height) // 2, x // 2 : (x + width) // 2] = 230
    return scene


def share_moved(
    motion: MotionGate, scene_at: Callable[[float], Luma], *, from_s: float, until_s: float
) -> float:
    moved = [
        motion.has_moved(scene_at(index / FPS), index / FPS)
        for index in range(int(from_s * FPS), int(until_s * FPS))
    ]
    return sum(moved) / len(moved)


def test_first_frame_counts_as_moved() -> None:
    assert gate().has_moved(picture(SCENE), 0)


@pytest.mark.parametrize("noise", [1, 5, 10, 20])
def test_noise_does_not_keep_it_open(noise: float) -> None:
    motion = gate()
    share_moved(motion, lambda _: picture(SCENE, noise), from_s=0, until_s=10)
    share = share_moved(motion, lambda _: picture(SCENE, noise), from_s=10, until_s=20)
    assert share <= 0.01


def test_slow_sun_does_not_open_it() -> None:
    motion = gate()

    def morning(seen_s: float) -> Luma:
        return picture(SCENE * (0.6 + seen_s / 100))

    motion.has_moved(morning(0), 0)
    assert share_moved(motion, morning, from_s=0.04, until_s=30) <= 0.01


def test_a_step_in_exposure_is_forgotten_in_seconds() -> None:
    motion = gate()
    motion.has_moved(picture(SCENE), 0)
    share_moved(motion, lambda _: picture(SCENE * 1.3), from_s=0.04, until_s=4)
    assert share_moved(motion, lambda _: picture(SCENE * 1.3), from_s=4, until_s=8) == 0


def test_a_step_in_brightness_does_not_open_it() -> None:
    motion = gate()
    motion.has_moved(picture(SCENE), 0)
    assert not motion.has_moved(picture(SCENE + 40), 0.04)


@pytest.mark.parametrize("noise", [1, 8])
@pytest.mark.parametrize("speed_px_s", [10, 100, 1000])
def test_a_moving_car_opens_it(speed_px_s: float, noise: float) -> None:
    motion = gate()
    share_moved(motion, lambda _: picture(SCENE, noise), from_s=0, until_s=5)

    def driving(seen_s: float) -> Luma:
        return picture(with_car(int(50 + speed_px_s * (seen_s - 5))), noise)

    until_s = 5 + min(500 / speed_px_s, 5)
    assert share_moved(motion, driving, from_s=5, until_s=until_s) >= 0.95


def test_a_lorry_that_fills_the_picture_keeps_it_open() -> None:
    motion = gate()
    share_moved(motion, lambda _: picture(SCENE), from_s=0, until_s=5)

    def lorry(seen_s: float) -> Luma:
        left = int((seen_s - 5) * 300) - 600
        scene = SCENE.copy()
        scene[15:165, max(left, 0) // 2 : max(left + 600, 0) // 2] = 220
        return picture(scene)

    assert share_moved(motion, lorry, from_s=5.1, until_s=8.9) >= 0.95


def test_what_stands_is_forgotten() -> None:
    motion = gate()
    share_moved(motion, lambda _: picture(SCENE), from_s=0, until_s=5)
    share_moved(motion, lambda _: picture(with_car(300)), from_s=5, until_s=10)
    assert share_moved(motion, lambda _: picture(with_car(300)), from_s=10, until_s=15) == 0
    assert motion.has_moved(picture(SCENE), 15)


RIGHT_HALF = ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))


@pytest.mark.parametrize(
    ("zones", "x", "opens"),
    [
        ({"include": [RIGHT_HALF]}, 100, False),
        ({"include": [RIGHT_HALF]}, 400, True),
        ({"exclude": [RIGHT_HALF]}, 100, True),
        ({"exclude": [RIGHT_HALF]}, 400, False),
    ],
)
def test_only_motion_in_the_zones_counts(zones: dict[str, object], x: int, opens: bool) -> None:
    motion = gate(**zones)
    motion.has_moved(picture(SCENE), 0)
    assert motion.has_moved(picture(with_car(x)), 0.04) is opens


def test_the_clock_of_a_caption_does_not_open_it() -> None:
    motion = gate()
    motion.has_moved(picture(SCENE), 0)

    def clock(seen_s: float) -> Luma:
        return picture(with_car(400 + 10 * int(seen_s), y=2, width=100, height=16))

    assert share_moved(motion, clock, from_s=0.04, until_s=10) == 0


def test_colour_and_another_size_are_taken() -> None:
    motion = gate()
    motion.has_moved(picture(SCENE), 0)
    colour = np.dstack([picture(SCENE)] * 3)
    assert not motion.has_moved(colour, 0.04)
    assert not motion.has_moved(colour[::2, ::2], 0.08)
    assert motion.has_moved(colour[:, ::2], 0.12)


def test_at_no_minimum_area_every_frame_has_moved() -> None:
    motion = MotionGate(threshold=12, min_area=0)
    assert share_moved(motion, lambda _: picture(SCENE), from_s=0, until_s=1) == 1
