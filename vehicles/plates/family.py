"""What is known about one family of plates."""

from dataclasses import dataclass

from vehicles.plates.patterns import LATIN

WIKI = "https://en.wikipedia.org/wiki/Vehicle_registration_plates_of_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Plates that are written alike.

    `patterns` are in the notation of `vehicles.plates.patterns`. `weight` is the family's share of
    its country's plates, 0 to 1. `counter_examples` look like the family and are not of it.
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


def without(letters: str) -> frozenset[str]:
    """Return the Latin letters that remain when a country leaves some out."""
    return LATIN - frozenset(letters)
