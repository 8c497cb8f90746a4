"""The demonstration clip: who drives past when, drawn and encoded, with its truth."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.streams.demo.camera import RoadCamera
from cameras.streams.demo.ground import draw_ground
from cameras.streams.demo.vehicle import (
    FOOT_M,
    PIXELS_PER_M,
    SALOON,
    VAN,
    WIDTH_M,
    Shape,
    Sprite,
    draw_vehicle,
)

Picture = NDArray[np.uint8]

FPS = 15
DURATION_S = 36.0
CAMERA = RoadCamera()

_ENCODING = {"preset": "ultrafast", "tune": "fastdecode", "crf": "24"}

# Part of the file name: raise it with every change of the drawing.
_VERSION = 2
_LEFT_LANE_M, _RIGHT_LANE_M, _PARKED_M = -1.55, 1.05, 3.35
_PARKED_DISTANCE_M = 10.0
# A vehicle at its reading place fills most of a lane and its plate shows 150 pixels wide.
_READ_DISTANCE_M = 5.3
_FARTHEST_M, _NEAREST_M = 95.0, 2.6
_LEGIBLE_DISTANCE_M = 13.0
_PLATE_M, _PLATE_BOTTOM_M = 0.52, 0.36
_NOISE_LEVELS = 1.6
_SMALLEST_SPRITE_PX = 8
_NOISE_SPARE_PX = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """One vehicle passing, as the clip shows it; the truth for whoever reads the clip.

    `first_legible_s` and `last_legible_s` bound the time in each round during which its plate is
    at least 60 pixels wide and whole in the picture.
    """

    plate: str
    first_legible_s: float
    last_legible_s: float
    is_parked: bool = False


@dataclass(frozen=True, kw_only=True)
class _Vehicle:
    plate: str
    shape: Shape
    color: tuple[int, int, int]

    @cached_property
    def sprites(self) -> list[Sprite]:
        """The vehicle at full, half, quarter ... size: a small one is averaged, not sampled."""
        sprites = [draw_vehicle(self.shape, self.color, self.plate)]
        while min(sprites[-1].light.shape[:2]) > _SMALLEST_SPRITE_PX:
            sprites.append(_halve(sprites[-1]))
        return sprites


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drive:
    """A vehicle on its lane; `read_s` is when it is at the reading place, None if it is parked."""

    vehicle: _Vehicle
    x_m: float
    speed_m_s: float = 0.0
    read_s: float | None = None

    @property
    def is_parked(self) -> bool:
        return self.read_s is None

    def distance_m(self, time_s: float) -> float:
        """How far it is at a time of the round; a round ends where it begins."""
        if self.read_s is None:
            return _PARKED_DISTANCE_M
        # A third of a round lies behind the reading place, the rest before it.
        away_s = (self.read_s - time_s + DURATION_S / 3) % DURATION_S - DURATION_S / 3
        return _READ_DISTANCE_M + self.speed_m_s * away_s


_RED = _Vehicle(plate="KTR 4827", shape=SALOON, color=(150, 34, 32))
_SILVER = _Vehicle(plate="51F 73846", shape=SALOON, color=(158, 162, 166))
_BLUE = _Vehicle(plate="LVD 9163", shape=SALOON, color=(36, 62, 112))
_VAN = _Vehicle(plate="GJN 6704", shape=VAN, color=(196, 198, 196))
_BLACK = _Vehicle(plate="RBM 3058", shape=SALOON, color=(44, 46, 50))
_PARKED = _Vehicle(plate="HXC 5529", shape=SALOON, color=(58, 92, 70))

_DRIVES = (
    _Drive(vehicle=_PARKED, x_m=_PARKED_M),
    _Drive(vehicle=_RED, x_m=_LEFT_LANE_M, speed_m_s=5.6, read_s=5.0),
    _Drive(vehicle=_SILVER, x_m=_RIGHT_LANE_M, speed_m_s=4.9, read_s=11.4),
    _Drive(vehicle=_BLUE, x_m=_LEFT_LANE_M, speed_m_s=4.9, read_s=11.8),
    _Drive(vehicle=_VAN, x_m=_LEFT_LANE_M, speed_m_s=5.2, read_s=19.0),
    _Drive(vehicle=_RED, x_m=_RIGHT_LANE_M, speed_m_s=5.6, read_s=25.5),
    _Drive(vehicle=_BLACK, x_m=_LEFT_LANE_M, speed_m_s=5.4, read_s=31.5),
)


def demo_passings() -> tuple[Passing, ...]:
    """What the clip shows in each round, in the order of the vehicles' reading times."""
    return tuple(_passing(drive) for drive in _DRIVES)


def ensure_demo_clip(folder: Path) -> Path:
    """The clip in `folder`, rendered there if this version of it is not.

    Two processes may do so at once: each writes a file of its own and the last one stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"demonstration-{_VERSION}.mp4"
    if not path.exists():
        unfinished = path.with_suffix(f".{os.getpid()}.mp4")
        render_demo_clip(unfinished)
        unfinished.replace(path)
    return path


def render_demo_clip(path: Path) -> tuple[Passing, ...]:
    """Draw and encode one round, 36 s at 15 frames a second, the same on every machine.

    Returns:
        The truth, as `demo_passings` gives it.
    """
    with av.open(path, "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options=_ENCODING)
        stream.width, stream.height = CAMERA.width_px, CAMERA.height_px
        stream.pix_fmt = "yuv420p"
        stream.gop_size = 2 * FPS
        stream.codec_context.thread_count = 2
        stream.codec_context.colorspace = 1
        stream.codec_context.color_range = 1
        for picture in draw_frames():
            frame = av.VideoFrame.from_ndarray(picture, "bgr24").reformat(
                format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG", threads=1
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return demo_passings()


def draw_frames() -> Iterator[Picture]:
    """Every frame of one round: shape (720, 1280, 3), uint8, BGR."""
    random = np.random.default_rng(_VERSION)
    ground = np.clip(draw_ground(CAMERA, random), 0, 255).astype(np.uint8)
    for drive in _DRIVES:
        if drive.is_parked:
            _place(ground, drive, _PARKED_DISTANCE_M)
    brighter, darker = _draw_noise(random)
    for number in range(round(FPS * DURATION_S)):
        picture = ground.copy()
        moving = [
            (drive.distance_m(number / FPS), drive) for drive in _DRIVES if not drive.is_parked
        ]
        for distance_m, drive in sorted(moving, key=lambda pair: -pair[0]):
            if _NEAREST_M < distance_m < _FARTHEST_M:
                _place(picture, drive, distance_m)
        rows, columns = (slice(start, start + side) for start, side in _noise_window(random))
        cv2.add(picture, brighter[rows, columns], dst=picture)
        cv2.subtract(picture, darker[rows, columns], dst=picture)
        yield picture


def _draw_noise(random: np.random.Generator) -> tuple[Picture, Picture]:
    """A sensor's noise, larger than a frame: what to add, and what to take away."""
    shape = (CAMERA.height_px + _NOISE_SPARE_PX, CAMERA.width_px + _NOISE_SPARE_PX, 3)
    noise = random.standard_normal(shape, np.float32) * _NOISE_LEVELS
    return (
        np.clip(noise, 0, 255).round().astype(np.uint8),
        np.clip(-noise, 0, 255).round().astype(np.uint8),
    )


def _noise_window(random: np.random.Generator) -> list[tuple[int, int]]:
    """Where this frame cuts its noise out: start and length of rows and of columns."""
    row, column = random.integers(_NOISE_SPARE_PX, size=2)
    return [(int(row), CAMERA.height_px), (int(column), CAMERA.width_px)]


def _halve(sprite: Sprite) -> Sprite:
    height, width = sprite.light.shape[:2]
    light, passed = (
        np.asarray(
            cv2.resize(layer, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8
        )
        for layer in (sprite.light, sprite.passed)
    )
    return Sprite(light=light, passed=passed)


def _place(picture: Picture, drive: _Drive, distance_m: float) -> None:
    """Draw a vehicle into the picture with its foot on the road, in place."""
    scale = CAMERA.scale(distance_m)
    sprites = drive.vehicle.sprites
    halvings = min(len(sprites) - 1, max(0, int(np.log2(PIXELS_PER_M / scale))))
    ratio = scale / PIXELS_PER_M * 2**halvings
    foot_x, foot_y = CAMERA.point(drive.x_m, 0, distance_m)
    left, top = foot_x - WIDTH_M / 2 * scale, foot_y - FOOT_M * scale
    height, width = sprites[halvings].light.shape[:2]
    columns = slice(max(0, int(left)), min(CAMERA.width_px, int(left + width * ratio) + 1))
    rows = slice(max(0, int(top)), min(CAMERA.height_px, int(top + height * ratio) + 1))
    size = (columns.stop - columns.start, rows.stop - rows.start)
    if min(size) <= 0:
        return
    move = np.array([[ratio, 0, left - columns.start], [0, ratio, top - rows.start]])
    light = cv2.warpAffine(sprites[halvings].light, move, size)
    passed = cv2.warpAffine(sprites[halvings].passed, move, size, borderValue=(255, 255, 255))
    behind = cv2.multiply(picture[rows, columns], passed, scale=1 / 255)
    picture[rows, columns] = cv2.add(behind, light)


def _passing(drive: _Drive) -> Passing:
    times = [number / FPS for number in range(round(FPS * DURATION_S))]
    legible = [time_s for time_s in times if _is_legible(drive, time_s)]
    return Passing(
        plate=drive.vehicle.plate.replace(" ", ""),
        first_legible_s=legible[0],
        last_legible_s=legible[-1],
        is_parked=drive.is_parked,
    )


def _is_legible(drive: _Drive, time_s: float) -> bool:
    distance_m = drive.distance_m(time_s)
    if not _NEAREST_M < distance_m < _LEGIBLE_DISTANCE_M:
        return False
    left, _ = CAMERA.point(drive.x_m - _PLATE_M / 2, 0, distance_m)
    right, bottom = CAMERA.point(drive.x_m + _PLATE_M / 2, _PLATE_BOTTOM_M, distance_m)
    return left >= 0 and right <= CAMERA.width_px and bottom <= CAMERA.height_px
