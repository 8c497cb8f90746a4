"""Photographs a drawn plate: mounts, turns, lights, blurs and cuts it out as a camera would.

The crop that comes out is what the product's pipeline hands to a reader: the box around the plate
with a margin of 5 % of its width and 8 % of its height, cut a little wrong, since no detector is
exact.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.lettering import CAPTION_FONTS, random_word, write_small
from training.plates import DrawnPlate, choose_layout, draw_plate
from training.types import Picture, Random

Floats = NDArray[np.float32]

MARGIN_X = 0.05
MARGIN_Y = 0.08

# Degrees. Cameras that see far hang high or at the side, so that what is far is seen at a slant.
TILT = 3
FAR_TILT = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotographedPlate:
    """A crop as a reader gets it.

    `picture` has shape (H, W, 3), uint8, RGB. `centers` has shape (len(text), 2): the middle of
    each character as a fraction of the crop's width and height.
    """

    layout: str
    text: str
    region: str
    picture: Picture
    centers: Floats


def render_crop(random: Random) -> PhotographedPlate:
    """One plate of any layout, photographed and cut out."""
    return photograph(draw_plate(choose_layout(random), random), random)


def photograph(plate: DrawnPlate, random: Random, *, is_far: bool = False) -> PhotographedPlate:
    """Photograph this plate once; `is_far`: so far away that a stroke is a pixel or two wide."""
    mounted, offset = _mount(plate.picture, random)
    height, width = plate.picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) + offset
    moved = _turned(corners, random, tilt=FAR_TILT if is_far else TILT)
    left, top, right, bottom = cut_wrong(moved, random)
    size = (max(24, round(right - left)), max(12, round(bottom - top)))
    matrix = cv2.getPerspectiveTransform(corners, moved - np.array([left, top], np.float32))
    crop = cv2.warpPerspective(
        mounted, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    centers = cv2.perspectiveTransform((plate.centers + offset)[None], matrix)[0] / np.array(size)
    inside = moved - np.array([left, top], np.float32)
    lit = _light(np.asarray(crop, np.float32), inside, random)
    seen = develop_far(lit, random) if is_far else develop(lit, random)
    return PhotographedPlate(
        layout=plate.layout,
        text=plate.text,
        region=plate.region,
        picture=seen,
        centers=centers.astype(np.float32),
    )


def _mount(picture: Picture, random: Random) -> tuple[Picture, Floats]:
    """Screw the plate onto a car; answer where its corner now lies."""
    height, width = picture.shape[:2]
    around = round(height * 0.7)
    body = _body(height + 2 * around, width + 2 * around, random)
    if random.random() < 0.4:
        _holder(body, around, (height, width), random)
    body[around : around + height, around : around + width] = picture
    return body, np.array([around, around], np.float32)


def _body(height: int, width: int, random: Random) -> Picture:
    """A patch of a car: one colour, a fold or two, some texture."""
    colour = (
        random.uniform(0, 255, 3) if random.random() < 0.4 else np.full(3, random.uniform(5, 250))
    )
    coarse = colour + random.normal(0, random.uniform(2, 45), (int(random.integers(2, 7)), 3, 1))
    soft = cv2.resize(coarse.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(soft.reshape(height, width, -1), 0, 255).astype(np.uint8)


def _holder(body: Picture, around: int, size: tuple[int, int], random: Random) -> None:
    """A dealer's frame around the plate, sometimes with his name under it."""
    height, width = size
    rim = round(height * random.uniform(0.03, 0.16))
    shade = int(random.choice([15, 30, 200, 235]))
    top, left = around - rim, around - rim
    cv2.rectangle(
        body, (left, top), (around + width + rim, around + height + rim), (shade,) * 3, -1
    )
    if rim < height * 0.07:
        return
    ink = (235, 235, 235) if shade < 128 else (25, 25, 25)
    font = CAPTION_FONTS[int(random.integers(len(CAPTION_FONTS)))]
    y = around + height + rim / 2 if random.random() < 0.7 else around - rim / 2
    place = (around + width / 2, y)
    write_small(body, random_word(random, 4, 16), place, cap_px=rim * 0.7, ink=ink, font=font)


def _turned(corners: Floats, random: Random, *, tilt: float) -> Floats:
    """The four corners seen from the side, from above and with a tilted camera."""
    middle = corners.mean(axis=0)
    width, height = corners[1, 0] - corners[0, 0], corners[2, 1] - corners[1, 1]
    angle = np.deg2rad(np.clip(random.normal(0, 8 if random.random() < 0.15 else tilt), -18, 18))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1, random.normal(0, 0.1)], [random.normal(0, 0.04), 1]])
    scale = np.diag([random.uniform(0.7, 1.1), random.uniform(0.85, 1.1)])
    moved = (corners - middle) @ (turn @ shear @ scale).T + middle
    moved += random.normal(0, 0.02, (4, 2)) * np.array([width, height])
    return np.asarray(moved, np.float32)


def cut_wrong(corners: Floats, random: Random) -> tuple[float, float, float, float]:
    """The detector's imperfect box with the pipeline's margin: left, top, right, bottom."""
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    width, height = right - left, bottom - top
    wrong = np.clip(random.normal(0, 0.03, 4), -0.05, 0.11)
    return (
        float(left - width * (MARGIN_X + wrong[0])),
        float(top - height * (MARGIN_Y + wrong[1] * 1.5)),
        float(right + width * (MARGIN_X + wrong[2])),
        float(bottom + height * (MARGIN_Y + wrong[3] * 1.5)),
    )


def _light(crop: Floats, corners: Floats, random: Random) -> Floats:
    """Sun, shadow, dirt, head lamps, rain, infrared: everything between the plate and the lens."""
    height, width = crop.shape[:2]
    if random.random() < 0.3:
        crop = _shaded(crop, random)
    if random.random() < 0.15:
        dirt = random.uniform(0, 1, (int(random.integers(3, 9)), int(random.integers(4, 12))))
        veil = cv2.resize(dirt.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        veil = np.clip((veil - 0.5) * random.uniform(0.5, 1.6), 0, 0.75)[..., None]
        crop = crop * (1 - veil) + random.uniform(40, 150, 3).astype(np.float32) * veil
    if random.random() < 0.12:
        y, x = np.ogrid[:height, :width]
        spot = ((x - random.uniform(0, width)) / (width * random.uniform(0.1, 0.4))) ** 2
        spot = spot + ((y - random.uniform(0, height)) / (height * random.uniform(0.2, 0.8))) ** 2
        crop = crop + (np.exp(-spot) * random.uniform(40, 180))[..., None].astype(np.float32)
    if random.random() < 0.06:
        crop = rained(crop, random)
    if random.random() < 0.07:
        return infrared(crop, corners, random)
    if random.random() < 0.14:
        grey = crop.mean(axis=2, keepdims=True)
        crop = np.repeat(grey, 3, axis=2)
    if random.random() < 0.35:
        contrast, level = random.uniform(0.4, 0.9), random.uniform(50, 170)
    else:
        contrast, level = random.uniform(0.8, 1.2), random.normal(128, 15)
    tint = random.normal(1, 0.06, 3).astype(np.float32)
    return (crop - 128) * contrast * tint + level


def _shaded(crop: Floats, random: Random) -> Floats:
    """A straight shadow with a soft edge."""
    height, width = crop.shape[:2]
    y, x = np.ogrid[:height, :width]
    angle = random.uniform(0, 2 * np.pi)
    distance = np.cos(angle) * (x - random.uniform(0.2, 0.8) * width)
    distance = distance + np.sin(angle) * (y - random.uniform(0.2, 0.8) * height)
    edge = 1 / (1 + np.exp(np.clip(distance / random.uniform(0.5, 8), -30, 30)))
    shade = (1 - edge * random.uniform(0.2, 0.7))[..., None]
    return np.asarray(crop * shade.astype(np.float32), np.float32)


def infrared(crop: Floats, corners: Floats, random: Random) -> Floats:
    """A night lit by infrared lamps: a bright plate on a car that is nearly black.

    The plate's ground throws the light back, whatever its colour, and its letters swallow it; a few
    dark grounds do not reflect, and their letters do. The light falls off around its middle.
    `corners` (4, 2) of the plate are pixels of the crop.
    """
    height, width = crop.shape[:2]
    grey = crop.mean(axis=2)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(mask, corners.round().astype(np.int32), 255)
    levels = grey[mask > 0]
    if not levels.size:
        return np.repeat(grey[..., None], 3, axis=2)
    low, ground, high = np.percentile(levels, (3, 50, 97))
    ink = low if ground - low > high - ground else high
    thrown = np.clip((grey - ink) / (ground - ink if abs(ground - ink) > 1 else 1), 0, 1)
    if ink > ground and random.random() < 0.4:
        thrown = 1 - thrown
    y, x = np.ogrid[:height, :width]
    far = ((x - random.uniform(0.2, 0.8) * width) / (width * random.uniform(0.5, 1.5))) ** 2
    far = far + ((y - random.uniform(0.2, 0.8) * height) / (height * random.uniform(0.7, 2))) ** 2
    light = np.exp(-far)
    dark, bright = random.uniform(5, 50), random.uniform(130, 300)
    plate = dark + (bright - dark) * thrown * light
    body = grey * random.uniform(0.03, 0.2) * light
    share = cv2.GaussianBlur(mask, (0, 0), 0.8).astype(np.float32) / 255
    seen = plate * share + body * (1 - share)
    seen = seen + cv2.GaussianBlur(seen, (0, 0), 0.15 * height) * random.uniform(0, 0.15)
    return np.repeat(seen[..., None].astype(np.float32), 3, axis=2)


def rained(crop: Floats, random: Random) -> Floats:
    """Drops on the plate or the lens, which smear what lies behind them, and streaks that fall."""
    height, width = crop.shape[:2]
    drops, streaks = np.zeros((2, height, width), np.float32)
    for _ in range(int(random.integers(3, 16))):
        middle = int(random.integers(width)), int(random.integers(height))
        radius = height * random.uniform(0.015, 0.07)
        axes = max(1, round(radius)), max(1, round(radius * random.uniform(1, 2)))
        cv2.ellipse(drops, middle, axes, 0, 0, 360, 1, -1)
    slant = random.uniform(-0.3, 0.3)
    for _ in range(int(random.integers(0, 30))):
        x, y = int(random.integers(width)), int(random.integers(-height // 2, height))
        long = random.uniform(0.15, 0.6) * height
        cv2.line(streaks, (x, y), (round(x + slant * long), round(y + long)), 1, 1, cv2.LINE_AA)
    drop = cv2.GaussianBlur(drops, (0, 0), 0.7)[..., None] * random.uniform(0.4, 0.9)
    streak = cv2.GaussianBlur(streaks, (0, 0), 0.7)[..., None] * random.uniform(0.15, 0.5)
    smeared = cv2.GaussianBlur(crop, (0, 0), 0.04 * height + 0.5) + random.uniform(-20, 50)
    wet = crop * (1 - drop) + smeared * drop
    return np.asarray(wet * (1 - streak) + 210 * streak, np.float32)


def develop(crop: Floats, random: Random) -> Picture:
    """Lens, sensor and encoder: blur, few pixels, noise, JPEG."""
    height, width = crop.shape[:2]
    seen: Floats = np.clip(crop, 0, 255)
    if random.random() < 0.15:
        seen = _moved(seen, random)
    rows = round(float(np.exp(random.uniform(np.log(14), np.log(150)))))
    seen = _scaled(seen, max(rows, 12 * _lines(width, height)))
    if random.random() < 0.4:
        rows = len(seen)
        sigma = min(abs(random.normal(0, 0.3 + 0.011 * rows)), 0.2 + 0.024 * rows)
        seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), float(sigma) + 0.01), np.float32)
    if random.random() < 0.15:
        seen = _sharpened(seen, random.uniform(0.5, 2.0))
    return _encoded(seen, random)


def develop_far(crop: Floats, random: Random) -> Picture:
    """As `develop`, 12 to 26 rows a line; the vehicle moved by up to a stroke meanwhile."""
    height, width = crop.shape[:2]
    line = random.uniform(12, 26)
    seen = _scaled(np.clip(crop, 0, 255), round(line * _lines(width, height)))
    reach = random.uniform(0, 0.12) * line * _direction(random)
    seen = np.mean([_shifted(seen, reach * part) for part in np.linspace(-0.5, 0.5, 7)], axis=0)
    seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), random.uniform(0.01, 0.04 * line)), np.float32)
    if random.random() < 0.4:
        seen = _sharpened(seen, random.uniform(0.3, 1.5))
    return _encoded(seen, random)


def _lines(width: int, height: int) -> int:
    """How many lines of text a plate of this shape has."""
    return 1 if width > 2.6 * height else 2 if width > 1.5 * height else 3


def _scaled(seen: Floats, rows: int) -> Floats:
    """Seen by so many rows of pixels, or as many as there are."""
    height, width = seen.shape[:2]
    factor = min(1.0, rows / height)
    size = (max(24, round(width * factor)), max(10, round(height * factor)))
    return np.asarray(cv2.resize(seen, size, interpolation=cv2.INTER_AREA), np.float32)


def _direction(random: Random) -> NDArray[np.float64]:
    angle = random.uniform(0, 2 * np.pi)
    return np.array([np.cos(angle), np.sin(angle)])


def _shifted(seen: Floats, reach: NDArray[np.float64]) -> Floats:
    """Moved by `reach`, x and y in pixels."""
    matrix = np.array([[1, 0, reach[0]], [0, 1, reach[1]]])
    size = (seen.shape[1], seen.shape[0])
    moved = cv2.warpAffine(seen, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


def _sharpened(seen: Floats, amount: float) -> Floats:
    return np.asarray(seen + (seen - cv2.GaussianBlur(seen, (0, 0), 1.0)) * amount, np.float32)


def _encoded(seen: Floats, random: Random) -> Picture:
    """The sensor's noise and, mostly, JPEG."""
    noise = random.normal(
        0, abs(random.normal(0, 8 if random.random() < 0.2 else 4)), seen.shape
    ).astype(np.float32)
    developed = np.asarray(np.clip(seen + noise, 0, 255), np.uint8)
    if random.random() < 0.7:
        quality = int(random.integers(25, 95))
        _, encoded = cv2.imencode(".jpg", developed, [cv2.IMWRITE_JPEG_QUALITY, quality])
        developed = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    return developed


def _moved(seen: Floats, random: Random) -> Floats:
    """A vehicle that moves while the shutter is open."""
    length = int(random.integers(3, 9))
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1
    turn = cv2.getRotationMatrix2D((length / 2 - 0.5, length / 2 - 0.5), random.uniform(0, 180), 1)
    kernel = np.asarray(cv2.warpAffine(kernel, turn, (length, length)), np.float32)
    blurred = cv2.filter2D(seen, -1, kernel / max(float(kernel.sum()), 1e-6))
    return np.asarray(blurred, np.float32)
