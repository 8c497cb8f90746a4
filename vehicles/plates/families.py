"""All families of plates, and which of them a measured colour leaves."""

from vehicles.plates.americas import ARGENTINA, BRAZIL, UNITED_STATES
from vehicles.plates.asia import CHINA, INDIA, JAPAN
from vehicles.plates.europe_east import EASTERN_EUROPE
from vehicles.plates.europe_west import NORTHERN_EUROPE, WESTERN_EUROPE
from vehicles.plates.family import Colour, Family
from vehicles.plates.south_east_asia import SOUTH_EAST_ASIA
from vehicles.plates.thailand import THAILAND

EUROPE = WESTERN_EUROPE + NORTHERN_EUROPE + EASTERN_EUROPE

FAMILIES: tuple[Family, ...] = (
    *THAILAND,
    *SOUTH_EAST_ASIA,
    *INDIA,
    *CHINA,
    *JAPAN,
    *UNITED_STATES,
    *BRAZIL,
    *ARGENTINA,
    *EUROPE,
)

EUROPEAN_COUNTRIES = frozenset(family.country for family in EUROPE) - {"GB"}
"""What a reader calls `EU`: plates of one look, inside the European Union and beside it."""


def families_in_colours(
    ground: Colour, letters: Colour | None = None, *, country: str | None = None
) -> list[Family]:
    """List the families whose plates have these colours; those of any colour are left out.

    Args:
        ground: Of the plate.
        letters: None where they could not be measured.
        country: ISO 3166-1 alpha-2; None for all.

    >>> [family.name for family in families_in_colours("white", "green", country="TH")]
    ['pick_up']
    >>> [family.name for family in families_in_colours("green", country="TH")]
    ['service']
    """
    return [
        family
        for family in FAMILIES
        if country in {None, family.country}
        and any(
            colours[0] == ground and letters in {None, colours[1]} for colours in family.colours
        )
    ]
