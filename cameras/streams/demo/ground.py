"""The empty road that the drawn camera looks at: asphalt, markings, pavement, grass and hedges."""

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.streams.demo.camera import RoadCamera

Picture = NDArray[np.float32]

# B, G, R as a camera sees them in daylight, 0 to 255.
_ASPHALT = (104, 103, 101)
_MARKING = (205, 210, 212)
_PAVEMENT = (138, 143, 146)
_KERB = (168, 172, 174)
_GRASS = (62, 104, 92)
_HEDGE = (38, 72, 56)

# Edges of the road's strips, in metres to the right of the camera.
_ROAD_LEFT_M, _ROAD_RIGHT_M = -3.4, 4.6
_PARKING_M = 2.3
_LANE_M = -0.15
_KERB_M = 0.18
_PAVEMENT_M = 2.0
_SMALLEST_BUSH_PX = 2


def draw_ground(camera: RoadCamera, random: np.random.Generator) -> Picture:
    """The scene without vehicles.

    Returns:
        Shape (height, width, 3), float32, BGR, 0 to 255.
    """
    rows, columns = np.mgrid[0 : camera.height_px, 0 : camera.width_px].astype(np.float32)
    scale = (rows - camera.horizon_px) / camera.mounted_m
    x_m = (columns - camera.center_px) / scale
    distance_m = camera.focal_px / scale
    picture = np.empty((camera.height_px, camera.width_px, 3), np.float32)
    picture[:] = _GRASS
    picture += 34 * _noise(random, x_m, distance_m, size_m=0.5)[..., None]
    picture += 16 * _noise(random, x_m, distance_m, size_m=3)[..., None] * (0.4, 1.0, 0.9)
    asphalt = np.zeros_like(x_m)
    for strength, size_m in ((11, 0.02), (6, 0.06), (6, 2.5)):
        asphalt += strength * _noise(random, x_m, distance_m, size_m)
    # Tyres polish two tracks in each lane.
    tracks = sum(np.exp(-(((x_m - track_m) / 0.25) ** 2)) for track_m in (-2.5, -1.1, 0.4, 1.8))
    road = np.array(_ASPHALT, np.float32) + (asphalt - 5 * tracks)[..., None]
    _lay(picture, _between(x_m, _ROAD_LEFT_M, _ROAD_RIGHT_M, scale), road)
    for mask in _markings(x_m, distance_m, scale):
        _lay(picture, mask * (0.85 + 0.1 * np.tanh(asphalt / 6)), np.array(_MARKING))
    _draw_sides(picture, x_m, scale, asphalt)
    _draw_hedges(picture, camera, random)
    _cast_shadows(picture, random, x_m, distance_m)
    return picture


def _noise(
    random: np.random.Generator, x_m: Picture, distance_m: Picture, size_m: float
) -> Picture:
    """Smooth noise on the ground, about -1 to 1, with grains of `size_m`."""
    # Three times as large for the blur, so that the tile still joins itself at its edges.
    grains = np.tile(random.standard_normal((256, 256), np.float32), (3, 3))
    tile = np.asarray(cv2.GaussianBlur(grains, (0, 0), 1.0)[256:512, 256:512], np.float32)
    tile = tile / (2 * tile.std())
    grain_m = size_m / 2
    # Far away a pixel covers many grains, which average out.
    seen = np.clip(grain_m * 1500 / distance_m**1.5, 0, 1).astype(np.float32)
    sampled = cv2.remap(
        tile,
        (x_m / grain_m).astype(np.float32),
        (distance_m / grain_m).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    return np.asarray(sampled * seen, np.float32)


def _between(x_m: Picture, left_m: float, right_m: float, scale: Picture) -> Picture:
    """Coverage of a strip along the road, 0 to 1, with edges one pixel soft."""
    from_left = np.clip((x_m - left_m) * scale + 0.5, 0, 1)
    from_right = np.clip((right_m - x_m) * scale + 0.5, 0, 1)
    return np.asarray(from_left * from_right, np.float32)


def _markings(x_m: Picture, distance_m: Picture, scale: Picture) -> list[Picture]:
    dashes = np.clip(((distance_m % 6.0) - 3.0) * scale * 0.12 + 0.5, 0, 1)
    return [
        _between(x_m, _LANE_M - 0.06, _LANE_M + 0.06, scale) * dashes,
        _between(x_m, _ROAD_LEFT_M + 0.25, _ROAD_LEFT_M + 0.37, scale),
        _between(x_m, _PARKING_M - 0.05, _PARKING_M + 0.05, scale),
    ]


def _draw_sides(picture: Picture, x_m: Picture, scale: Picture, grain: Picture) -> None:
    right_m = _ROAD_RIGHT_M + _KERB_M
    pavement = np.array(_PAVEMENT, np.float32) + grain[..., None]
    _lay(picture, _between(x_m, right_m, right_m + _PAVEMENT_M, scale), pavement)
    kerb = np.array(_KERB, np.float32) + grain[..., None] / 2
    _lay(picture, _between(x_m, _ROAD_RIGHT_M, right_m, scale), kerb)
    _lay(picture, _between(x_m, _ROAD_LEFT_M - _KERB_M, _ROAD_LEFT_M, scale), kerb)


def _draw_hedges(picture: Picture, camera: RoadCamera, random: np.random.Generator) -> None:
    """Bushes on both sides, far ones first."""
    for distance_m in np.geomspace(110, 7, 60):
        for x_m in (-5.6, 8.2):
            center = camera.point(x_m + random.uniform(-0.3, 0.3), 0.5, distance_m)
            _draw_bush(picture, center, camera.scale(distance_m), random)


def _draw_bush(
    picture: Picture, center: tuple[float, float], scale: float, random: np.random.Generator
) -> None:
    height, width = picture.shape[:2]
    radius = int(1.1 * scale)
    x, y = round(center[0]), round(center[1])
    if radius < _SMALLEST_BUSH_PX or x + radius < 0 or x - radius > width or y - radius > height:
        return
    grains = random.standard_normal((2 * radius, 2 * radius), np.float32)
    leaves = np.asarray(cv2.GaussianBlur(grains, (0, 0), max(0.6, 0.035 * scale)), np.float32)
    leaves = leaves / leaves.std()
    ys, xs = np.mgrid[-1 : 1 : 2j * radius, -1 : 1 : 2j * radius]
    edge = 1 - np.hypot(xs, ys * 1.15) + 0.10 * leaves
    mask = np.clip(edge * 0.18 * scale, 0, 1).astype(np.float32)
    lit = (0.85 - 0.45 * ys - 0.15 * xs)[..., None]
    color = np.array(_HEDGE, np.float32) * lit + 15 * leaves[..., None] * (0.5, 1.0, 0.8)
    top, left = max(0, y - radius), max(0, x - radius)
    bottom, right = min(height, y + radius), min(width, x + radius)
    if bottom <= top or right <= left:
        return
    inside = (
        slice(top - y + radius, bottom - y + radius),
        slice(left - x + radius, right - x + radius),
    )
    _lay(picture[top:bottom, left:right], mask[inside], color[inside])


def _cast_shadows(
    picture: Picture, random: np.random.Generator, x_m: Picture, distance_m: Picture
) -> None:
    """The soft shadow of trees that stand beside the camera."""
    crowns = _noise(random, x_m + 0.2 * distance_m, distance_m, size_m=2.0)
    fade = np.exp(-((x_m + 5.0) ** 2) / 8) * np.exp(-((distance_m - 9) ** 2) / 60)
    picture *= (1 - 0.42 * np.clip(crowns * 2.5 + 0.6, 0, 1) * fade)[..., None]


def _lay(picture: Picture, mask: Picture, color: NDArray[np.floating]) -> None:
    """Blend a colour over a picture, in place."""
    picture += (color - picture) * mask[..., None]
