"""Draws one plate as it leaves the factory: flat, clean, seen from the front.

What weather, lens and camera do to it is in `training.photos`. Everything random comes from the
generator that the caller passes, so that a seed repeats a picture.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.fonts import BASELINE_PX, CAP_HEIGHT_PX, FONT_GROUPS, scaled_glyph, word_mask
from training.layouts import (
    BLUE,
    CHINESE_SIGNS,
    LATIN_LETTERS,
    LAYOUTS,
    PROVINCE_NAMES,
    RED,
    THAI_LETTERS,
    YELLOW,
    Colour,
    Layout,
    Row,
)
from training.registrations import LAO_LETTERS, draw_registration, halves, rewritten

Picture = NDArray[np.uint8]
Random = np.random.Generator

PLATE_HEIGHT_PX = {1: 72, 2: 112, 3: 150}
DIGITS = "0123456789"
ALPHABET = DIGITS + LATIN_LETTERS + THAI_LETTERS + "_"
SEPARATORS = "-.· "
SMALL_FONT = "Arimo-Bold"
PALE: Colour = (240, 240, 240)
CAPTION_FONTS = FONT_GROUPS["grotesque"] + FONT_GROUPS["narrow"] + FONT_GROUPS["script"] * 3


CONFUSED = "DHMNOQVW"
"""Letters that readers take for one another most. They are drawn twice as often as others."""


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


def print_row(row: Row, letters: str, random: Random) -> str:
    """A registration line for a pattern of the row, with its separators.

    >>> print_row(Row(patterns=("AB-##",)), "XYZ", np.random.default_rng(1))
    'AB-45'
    """
    choices = {
        "#": DIGITS,
        "+": DIGITS[1:],
        "@": letters + "".join(sign for sign in letters if sign in CONFUSED),
        # An O or I between digits is a 0 or 1 to anybody, printed alike, and so taught as one.
        "*": "".join(sign for sign in letters if sign not in "OI") + DIGITS,
        "%": THAI_LETTERS,
    }
    pattern = row.patterns[int(random.integers(len(row.patterns)))]
    return "".join(
        choices[sign][int(random.integers(len(choices[sign])))] if sign in choices else sign
        for sign in pattern
    )


def print_lines(layout: Layout, random: Random) -> list[str]:
    """What a plate of this layout has on its rows, `~` where a province's name stands."""
    parts: dict[str, str] = {}
    if layout.families:
        drawn = draw_registration(layout.families, random, often=CONFUSED)
        whole = rewritten(drawn, layout.rewrites, random)
        first, second = halves(whole)
        parts = {"=": whole, "<": first, ">": second}
    lines = [print_row(row, layout.letters, random) for row in layout.rows]
    return [parts.get(line, line) for line in lines]


def readable(printed: str) -> str:
    """The letters and digits of a printed line: what a reader should answer."""
    return "".join(sign for sign in printed if sign in ALPHABET)


def draw_plate(layout: Layout, random: Random) -> DrawnPlate:
    """Draw a plate of this layout with a random registration, colours and letters."""
    height = PLATE_HEIGHT_PX[len(layout.rows)]
    width = round(height * random.uniform(*layout.aspect))
    ground, ink = layout.colours[int(random.integers(len(layout.colours)))]
    picture = _ground(height, width, ground, random)
    chosen = [name for name in layout.extras if random.random() < EXTRA_CHANCE.get(name, 0.6)]
    for name in chosen:
        BELOW_LETTERS[name](picture, ink, random) if name in BELOW_LETTERS else None
    fonts = _choose_fonts(layout, random)
    mask = np.zeros((height, width), np.uint8)
    lines = print_lines(layout, random)
    region, centers = layout.region, []
    for line, row in zip(lines, layout.rows, strict=True):
        if line == "~":
            region = list(PROVINCE_NAMES)[_province_number(random)]
            _set_name(mask, PROVINCE_NAMES[region], row, random)
        else:
            centers.append(_set_line(mask, line, row, fonts, random))
    if "gap_drawing" in chosen:
        _draw_in_gap(picture, mask, random)
    elif "symbol" in chosen or "seals" in chosen:
        _draw_seals(picture, mask, ink, random)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fonts:
    """The fonts of one plate, by script."""

    latin: str
    thai: str
    chinese: str
    lao: str

    def of(self, sign: str) -> str:
        if sign in THAI_LETTERS:
            return self.thai
        if sign in LAO_LETTERS:
            return self.lao
        return self.chinese if sign in CHINESE_SIGNS else self.latin


def _choose_fonts(layout: Layout, random: Random) -> _Fonts:
    def one(name: str) -> str:
        group = FONT_GROUPS[name]
        return group[int(random.integers(len(group)))]

    latin = layout.fonts[int(random.integers(len(layout.fonts)))]
    return _Fonts(latin=one(latin), thai=one("thai"), chinese=one("chinese"), lao=one("lao"))


def _province_number(random: Random) -> int:
    """Bangkok, first of the list, has a quarter of Thailand's cars; the others come alike."""
    return 0 if random.random() < 0.12 else int(random.integers(len(PROVINCE_NAMES)))


def _set_name(mask: Picture, name: str, row: Row, random: Random) -> None:
    """Print a province's name into the ink mask, as wide as its letters and the row allow."""
    height, width = mask.shape
    font = FONT_GROUPS["thai"][int(random.integers(len(FONT_GROUPS["thai"])))]
    word = word_mask(font, name)
    room = (row.right - row.left) * width
    # Letters are as high on every plate, whatever stands above and below them.
    cap = (row.bottom - row.top) * height * random.uniform(0.4, 0.66)
    scale = min(cap / CAP_HEIGHT_PX, (row.bottom - row.top) * height / word.shape[0])
    stretch = min(room / (word.shape[1] * scale), random.uniform(0.8, 1.35))
    size = (max(4, round(word.shape[1] * scale * stretch)), max(4, round(word.shape[0] * scale)))
    piece = np.asarray(cv2.resize(word, size, interpolation=cv2.INTER_AREA), np.uint8)
    x = row.left * width + (room - size[0]) * random.uniform(0.3, 0.7)
    y = (row.top + row.bottom) / 2 * height - size[1] / 2 + random.normal(0, 0.01) * height
    _stamp(mask, piece, x, y)


def _varied(colour: Colour, random: Random, amount: float = 14) -> NDArray[np.float32]:
    return np.clip(np.array(colour) + random.normal(0, amount, 3), 0, 255).astype(np.float32)


def _ground(height: int, width: int, colour: Colour, random: Random) -> Picture:
    """A sheet of one colour with a slight gradient."""
    base = np.broadcast_to(_varied(colour, random), (height, width, 3))
    slope = np.linspace(-1, 1, height, dtype=np.float32)[:, None, None] * random.normal(0, 8)
    return np.clip(base + slope, 0, 255).astype(np.uint8)


def _set_line(
    mask: Picture, line: str, row: Row, fonts: _Fonts, random: Random
) -> NDArray[np.float32]:
    """Print a line into the ink mask; answer the middles of its letters and digits."""
    height, width = mask.shape
    cap = (row.bottom - row.top) * height * random.uniform(0.82, 1.04)
    middle = (row.top + row.bottom) / 2 * height + random.normal(0, 0.015) * height
    room = (row.right - row.left) * width
    gap = cap * random.uniform(0.04, 0.2)
    space = cap * random.uniform(0.15, 0.5)
    natural = [
        scaled_glyph(fonts.of(sign), sign, cap, 1.0).shape[1]
        for sign in line
        if sign not in SEPARATORS
    ]
    inner = (len(line) - 1) * gap + sum(space for sign in line if sign in SEPARATORS)
    stretch = min((room - inner) / sum(natural), random.uniform(0.85, 1.5))
    if stretch < 0.45:
        gap, space, stretch = gap * 0.4, space * 0.3, max(0.4, stretch)
    pieces = [(sign, _piece(fonts.of(sign), sign, cap, stretch, space)) for sign in line]
    total = sum(piece.shape[1] for _, piece in pieces) + gap * (len(pieces) - 1)
    if total > room:
        squeeze = room / total
        pieces = [(sign, _squeezed(piece, squeeze)) for sign, piece in pieces]
        gap, total = gap * squeeze, room
    x = row.left * width + (room - total) * random.uniform(0.3, 0.7)
    top = middle - cap / 2 - (BASELINE_PX - CAP_HEIGHT_PX) * cap / CAP_HEIGHT_PX
    centers = []
    for sign, piece in pieces:
        _stamp(mask, piece, x, top)
        if sign in ALPHABET:
            centers.append((x + piece.shape[1] / 2, middle))
        x += piece.shape[1] + gap
    return np.array(centers, np.float32)


def _piece(font: str, sign: str, cap: float, stretch: float, space: float) -> Picture:
    """A character's mask, or the blank or mark that stands for a separator."""
    if sign in SEPARATORS:
        height = scaled_glyph(font, "H", cap, 1.0).shape[0]
        piece = np.zeros((height, max(2, round(space))), np.uint8)
        if sign != " ":
            mark = scaled_glyph(font, sign, cap, 1.0)[:height, : piece.shape[1]]
            left = (piece.shape[1] - mark.shape[1]) // 2
            piece[: mark.shape[0], left : left + mark.shape[1]] = mark
        return piece
    return scaled_glyph(font, sign, cap, stretch)


def _squeezed(piece: Picture, factor: float) -> Picture:
    size = (max(1, int(piece.shape[1] * factor)), piece.shape[0])
    return np.asarray(cv2.resize(piece, size, interpolation=cv2.INTER_AREA), np.uint8)


def _stamp(mask: Picture, piece: Picture, x: float, y: float) -> None:
    """Put a piece into the mask where both are, keeping the stronger ink."""
    left, top = round(x), round(y)
    inside_left, inside_top = max(0, left), max(0, top)
    right = min(mask.shape[1], left + piece.shape[1])
    bottom = min(mask.shape[0], top + piece.shape[0])
    if right <= inside_left or bottom <= inside_top:
        return
    target = mask[inside_top:bottom, inside_left:right]
    source = piece[inside_top - top : bottom - top, inside_left - left : right - left]
    np.maximum(target, source, out=target)


def _press_ink(picture: Picture, mask: Picture, ink: Colour, random: Random) -> None:
    """Colour the letters; often raise their edges, since plates are pressed."""
    if random.random() < 0.3:
        grow = cv2.dilate if random.random() < 0.5 else cv2.erode
        mask = np.asarray(grow(mask, np.ones((2, 2), np.uint8)), np.uint8)
    alpha = mask[..., None].astype(np.float32) / 255 * random.uniform(0.75, 1.0)
    mixed = picture * (1 - alpha) + _varied(ink, random, 10) * alpha
    if random.random() < 0.5:
        light = mask.astype(np.float32)
        edge = np.roll(light, (1, 1), (0, 1)) - np.roll(light, (-1, -1), (0, 1))
        mixed += edge[..., None] * random.uniform(-0.25, 0.25)
    np.copyto(picture, np.clip(mixed, 0, 255).astype(np.uint8))


def write_small(
    picture: Picture,
    text: str,
    center: tuple[float, float],
    *,
    cap_px: float,
    ink: Colour,
    font: str,
) -> None:
    """Write a small line around a point (x, y); what does not fit is cut off."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    pieces = [_piece(font, sign, cap_px, 1.0, cap_px * 0.4) for sign in text]
    gap = cap_px * 0.12
    x = center[0] - (sum(piece.shape[1] for piece in pieces) + gap * len(pieces)) / 2
    top = center[1] - cap_px / 2 - (BASELINE_PX - CAP_HEIGHT_PX) * cap_px / CAP_HEIGHT_PX
    for piece in pieces:
        _stamp(mask, piece, x, top)
        x += piece.shape[1] + gap
    alpha = mask[..., None].astype(np.float32) / 255
    np.copyto(picture, (picture * (1 - alpha) + np.array(ink) * alpha).astype(np.uint8))


def random_word(random: Random, shortest: int = 3, longest: int = 14) -> str:
    """Letters that look like a name, a slogan or a shop."""
    letters = random.choice(
        list("AAEEIIOOURSTNLMDCKPBGHVWYZFJ"), int(random.integers(shortest, longest))
    )
    word = "".join(letters.tolist())
    cut = int(random.integers(2, 9))
    return word if random.random() < 0.6 or cut >= len(word) else f"{word[:cut]} {word[cut:]}"


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
    picture[:, :band] = _varied((20, 60, 160), random)
    if random.random() < 0.25:
        picture[:, width - band :] = _varied((20, 60, 160), random)
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
    _shield(picture, (x, y), height * random.uniform(0.1, 0.17), random)
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
    _drawing(picture, (x, y), height * random.uniform(0.16, 0.3), random)


def _drawing(picture: Picture, center: tuple[float, float], reach: float, random: Random) -> None:
    """A few coloured spots and strokes over one another: fruit, tree, bird, coat of arms."""
    for _ in range(int(random.integers(2, 6))):
        colour = tuple(int(value) for value in random.integers(0, 256, 3))
        angles = np.sort(random.uniform(0, 2 * np.pi, int(random.integers(3, 12))))
        far = reach * random.uniform(0.2, 1.0, len(angles))
        shift = random.normal(0, 0.2, 2) * reach
        corners = np.stack([np.cos(angles), np.sin(angles)], axis=1) * far[:, None] + center + shift
        points = [corners.round().astype(np.int32)]
        if random.random() < 0.7:
            cv2.fillPoly(picture, points, colour)
        else:
            cv2.polylines(picture, points, True, colour, int(random.integers(1, 4)))  # noqa: FBT003


def _shield(picture: Picture, center: tuple[float, float], half_px: float, random: Random) -> None:
    """A shield or seal of two colours."""
    x, y = center
    outline = np.array([[-0.8, -1], [0.8, -1], [0.8, 0.2], [0, 1.1], [-0.8, 0.2]]) * half_px
    corners = (outline * (random.uniform(0.6, 1.1), 1) + (x, y)).round().astype(np.int32)
    first, second = (_varied(colour, random, 60).tolist() for colour in (BLUE, RED))
    cv2.fillPoly(picture, [corners], first if random.random() < 0.5 else second)
    inner = ((corners - (x, y)) * 0.55 + (x, y)).round().astype(np.int32)
    cv2.fillPoly(picture, [inner], second if random.random() < 0.5 else PALE)


def _top_band(picture: Picture, _ink: Colour, random: Random) -> None:
    height, width = picture.shape[:2]
    picture[: round(height * random.uniform(0.22, 0.28))] = _varied((20, 50, 150), random)
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


def _scenery(picture: Picture, _ink: Colour, random: Random) -> None:
    """A soft printed landscape behind the letters, as many American plates have."""
    height, width = picture.shape[:2]
    coarse = random.uniform(0, 255, (int(random.integers(2, 6)), int(random.integers(2, 7)), 3))
    soft = cv2.resize(coarse.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    strength = random.uniform(0.08, 0.4)
    mixed = picture * (1 - strength) + soft * strength
    np.copyto(picture, np.clip(mixed, 0, 255).astype(np.uint8))


def _landscape(picture: Picture, _ink: Colour, random: Random) -> None:
    """Hills, a sun or a shore with hard edges behind the letters."""
    height, width = picture.shape[:2]
    drawn = picture.copy()
    if random.random() < 0.4:
        colour = tuple(int(value) for value in random.integers(0, 256, 3))
        place = (int(random.integers(width)), int(random.uniform(0.1, 0.6) * height))
        cv2.circle(drawn, place, round(height * random.uniform(0.08, 0.35)), colour, -1)
    for _ in range(int(random.integers(1, 4))):
        colour = tuple(int(value) for value in random.integers(0, 256, 3))
        count = int(random.integers(4, 14))
        ridge = random.uniform(0.25, 0.95) + random.normal(0, 0.1, count)
        across = np.linspace(0, width, count)
        line = np.stack([across, ridge * height], axis=1)
        shape = np.concatenate([line, [[width, height], [0, height]]]).round().astype(np.int32)
        cv2.fillPoly(drawn, [shape], colour)
    strength = random.uniform(0.1, 0.5)
    mixed = picture * (1 - strength) + drawn.astype(np.float32) * strength
    np.copyto(picture, np.clip(mixed, 0, 255).astype(np.uint8))


def _picture(picture: Picture, ink: Colour, random: Random) -> None:
    """A printed scene over the whole plate: temples, waves, hills, of softer and harder edges."""
    _landscape(picture, ink, random)
    _scenery(picture, ink, random)
    height, width = picture.shape[:2]
    drawn = picture.copy()
    for _ in range(int(random.integers(1, 4))):
        place = (random.uniform(0, 1) * width, random.uniform(0.2, 0.9) * height)
        _drawing(drawn, place, height * random.uniform(0.1, 0.3), random)
    np.copyto(picture, cv2.addWeighted(picture, 0.75, drawn, 0.25, 0))


def _widest_gap(mask: Picture) -> tuple[int, int] | None:
    """From where to where, in pixels, nothing stands between two characters."""
    height = mask.shape[0]
    empty = mask[height // 4 : height * 3 // 4].max(axis=0) < 40
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (~empty).astype(np.int8), [0]))))
    gaps = [(int(a), int(b)) for a, b in zip(edges[1:-1:2], edges[2:-1:2], strict=False)]
    return max(gaps, key=lambda gap: gap[1] - gap[0], default=None)


def _draw_in_gap(picture: Picture, mask: Picture, random: Random) -> None:
    """A drawing as high as the letters between them: a tree, a rider, a lighthouse, a state."""
    gap = _widest_gap(mask)
    if gap is None:
        return
    height = mask.shape[0]
    middle, half = sum(gap) / 2, (gap[1] - gap[0]) / 2 * random.uniform(0.6, 1.15)
    tall = height * random.uniform(0.12, 0.34)
    for _ in range(int(random.integers(1, 4))):
        y = height * 0.5 + random.uniform(-0.6, 0.6) * max(0.0, tall - half)
        _drawing(picture, (middle, y), min(half, tall), random)
    if random.random() < 0.25:
        place = (middle, height * random.uniform(0.4, 0.6))
        ink = (20, 20, 20) if random.random() < 0.5 else (240, 240, 240)
        small = random_word(random, 1, 2)[:1] if random.random() < 0.5 else str(random.integers(99))
        write_small(picture, small, place, cap_px=half * 0.6, ink=ink, font=SMALL_FONT)


def _draw_seals(picture: Picture, mask: Picture, ink: Colour, random: Random) -> None:
    """A round seal or small drawing in the widest gap between two characters."""
    height = mask.shape[0]
    gap = _widest_gap(mask)
    if gap is None:
        return
    left, right = gap
    radius = round(min((right - left) * 0.45, height * 0.13))
    if radius < 3:
        return
    if random.random() < 0.35:
        reach = min((right - left) * 0.6, height * 0.3)
        _drawing(picture, ((left + right) / 2, height * random.uniform(0.42, 0.6)), reach, random)
        return
    colour = ink if random.random() < 0.3 else tuple(int(v) for v in random.integers(0, 256, 3))
    x = (left + right) // 2
    if random.random() < 0.35:
        _shield(picture, (x, height * random.uniform(0.35, 0.6)), radius * 1.3, random)
        return
    for y in (0.36, 0.64) if random.random() < 0.5 else (0.5,):
        if random.random() < 0.7:
            cv2.circle(
                picture, (x, round(y * height)), radius, colour, -1 if random.random() < 0.7 else 2
            )
            continue
        angles = np.sort(random.uniform(0, 2 * np.pi, 8))
        reach = radius * random.uniform(0.4, 1.2, 8)
        corners = np.stack(
            [x + np.cos(angles) * reach, y * height + np.sin(angles) * reach], axis=1
        )
        cv2.fillPoly(picture, [corners.round().astype(np.int32)], colour)


Decoration = Callable[[Picture, Colour, Random], None]
BELOW_LETTERS: dict[str, Decoration] = {
    "scenery": _scenery,
    "eu_band": _eu_band,
    "eu_corner": _eu_corner,
    "crest_left": _crest_left,
    "emblem_left": _emblem_left,
    "emblem_right": _emblem_right,
    "landscape": _landscape,
    "picture": _picture,
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
