"""A vehicle seen from the front and a little from above, drawn once and scaled as it comes near."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from cameras.streams.demo.plate import FRAME_M, draw_plate

Pixels = NDArray[np.uint8]
Color = tuple[int, int, int]
Points = Sequence[tuple[float, float]]

PIXELS_PER_M = 360
WIDTH_M, HEIGHT_M = 2.4, 2.7
# Where the road is, from a sprite's upper edge down.
FOOT_M = HEIGHT_M - 0.25
_SUPERSAMPLING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprite:
    """A drawing on a transparent ground, `WIDTH_M` by `HEIGHT_M`.

    Attributes:
        light: Shape (h, w, 3), uint8, BGR: what the drawing adds to the picture behind it.
        passed: Shape (h, w, 3), uint8: how much of the picture behind passes, 255 for all.
    """

    light: Pixels
    passed: Pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Measures of a kind of vehicle, in metres; heights are above the road as the camera sees it.

    What lies further back shows higher, so the roof is drawn above its true height.
    """

    half_width: float
    bonnet_from: float
    windscreen_from: float
    windscreen_to: float
    roof_to: float
    half_windscreen: float
    half_roof: float
    plate_height: float = 0.44


SALOON = Shape(
    half_width=0.89,
    bonnet_from=0.80,
    windscreen_from=1.10,
    windscreen_to=1.50,
    roof_to=1.74,
    half_windscreen=0.73,
    half_roof=0.55,
)
VAN = Shape(
    half_width=0.97,
    bonnet_from=0.98,
    windscreen_from=1.18,
    windscreen_to=1.86,
    roof_to=2.30,
    half_windscreen=0.86,
    half_roof=0.78,
    plate_height=0.46,
)


class _Canvas:
    """Draws in metres from the middle of the vehicle and the road up."""

    def __init__(self) -> None:
        self._scale = PIXELS_PER_M * _SUPERSAMPLING
        size = (round(WIDTH_M * self._scale), round(HEIGHT_M * self._scale))
        self.image = Image.new("RGBA", size)

    def pixel(self, x_m: float, height_m: float) -> tuple[float, float]:
        x = (WIDTH_M / 2 + x_m) * self._scale
        return x, (FOOT_M - height_m) * self._scale

    def polygon(
        self,
        points: Points,
        bottom: Color,
        top: Color | None = None,
        *,
        soft_m: float = 0.006,
        opacity: float = 1.0,
    ) -> None:
        """Fill a polygon with a gradient from its bottom to its top colour, corners rounded."""
        radius = soft_m * self._scale
        xs, ys = zip(*(self.pixel(*point) for point in points), strict=True)
        margin = round(3 * radius) + 2
        left, upper = round(min(xs)) - margin, round(min(ys)) - margin
        size = (round(max(xs)) + margin - left, round(max(ys)) + margin - upper)
        mask = Image.new("L", size)
        outline = [(x - left, y - upper) for x, y in zip(xs, ys, strict=True)]
        ImageDraw.Draw(mask).polygon(outline, fill=255)
        # Blurring and sharpening the edge again rounds the corners.
        mask = mask.filter(ImageFilter.GaussianBlur(radius))
        mask = mask.point(lambda value: round(max(0, min(255, (value - 96) * 4)) * opacity))
        layer = _gradient(size, bottom, top or bottom, margin)
        layer.putalpha(mask)
        self.image.alpha_composite(
            layer, (max(0, left), max(0, upper)), (max(0, -left), max(0, -upper))
        )

    def mirrored(self, points: Points, bottom: Color, top: Color | None = None) -> None:
        """Fill a polygon and its mirror image on the other side."""
        self.polygon(points, bottom, top)
        self.polygon([(-x_m, height_m) for x_m, height_m in points], bottom, top)

    def glow(self, x_m: float, height_m: float, radius_m: float, color: Color) -> None:
        """A soft light."""
        x, y = self.pixel(x_m, height_m)
        radius = round(radius_m * self._scale)
        mask = Image.new("L", (4 * radius, 4 * radius))
        ImageDraw.Draw(mask).ellipse((radius, radius, 3 * radius, 3 * radius), fill=255)
        mask = mask.filter(ImageFilter.GaussianBlur(radius * 0.45))
        light = Image.new("RGBA", mask.size, color)
        light.putalpha(mask)
        self.image.alpha_composite(light, (round(x) - 2 * radius, round(y) - 2 * radius))

    def plate(self, text: str, height_m: float) -> None:
        """Screw the plate on, its middle at a height."""
        picture = draw_plate(text, self._scale)
        x, y = self.pixel(-FRAME_M[0] / 2, height_m + FRAME_M[1] / 2)
        self.image.paste(Image.fromarray(picture[:, :, ::-1]), (round(x), round(y)))

    def drawing(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Colours, shape (h, w, 3), BGR, 0 to 255, and opacity, shape (h, w, 1), 0 to 1."""
        size = (round(WIDTH_M * PIXELS_PER_M), round(HEIGHT_M * PIXELS_PER_M))
        pixels = np.asarray(self.image.resize(size, Image.Resampling.BOX), np.float32)
        return pixels[..., 2::-1], pixels[..., 3:] / np.float32(255)


def draw_vehicle(shape: Shape, color: Color, plate_text: str) -> Sprite:
    """A vehicle with its plate and its shadow, at `PIXELS_PER_M`.

    Args:
        shape: Its measures.
        color: Of its paint, R, G, B.
        plate_text: What its plate says.
    """
    canvas = _Canvas()
    _draw_running_gear(canvas, shape)
    _draw_cabin(canvas, shape, color)
    _draw_front(canvas, shape, color)
    canvas.plate(plate_text, shape.plate_height)
    colors, opacity = canvas.drawing()
    covered = 1 - (1 - opacity) * (1 - _draw_shadow(shape))
    return Sprite(
        light=(colors * opacity).round().astype(np.uint8),
        passed=np.repeat(((1 - covered) * 255).round().astype(np.uint8), 3, axis=-1),
    )


def _draw_shadow(shape: Shape) -> NDArray[np.float32]:
    """How much of the road's light a vehicle takes: shape (h, w, 1), 0 to 1."""
    darkness = np.zeros((round(HEIGHT_M * PIXELS_PER_M), round(WIDTH_M * PIXELS_PER_M)), np.float32)
    foot = round((FOOT_M - 0.05) * PIXELS_PER_M)
    center = (darkness.shape[1] // 2 + round(0.10 * PIXELS_PER_M), foot)
    axes = (round(shape.half_width * PIXELS_PER_M * 1.02), round(0.16 * PIXELS_PER_M))
    cv2.ellipse(darkness, center, axes, 0, 0, 360, 0.78, cv2.FILLED)
    soft = cv2.GaussianBlur(darkness, (0, 0), 0.05 * PIXELS_PER_M)
    return np.asarray(soft[..., None], np.float32)


def _gradient(size: tuple[int, int], bottom: Color, top: Color, margin: int) -> Image.Image:
    """A picture that goes from one colour to another, but for a margin above and below."""
    rows = np.arange(size[1])
    share = np.clip((rows - margin) / max(size[1] - 2 * margin, 1), 0, 1)[:, None]
    colors = np.array(top) * (1 - share) + np.array(bottom) * share
    return Image.fromarray(colors.astype(np.uint8)[:, None]).resize(size).convert("RGBA")


def _shade(color: Color, factor: float) -> Color:
    red, green, blue = (round(min(255, channel * factor)) for channel in color)
    return red, green, blue


def _draw_running_gear(canvas: _Canvas, shape: Shape) -> None:
    outer, inner = shape.half_width - 0.03, shape.half_width - 0.27
    tyre = ((inner, 0.0), (outer, 0.0), (outer + 0.01, 0.40), (inner, 0.40))
    canvas.mirrored(tyre, (20, 20, 22), (34, 34, 36))
    belly = ((-outer, 0.16), (outer, 0.16), (outer, 0.45), (-outer, 0.45))
    canvas.polygon(belly, (14, 14, 16), (26, 26, 28))


def _draw_cabin(canvas: _Canvas, shape: Shape, color: Color) -> None:
    wide, screen, roof = shape.half_width, shape.half_windscreen, shape.half_roof
    base, top, back = shape.windscreen_from, shape.windscreen_to, shape.roof_to
    shell = (
        (-wide + 0.04, base - 0.12), (wide - 0.04, base - 0.12), (screen + 0.08, base + 0.10),
        (roof + 0.09, top), (roof - 0.02, back), (-roof + 0.02, back),
        (-roof - 0.09, top), (-screen - 0.08, base + 0.10),
    )  # fmt: skip
    canvas.polygon(shell, _shade(color, 0.62), _shade(color, 0.9), soft_m=0.02)
    panel = ((-roof - 0.03, top + 0.03), (roof + 0.03, top + 0.03), (roof - 0.08, back - 0.03),
             (-roof + 0.08, back - 0.03))  # fmt: skip
    canvas.polygon(panel, _shade(color, 1.0), _shade(color, 1.28), soft_m=0.02)
    glass = ((-screen, base), (screen, base), (roof, top), (-roof, top))
    canvas.polygon(glass, (30, 36, 42), (92, 108, 120), soft_m=0.015)
    _draw_behind_glass(canvas, shape)
    arm = ((screen - 0.04, base + 0.07), (screen + 0.12, base + 0.09),
           (screen + 0.12, base + 0.13), (screen - 0.04, base + 0.14))  # fmt: skip
    canvas.mirrored(arm, (18, 18, 20), (36, 36, 38))
    mirror = ((screen + 0.09, base + 0.06), (screen + 0.27, base + 0.07),
              (screen + 0.28, base + 0.20), (screen + 0.11, base + 0.18))  # fmt: skip
    canvas.mirrored(mirror, _shade(color, 0.55), _shade(color, 1.0))


def _draw_behind_glass(canvas: _Canvas, shape: Shape) -> None:
    """Seats, steering wheel and the sky in the windscreen."""
    base, top, roof = shape.windscreen_from, shape.windscreen_to, shape.half_roof
    for middle in (-0.34, 0.34):
        head = ((middle - 0.10, base + 0.06), (middle + 0.10, base + 0.06),
                (middle + 0.08, base + 0.27), (middle - 0.08, base + 0.27))  # fmt: skip
        canvas.polygon(head, (18, 20, 24), (34, 38, 44), soft_m=0.03, opacity=0.7)
    dash = ((-roof - 0.1, base + 0.01), (roof + 0.1, base + 0.01), (roof + 0.05, base + 0.07),
            (-roof - 0.05, base + 0.07))  # fmt: skip
    canvas.polygon(dash, (20, 22, 24), (40, 44, 48), opacity=0.8)
    sky = ((-roof * 0.9, top - 0.02), (-roof * 0.1, top - 0.02), (-roof * 0.55, base + 0.03),
           (-shape.half_windscreen * 0.92, base + 0.03))  # fmt: skip
    canvas.polygon(sky, (120, 138, 150), (190, 204, 214), soft_m=0.02, opacity=0.28)


def _draw_front(canvas: _Canvas, shape: Shape, color: Color) -> None:
    wide, bonnet, base = shape.half_width, shape.bonnet_from, shape.windscreen_from
    bumper = (
        (-wide + 0.05, 0.20), (wide - 0.05, 0.20), (wide, 0.45), (wide - 0.02, bonnet),
        (-wide + 0.02, bonnet), (-wide, 0.45),
    )  # fmt: skip
    canvas.polygon(bumper, _shade(color, 0.55), _shade(color, 0.98), soft_m=0.03)
    lid = ((-wide + 0.03, bonnet - 0.02), (wide - 0.03, bonnet - 0.02),
           (shape.half_windscreen + 0.04, base), (-shape.half_windscreen - 0.04, base))  # fmt: skip
    canvas.polygon(lid, _shade(color, 0.98), _shade(color, 1.30), soft_m=0.02)
    crease = ((0.40, bonnet), (0.42, bonnet), (0.37, base), (0.355, base))
    canvas.mirrored(crease, _shade(color, 0.8), _shade(color, 1.1))
    lip = ((-wide + 0.08, 0.17), (wide - 0.08, 0.17), (wide - 0.06, 0.27), (-wide + 0.06, 0.27))
    canvas.polygon(lip, (24, 24, 26), (44, 44, 46), soft_m=0.02)
    _draw_grille(canvas, bonnet)
    _draw_lamps(canvas, wide, bonnet)


def _draw_grille(canvas: _Canvas, bonnet: float) -> None:
    top, bottom = bonnet - 0.05, bonnet - 0.21
    frame = ((-0.40, bottom - 0.01), (0.40, bottom - 0.01), (0.45, top + 0.01), (-0.45, top + 0.01))
    canvas.polygon(frame, (120, 122, 124), (196, 198, 200), soft_m=0.015)
    hole = ((-0.385, bottom), (0.385, bottom), (0.43, top), (-0.43, top))
    canvas.polygon(hole, (16, 16, 18), (30, 30, 32), soft_m=0.015)
    for height in np.linspace(bottom + 0.025, top - 0.025, 4):
        slat = ((-0.39, height), (0.39, height), (0.39, height + 0.012), (-0.39, height + 0.012))
        canvas.polygon(slat, (66, 68, 70), (110, 112, 114), soft_m=0.002)
    intake = ((-0.52, 0.27), (0.52, 0.27), (0.46, 0.345), (-0.46, 0.345))
    canvas.polygon(intake, (12, 12, 14), (26, 26, 28), soft_m=0.015)


def _draw_lamps(canvas: _Canvas, wide: float, bonnet: float) -> None:
    top, bottom = bonnet - 0.03, bonnet - 0.19
    rim = ((0.47, bottom), (wide - 0.07, bottom + 0.03), (wide - 0.02, top + 0.02), (0.50, top))
    canvas.mirrored(rim, (40, 42, 46), (84, 88, 92))
    glass = ((0.49, bottom + 0.015), (wide - 0.09, bottom + 0.045), (wide - 0.04, top + 0.005),
             (0.515, top - 0.015))  # fmt: skip
    canvas.mirrored(glass, (150, 156, 162), (222, 228, 232))
    for side in (-1, 1):
        canvas.glow(side * 0.63, bonnet - 0.11, 0.055, (255, 253, 242))
        canvas.glow(side * 0.78, bonnet - 0.095, 0.04, (246, 244, 236))
        fog = side * (wide - 0.22)
        corner = ((fog - 0.08, 0.34), (fog + 0.08, 0.34), (fog + 0.08, 0.42), (fog - 0.08, 0.42))
        canvas.polygon(corner, (22, 22, 24), (36, 36, 38), soft_m=0.02)
        canvas.glow(fog, 0.38, 0.028, (206, 208, 206))
