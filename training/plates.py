"""Draws one plate as it leaves the factory: flat, clean, seen from the front.

What weather, lens and camera do to it is in `training.photos`. Everything random comes from the
generator that the caller passes, so that a seed repeats a picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.decorations import ABOVE_LETTERS, BELOW_LETTERS, EXTRA_CHANCE
from training.drawings import draw_in_gap, draw_seals, varied
from training.layouts import LAYOUTS, PROVINCE_NAMES, Colour, Layout
from training.lettering import choose_fonts, set_line, set_name
from training.lines import print_lines, readable
from training.types import Picture, Random

PLATE_HEIGHT_PX = {1: 72, 2: 112, 3: 150}


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPlate:
    """A plate and what stands on it.

    `region` is one of `training.layouts.REGIONS`. `picture` has shape (H, W, 3), uint8, RGB.
    `centers` has shape (len(text), 2): the middle of each character in pixels of the picture, x
    then y, in reading order.
    """

    layout: str
    text: str
    region: str
    picture: Picture
    centers: NDArray[np.float32]


def choose_layout(random: Random, layouts: Sequence[Layout] = LAYOUTS) -> Layout:
    """One of the layouts, as often as its weight says."""
    weights = np.array([layout.weight for layout in layouts])
    return layouts[int(random.choice(len(layouts), p=weights / weights.sum()))]


def draw_plate(layout: Layout, random: Random) -> DrawnPlate:
    """Draw a plate of this layout with a random registration, colours and letters."""
    height = PLATE_HEIGHT_PX[len(layout.rows)]
    width = round(height * random.uniform(*layout.aspect))
    ground, ink = layout.colours[int(random.integers(len(layout.colours)))]
    picture = _ground(height, width, ground, random)
    chosen = [name for name in layout.extras if random.random() < EXTRA_CHANCE.get(name, 0.6)]
    for name in chosen:
        BELOW_LETTERS[name](picture, ink, random) if name in BELOW_LETTERS else None
    fonts = choose_fonts(layout, random)
    mask = np.zeros((height, width), np.uint8)
    lines = print_lines(layout, random)
    region, centers = layout.region, []
    for line, row in zip(lines, layout.rows, strict=True):
        if line == "~":
            region = list(PROVINCE_NAMES)[_province_number(random)]
            set_name(mask, PROVINCE_NAMES[region], row, random)
        else:
            centers.append(set_line(mask, line, row, fonts, random))
    if "gap_drawing" in chosen:
        draw_in_gap(picture, mask, random)
    elif "symbol" in chosen or "seals" in chosen:
        draw_seals(picture, mask, ink, random)
    _press_ink(picture, mask, ink, random)
    for name in chosen:
        ABOVE_LETTERS[name](picture, ink, random) if name in ABOVE_LETTERS else None
    return DrawnPlate(
        layout=layout.name,
        text="".join(readable(line) for line in lines),
        region=region,
        picture=picture,
        centers=np.concatenate(centers),
    )


def _province_number(random: Random) -> int:
    """Bangkok, first of the list, has a quarter of Thailand's cars; the others come alike."""
    return 0 if random.random() < 0.12 else int(random.integers(len(PROVINCE_NAMES)))


def _ground(height: int, width: int, colour: Colour, random: Random) -> Picture:
    """A sheet of one colour with a slight gradient."""
    base = np.broadcast_to(varied(colour, random), (height, width, 3))
    slope = np.linspace(-1, 1, height, dtype=np.float32)[:, None, None] * random.normal(0, 8)
    return np.clip(base + slope, 0, 255).astype(np.uint8)


def _press_ink(picture: Picture, mask: Picture, ink: Colour, random: Random) -> None:
    """Colour the letters; often raise their edges, since plates are pressed."""
    if random.random() < 0.3:
        grow = cv2.dilate if random.random() < 0.5 else cv2.erode
        mask = np.asarray(grow(mask, np.ones((2, 2), np.uint8)), np.uint8)
    alpha = mask[..., None].astype(np.float32) / 255 * random.uniform(0.75, 1.0)
    mixed = picture * (1 - alpha) + varied(ink, random, 10) * alpha
    if random.random() < 0.5:
        light = mask.astype(np.float32)
        edge = np.roll(light, (1, 1), (0, 1)) - np.roll(light, (-1, -1), (0, 1))
        mixed += edge[..., None] * random.uniform(-0.25, 0.25)
    np.copyto(picture, np.clip(mixed, 0, 255).astype(np.uint8))
