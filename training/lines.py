"""What the lines of a plate print, and the alphabet in which a reader answers."""

from training.layouts import LATIN_LETTERS, THAI_LETTERS, Layout, Row
from training.registrations import draw_registration, halves, rewritten
from training.types import Random

DIGITS = "0123456789"
ALPHABET = DIGITS + LATIN_LETTERS + THAI_LETTERS + "_"
SEPARATORS = "-.· "
CONFUSED = "DHMNOQVW"
"""Letters that readers take for one another most. They are drawn twice as often as others."""


def print_row(row: Row, letters: str, random: Random) -> str:
    """A registration line for a pattern of the row, with its separators.

    >>> from numpy.random import default_rng
    >>> print_row(Row(patterns=("AB-##",)), "XYZ", default_rng(1))
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
