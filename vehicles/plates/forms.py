"""Finds, among the thousands of shapes that plates can have, the few that a text may fit."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import prod

from vehicles.plates.families import FAMILIES
from vehicles.plates.family import Family
from vehicles.plates.patterns import Shape, shapes_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One shape of one family; `likelihood` is the chance that its plate has one given text."""

    family: Family
    shape: Shape
    likelihood: float

    def takes(self, text: str) -> bool:
        """Say whether a text, whose characters fit the shape, is right as a whole."""
        is_valid = self.family.has_valid_check
        return self.shape.has_code(text) and (is_valid is None or is_valid(text))


@dataclass(slots=True)
class _Forms:
    """Forms of one length; bit i of `masks[position][character]` says that form i allows it."""

    forms: list[Form] = field(default_factory=list)
    masks: list[defaultdict[str, int]] = field(default_factory=list)

    def add(self, form: Form) -> None:
        if not self.forms:
            self.masks = [defaultdict(int) for _ in form.shape.allowed]
        bit = 1 << len(self.forms)
        self.forms.append(form)
        for mask, allowed in zip(self.masks, form.shape.allowed, strict=True):
            for character in allowed:
                mask[character] |= bit


def forms_near(text: str, others: Sequence[Collection[str]], max_changes: int) -> Iterator[Form]:
    """Find the forms that a text fits with few changes.

    Args:
        text: Normalised.
        others: For each position, the characters that may stand there instead.
        max_changes: Positions that may be changed.

    Source: bit-parallel matching with k mismatches, S. Wu, U. Manber, "Fast text searching
        allowing errors", 1992, the forms taking the place of the text's positions.
    """
    index = _forms_by_length().get(len(text))
    if index is None:
        return
    everything = (1 << len(index.forms)) - 1
    alive = [everything] * (max_changes + 1)
    for character, instead, mask in zip(text, others, index.masks, strict=True):
        fits = mask.get(character, 0)
        may_fit = 0
        for other in instead:
            may_fit |= mask.get(other, 0)
        for changes in range(max_changes, 0, -1):
            alive[changes] = (alive[changes] & fits) | (alive[changes - 1] & may_fit)
        alive[0] &= fits
        if not alive[-1]:
            return
    found = alive[-1]
    while found:
        lowest = found & -found
        yield index.forms[lowest.bit_length() - 1]
        found ^= lowest


@cache
def _forms_by_length() -> dict[int, _Forms]:
    forms: defaultdict[int, _Forms] = defaultdict(_Forms)
    for family in FAMILIES:
        shapes = [
            shape
            for pattern in family.patterns
            for shape in shapes_of(pattern, codes=family.codes, letters=family.letters)
        ]
        for shape in shapes:
            likelihood = 1 / _serials(family, shape) / len(shapes)
            form = Form(family=family, shape=shape, likelihood=likelihood)
            forms[len(shape.allowed)].add(form)
    return dict(forms)


def _serials(family: Family, shape: Shape) -> float:
    """Count the texts of a shape; a check letter is not free."""
    free = shape.allowed[:-1] if family.has_valid_check else shape.allowed
    serials = prod(len(allowed) for allowed in free)
    if shape.code_at is None:
        return serials
    return (
        serials / prod(len(allowed) for allowed in shape.allowed[shape.code_at]) * len(shape.codes)
    )
