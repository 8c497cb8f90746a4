"""Sets letters: a plate's lines into a mask of its ink, and small words onto a picture."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.fonts import BASELINE_PX, CAP_HEIGHT_PX, FONT_GROUPS, scaled_glyph, word_mask
from training.layouts import CHINESE_SIGNS, THAI_LETTERS, Colour, Layout, Row
from training.lines import ALPHABET, SEPARATORS
from training.registrations import LAO_LETTERS
from training.types import Picture, Random

SMALL_FONT = "Arimo-Bold"
CAPTION_FONTS = FONT_GROUPS["grotesque"] + FONT_GROUPS["narrow"] + FONT_GROUPS["script"] * 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fonts:
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


def choose_fonts(layout: Layout, random: Random) -> Fonts:
    """A font for each script, of the groups that the layout names for Latin letters."""

    def one(name: str) -> str:
        group = FONT_GROUPS[name]
        return group[int(random.integers(len(group)))]

    latin = layout.fonts[int(random.integers(len(layout.fonts)))]
    return Fonts(latin=one(latin), thai=one("thai"), chinese=one("chinese"), lao=one("lao"))


def set_name(mask: Picture, name: str, row: Row, random: Random) -> None:
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


def set_line(
    mask: Picture, line: str, row: Row, fonts: Fonts, random: Random
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
