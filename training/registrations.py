"""Registrations drawn from the grammar of `vehicles.plates`, as plates print them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from training.layouts import CHINESE_SIGNS, LATIN_LETTERS, MOST_CHARACTERS, THAI_LETTERS, Rewrite
from vehicles.plates.family import Family
from vehicles.plates.patterns import Shape, shapes_of

READ = frozenset("0123456789" + LATIN_LETTERS + THAI_LETTERS)
LAO_LETTERS = "ກຂຄງຈສຊຍດຕຖທນບປຜຝພຟມຢຣລວຫອຮ"
_DRAWN = READ.union(CHINESE_SIGNS, LAO_LETTERS)
_BREAKS = " -"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """One shape of a family: what may stand at each place, its codes if it has any."""

    family: Family
    shape: Shape
    choices: tuple[str, ...]
    codes: tuple[str, ...]


def draw_registration(
    families: Sequence[Family], random: np.random.Generator, *, often: str
) -> str:
    """A registration of one of these families with its separators.

    What is rare on the road is drawn more often than it is met there, long numbers more often than
    short ones, and letters that stand in `often` twice as often.
    """
    forms, chances = _forms(tuple(families))
    form = forms[int(random.choice(len(forms), p=chances))]
    while True:
        text = _text(form, random, often)
        if form.family.has_valid_check is None or form.family.has_valid_check(text):
            return form.shape.display(text)


def rewritten(printed: str, rewrites: Sequence[Rewrite], random: np.random.Generator) -> str:
    """A registration with its separators as this kind of plate has them."""
    for pattern, replacement, chance in rewrites:
        if random.random() < chance:
            printed = re.sub(pattern, replacement, printed)
    return printed


def halves(printed: str) -> tuple[str, str]:
    """What stands on the two lines of a plate, parted near the middle.

    >>> halves("MH 12 AB 1234"), halves("H123BC")
    (('MH 12', 'AB 1234'), ('H123', 'BC'))
    """
    middle = (len(printed) - 1) / 2
    blanks = [at for at, sign in enumerate(printed) if sign in _BREAKS]
    if blanks:
        at = min(blanks, key=lambda place: abs(place - middle))
        return printed[:at], printed[at + 1 :]
    changes = [
        at
        for at in range(1, len(printed))
        if printed[at].isdigit() != printed[at - 1].isdigit() and printed[at] in READ
    ]
    at = min(changes or [len(printed) // 2], key=lambda place: abs(place - middle - 0.5))
    return printed[:at], printed[at:]


@cache
def _forms(families: tuple[Family, ...]) -> tuple[list[_Form], NDArray[np.float64]]:
    """All shapes that can be drawn and read, and how often each is drawn."""
    forms, chances = [], []
    for family in families:
        shapes = [
            form
            for pattern in family.patterns
            for shape in shapes_of(pattern, codes=family.codes, letters=family.letters)
            if (form := _form(family, shape)) is not None
        ]
        weights = np.array([2.0 ** len(form.choices) for form in shapes])
        forms += shapes
        chances += list(np.sqrt(family.weight) * weights / weights.sum())
    return forms, np.array(chances) / sum(chances)


def _form(family: Family, shape: Shape) -> _Form | None:
    """The shape without what cannot be drawn; None where nothing or too much is left to read."""
    choices = tuple("".join(sorted(allowed & _DRAWN)) for allowed in shape.allowed)
    codes = tuple(sorted(code for code in shape.codes if set(code) <= _DRAWN))
    is_read = [bool(READ.intersection(choice)) for choice in choices]
    if not all(choices) or sum(is_read) > MOST_CHARACTERS or (shape.codes and not codes):
        return None
    return _Form(family=family, shape=shape, choices=choices, codes=codes)


def _text(form: _Form, random: np.random.Generator, often: str) -> str:
    signs = []
    for choice in form.choices:
        weighed = choice + "".join(sign for sign in choice if sign in often)
        signs.append(weighed[int(random.integers(len(weighed)))])
    if form.shape.code_at is not None:
        signs[form.shape.code_at] = form.codes[int(random.integers(len(form.codes)))]
    return "".join(signs)
