"""What stands on a plate beside its registration: borders, bands, captions, stickers, frames.

Layouts name decorations by the keys of `BELOW_LETTERS` and `ABOVE_LETTERS`, and `gap_drawing`,
`symbol` and `seals`, which `training.plates` draws between the letters.
"""

from collections.abc import Callable

import cv2
import numpy as np

from training.drawings import (
    PALE,
    draw_landscape,
    draw_scene,
    draw_scenery,
    draw_shield,
    draw_spots,
    varied,
)
from training.fonts import FONT_GROUPS
from training.layouts import BLUE, RED, YELLOW, Colour
from training.lettering import CAPTION_FONTS, SMALL_FONT, random_word, write_small
from training.types import Picture, Random


def _border(picture: Picture, ink: Colour, random: Random) -> None:
    height, width = picture.shape[:2]
    inset = int(random.integers(1, 4))
    cv2.rectangle(
        picture,
        (inset, inset),
        (width - 1 - inset, height - 1 - inset),
        ink,
        int(random.integers(1, 3)),
    )


def _caption(picture: Picture, ink: Colour, random: Random, y: float) -> None:
    height, width = picture.shape[:2]
    colour = ink if random.random() < 0.6 else (BLUE, RED, (30, 100, 60))[int(random.integers(3))]
    font = CAPTION_FONTS[int(random.integers(len(CAPTION_FONTS)))]
    cap = height * random.uniform(0.06, 0.17)
    word = random_word(random)
    write_small(
        picture,
        word.title() if font in FONT_GROUPS["script"] else word,
        (width * random.uniform(0.4, 0.6), y * height),
        cap_px=cap,
        ink=colour,
        font=font,
    )


def _caption_top(picture: Picture, ink: Colour, random: Random) -> None:
    _caption(picture, ink, random, random.uniform(0.1, 0.16))


def _caption_bottom(picture: Picture, ink: Colour, random: Random) -> None:
    _caption(picture, ink, random, random.uniform(0.86, 0.93))


def _bolts(picture: Picture, _ink: Colour, random: Random) -> None:
    height, width = picture.shape[:2]
    y = round(height * random.choice([0.08, 0.14, 0.5, 0.88]))
    inset = random.uniform(0.08, 0.3)
    shade = int(random.integers(30, 210))
    radius = max(1, round(height * random.uniform(0.02, 0.05)))
    for x in (round(width * inset), round(width * (1 - inset))):
        cv2.circle(picture, (x, y), radius, (shade,) * 3, -1)
        cv2.circle(picture, (x, y), radius, (shade // 2,) * 3, 1)


def _frame(picture: Picture, _ink: Colour, random: Random) -> None:
    """A dealer's frame that covers the plate's edge, with his name where it is wide enough."""
    height, width = picture.shape[:2]
    shade = int(random.choice([12, 25, 60, 170, 225]))
    ink = (235, 235, 235) if shade < 128 else (25, 25, 25)
    side = round(width * random.uniform(0.01, 0.035))
    picture[:, :side] = picture[:, width - side :] = shade
    for is_top in (True, False):
        rim = round(height * random.uniform(0.03, 0.15))
        picture[slice(0, rim) if is_top else slice(height - rim, height)] = shade
        if rim > height * 0.07 and random.random() < 0.7:
            font = CAPTION_FONTS[int(random.integers(len(CAPTION_FONTS)))]
            place = (width / 2, rim / 2 if is_top else height - rim / 2)
            word = random_word(random, 4, 18)
            write_small(picture, word, place, cap_px=rim * 0.65, ink=ink, font=font)


def _eu_band(picture: Picture, _ink: Colour, random: Random) -> None:
    height, width = picture.shape[:2]
    band = round(width * random.uniform(0.06, 0.095))
    picture[:, :band] = varied((20, 60, 160), random)
    if random.random() < 0.25:
        picture[:, width - band :] = varied((20, 60, 160), random)
    angles = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    for angle in angles:
        x = band / 2 + np.cos(angle) * band * 0.3
        y = height * 0.32 + np.sin(angle) * band * 0.3
        cv2.circle(picture, (round(x), round(y)), 1, YELLOW, -1)
    code = random_word(random, 1, 3)
    place = (band / 2, height * 0.74)
    write_small(picture, code, place, cap_px=height * 0.15, ink=PALE, font=SMALL_FONT)


def _eu_corner(picture: Picture, _ink: Colour, random: Random) -> None:
    """The band of a plate of two lines: as wide, beside the upper one alone."""
    height, width = picture.shape[:2]
    _eu_band(picture[: round(height * 0.5), : round(width * 0.8)], _ink, random)


def _crest_left(picture: Picture, ink: Colour, random: Random) -> None:
    """A small coat of arms, often over the country's code, before the first character."""
    height, width = picture.shape[:2]
    x, y = width * random.uniform(0.045, 0.065), height * random.uniform(0.3, 0.5)
    draw_shield(picture, (x, y), height * random.uniform(0.1, 0.17), random)
    if random.random() < 0.8:
        code, place = random_word(random, 1, 4), (x, height * random.uniform(0.72, 0.82))
        cap = height * random.uniform(0.1, 0.17)
        write_small(picture, code, place, cap_px=cap, ink=ink, font=SMALL_FONT)


def _emblem_left(picture: Picture, ink: Colour, random: Random) -> None:
    """A club's drawing, or two or three small letters above one another, before the number."""
    _emblem(picture, ink, random, random.uniform(0.1, 0.14))


def _emblem_right(picture: Picture, ink: Colour, random: Random) -> None:
    """The same, after the number."""
    _emblem(picture, ink, random, random.uniform(0.87, 0.91))


def _emblem(picture: Picture, ink: Colour, random: Random, place: float) -> None:
    height, width = picture.shape[:2]
    x, y = width * place, height * random.uniform(0.45, 0.55)
    if random.random() < 0.35:
        count = int(random.integers(2, 4))
        cap = height * random.uniform(0.3, 0.42) / count
        font = FONT_GROUPS["narrow"][int(random.integers(len(FONT_GROUPS["narrow"])))]
        for line in range(count):
            middle = y + (line - (count - 1) / 2) * cap * 1.35
            letter = random_word(random, 1, 2)[:1]
            write_small(picture, letter, (x, middle), cap_px=cap, ink=ink, font=font)
        return
    draw_spots(picture, (x, y), height * random.uniform(0.16, 0.3), random)


def _top_band(picture: Picture, _ink: Colour, random: Random) -> None:
    height, width = picture.shape[:2]
    picture[: round(height * random.uniform(0.22, 0.28))] = varied((20, 50, 150), random)
    place, word = (width / 2, height * 0.13), random_word(random, 5, 10)
    write_small(picture, word, place, cap_px=height * 0.1, ink=PALE, font=SMALL_FONT)


def _stickers(picture: Picture, _ink: Colour, random: Random) -> None:
    """Registration stickers in the corners, with small digits that are not the plate's."""
    height, width = picture.shape[:2]
    for corner in random.permutation(4)[: int(random.integers(1, 3))]:
        side = height * random.uniform(0.14, 0.24)
        x = width * 0.07 if corner % 2 == 0 else width * 0.93
        y = height * 0.13 if corner < 2 else height * 0.87
        colour = tuple(int(value) for value in random.integers(0, 256, 3))
        left, top = round(x - side * 0.6), round(y - side / 2)
        cv2.rectangle(
            picture, (left, top), (round(x + side * 0.6), round(y + side / 2)), colour, -1
        )
        ink = (20, 20, 20) if sum(colour) > 380 else (240, 240, 240)
        year = str(random.integers(1, 100))
        write_small(picture, year, (x, y), cap_px=side * 0.6, ink=ink, font=SMALL_FONT)


Decoration = Callable[[Picture, Colour, Random], None]
BELOW_LETTERS: dict[str, Decoration] = {
    "scenery": draw_scenery,
    "eu_band": _eu_band,
    "eu_corner": _eu_corner,
    "crest_left": _crest_left,
    "emblem_left": _emblem_left,
    "emblem_right": _emblem_right,
    "landscape": draw_landscape,
    "picture": draw_scene,
    "top_band": _top_band,
}
ABOVE_LETTERS: dict[str, Decoration] = {
    "border": _border,
    "caption_top": _caption_top,
    "caption_bottom": _caption_bottom,
    "stickers": _stickers,
    "bolts": _bolts,
    "frame": _frame,
}
EXTRA_CHANCE = {
    "eu_band": 0.95,
    "top_band": 1.0,
    "picture": 1.0,
    "crest_left": 0.95,
    "emblem_left": 1.0,
    "emblem_right": 1.0,
    "gap_drawing": 1.0,
    "caption_top": 0.8,
    "symbol": 0.5,
    "seals": 0.5,
    "frame": 0.2,
}
