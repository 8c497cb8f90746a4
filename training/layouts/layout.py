"""What a kind of plate is described by, and the colours and letters that many share."""

from dataclasses import dataclass

from vehicles.plates.family import Family
from vehicles.plates.patterns import THAI_CONSONANTS

Colour = tuple[int, int, int]
Rewrite = tuple[str, str, float]
"""A pattern of `re`, what takes its place in a registration with its separators, and how often."""

MOST_CHARACTERS = 10
"""The longest text that a reader answers."""


THAI_LETTERS = "".join(sorted(THAI_CONSONANTS))
CHINESE_SIGNS = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
LATIN_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
WHITE: Colour = (236, 238, 236)
SILVER: Colour = (196, 200, 202)
YELLOW: Colour = (240, 196, 40)
BLACK: Colour = (22, 22, 24)
BLUE: Colour = (24, 52, 130)
RED: Colour = (170, 24, 32)
GREEN: Colour = (20, 96, 60)
DARK_ON_LIGHT = ((WHITE, BLACK), (WHITE, BLACK), (SILVER, BLACK))
HYPHENS: Rewrite = (" ", "-", 0.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of large characters.

    `patterns` are alternatives. `top`, `bottom`, `left` and `right` are fractions of the plate's
    height and width between which the line is set; `top` to `bottom` is the height of a capital,
    of a name with all that stands above and below its letters.
    """

    patterns: tuple[str, ...]
    top: float = 0.16
    bottom: float = 0.84
    left: float = 0.05
    right: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One kind of plate.

    `region` is what a reader should answer beside the text: a country (ISO 3166-1 alpha-2), `EU`
    for plates that could be of several countries there, or "" where only the text tells; a printed
    province (`~`) stands for itself. `families` are those whose registrations it prints, with their
    separators as `rewrites` has them. `weight` is how often it is drawn against the others;
    `aspect` is width over height (from, to); `colours` are pairs of ground and ink (RGB); `extras`
    are names of `training.decorations`.
    """

    name: str
    weight: float
    aspect: tuple[float, float]
    rows: tuple[Row, ...]
    colours: tuple[tuple[Colour, Colour], ...]
    fonts: tuple[str, ...]
    letters: str = LATIN_LETTERS
    extras: tuple[str, ...] = ()
    region: str = ""
    families: tuple[Family, ...] = ()
    rewrites: tuple[Rewrite, ...] = ()
