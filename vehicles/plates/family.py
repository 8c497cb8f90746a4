"""What is known about one family of plates."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from vehicles.plates.patterns import LATIN

WIKI = "https://en.wikipedia.org/wiki/Vehicle_registration_plates_of_"

Colour = Literal[
    "white", "black", "yellow", "red", "blue", "green", "orange", "silver", "brown", "purple",
    "picture",
]  # fmt: skip
"""Colours as people name them; `picture` is a ground that shows a scene, not a colour."""

Colours = tuple[Colour, Colour]
"""Of the ground, then of the letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Plates that are written alike.

    `patterns` are in the notation of `vehicles.plates.patterns`. `weight` is the family's share of
    its country's plates, 0 to 1. `counter_examples` look like the family and are not of it.
    `colours` are those in use; none are given where they tell nothing. `missing` names what stands
    on the plate but not in the text, such as a sign that no reader knows. `has_valid_check` judges
    a text whose last character follows from the others.
    """

    name: str
    country: str
    patterns: tuple[str, ...]
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...]
    source: str
    codes: tuple[str, ...] = ()
    letters: frozenset[str] = LATIN
    weight: float = 1.0
    subdivisions: tuple[str, ...] = ()
    colours: tuple[Colours, ...] = ()
    missing: str = ""
    has_valid_check: Callable[[str], bool] | None = None


def without(letters: str) -> frozenset[str]:
    """Return the Latin letters that remain when a country leaves some out."""
    return LATIN - frozenset(letters)
