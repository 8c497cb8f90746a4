"""What a text may be: the families of plates that it fits, and what had to be repaired."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One character that was changed because of where it stands."""

    position: int
    read: str
    repaired: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedPlate:
    """A text understood as a plate of one family.

    `text` has no separators and is repaired; `raw_text` is what was given, normalised. `country` is
    ISO 3166-1 alpha-2. `confidence` is a guess at how likely this family is the right one, 0 to 1,
    falling with each repair; the confidences of all families of one text add up to at most 1.
    """

    text: str
    raw_text: str
    display: str
    country: str
    family: str
    confidence: float
    repairs: tuple[Repair, ...]


def parse(text: str, country_hint: str | None = None) -> list[ParsedPlate]:
    """Find the families that a text fits, likeliest first, repaired where it nearly fits.

    Args:
        text: As read or typed; it is normalised first.
        country_hint: ISO 3166-1 alpha-2 of where the camera stands; its families come first.
    """
    raise NotImplementedError
