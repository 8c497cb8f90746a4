"""The notation in which plate families are written, and the strict shapes that it stands for.

`L` is a Latin letter, `N` a digit, `C` a Thai consonant, `T` any letter, vowel or mark of a Thai
word, `P` one of the family's own codes, and `[ABC]` or `[A-F]` a set. `{2}`, `{1,3}` and `?` repeat
what stands before them. Blanks and hyphens separate for the eye only.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

LATIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
DIGITS = frozenset("0123456789")
THAI_CONSONANTS = frozenset("กขคฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ")
THAI_WORDS = THAI_CONSONANTS | frozenset("ฤะัาำิีึืุูเแโใไ็่้๊๋์")

SEPARATORS = frozenset(" -")
_ATOM = re.compile(
    r"(?P<base>[LNCTP \-]|\[[^\]]+\])(?:\{(?P<low>\d+)(?:,(?P<high>\d+))?\}|(?P<maybe>\?))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One fixed length that a pattern can take: the characters allowed at each position.

    `breaks` are positions with the separator shown before them. `code_at` is where one of `codes`
    must stand, if any: the sets alone would allow its first letter with another code's second.
    """

    allowed: tuple[frozenset[str], ...]
    breaks: tuple[tuple[int, str], ...]
    code_at: slice | None
    codes: frozenset[str]

    def has_code(self, text: str) -> bool:
        """Say whether a text of this shape has one of the codes where one must stand."""
        return self.code_at is None or text[self.code_at] in self.codes

    def display(self, text: str) -> str:
        """Write a text of this shape with its separators."""
        before = dict(self.breaks)
        return "".join(before.get(index, "") + character for index, character in enumerate(text))


def shapes_of(
    pattern: str, *, codes: Sequence[str] = (), letters: frozenset[str] = LATIN
) -> list[Shape]:
    """List every shape that a pattern can take, in the order of the notation.

    Args:
        pattern: In the notation of this module.
        codes: What `P` stands for.
        letters: What `L` stands for, where a country leaves letters out.

    Raises:
        ValueError: the pattern is not in the notation.

    >>> [shape.display("1กข1234") for shape in shapes_of("N?CC N{4}") if len(shape.allowed) == 7]
    ['1กข 1234']
    """
    return [_join(pieces) for pieces in product(*_atoms(pattern, codes, letters))]


@dataclass(frozen=True, slots=True)
class _Code:
    codes: frozenset[str]
    length: int


_Piece = tuple[frozenset[str], ...] | str | _Code


def _atoms(pattern: str, codes: Sequence[str], letters: frozenset[str]) -> Iterator[list[_Piece]]:
    position = 0
    while position < len(pattern):
        atom = _ATOM.match(pattern, position)
        if atom is None:
            raise ValueError(f"{pattern!r} is not a plate pattern from {pattern[position:]!r} on.")
        position = atom.end()
        base = atom["base"]
        if base in SEPARATORS:
            yield [base]
        elif base == "P":
            yield [
                _Code(frozenset(code for code in codes if len(code) == length), length)
                for length in sorted({len(code) for code in codes})
            ]
        else:
            low, high = _repeats(atom)
            allowed = _characters(base, letters)
            yield [(allowed,) * count for count in range(low, high + 1)]


def _repeats(atom: re.Match[str]) -> tuple[int, int]:
    if atom["maybe"]:
        return 0, 1
    low = int(atom["low"] or 1)
    return low, int(atom["high"] or low)


def _characters(base: str, letters: frozenset[str]) -> frozenset[str]:
    named = {"L": letters, "N": DIGITS, "C": THAI_CONSONANTS, "T": THAI_WORDS}
    if base in named:
        return named[base]
    ranges = re.sub(r"(.)-(.)", _spell_out, base[1:-1])
    return frozenset(ranges)


def _spell_out(ends: re.Match[str]) -> str:
    return "".join(chr(code) for code in range(ord(ends[1]), ord(ends[2]) + 1))


def _join(pieces: Sequence[_Piece]) -> Shape:
    allowed: list[frozenset[str]] = []
    breaks: dict[int, str] = {}
    code_at, codes = None, frozenset[str]()
    for piece in pieces:
        if isinstance(piece, str):
            breaks[len(allowed)] = piece
        elif isinstance(piece, _Code):
            code_at, codes = slice(len(allowed), len(allowed) + piece.length), piece.codes
            allowed += [
                frozenset(code[index] for code in piece.codes) for index in range(piece.length)
            ]
        else:
            allowed += piece
    inside = {at: mark for at, mark in breaks.items() if 0 < at < len(allowed)}
    return Shape(allowed=tuple(allowed), breaks=tuple(inside.items()), code_at=code_at, codes=codes)
