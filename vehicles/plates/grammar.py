"""What a text may be: the families of plates that it fits, and what had to be repaired."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from math import prod

from vehicles.plates.americas import BRAZIL, UNITED_STATES
from vehicles.plates.asia import CHINA, INDIA, SOUTH_EAST_ASIA, THAILAND, VIETNAM
from vehicles.plates.confusables import SAME_SHAPE, are_confusable
from vehicles.plates.europe import EUROPE
from vehicles.plates.family import Family
from vehicles.plates.patterns import Shape, shapes_of
from vehicles.plates.text import normalise

FAMILIES: tuple[Family, ...] = (
    *THAILAND,
    *VIETNAM,
    *UNITED_STATES,
    *BRAZIL,
    *INDIA,
    *SOUTH_EAST_ASIA,
    *CHINA,
    *EUROPE,
)

_MAX_REPAIRS = 2
_SAME_SHAPE_MISREAD = 0.2
"""How often a reader gives the other one of two characters that are drawn alike."""

_CONFUSED_MISREAD = 0.01
"""How often a reader gives another character of a group; both are rough shares of its errors."""

_VEHICLES_MILLIONS = {
    "AT": 7, "BE": 8, "BG": 4, "BR": 110, "CH": 6, "CN": 400, "CZ": 8, "DE": 60, "DK": 4, "EE": 1,
    "ES": 35, "FI": 5, "FR": 45, "GB": 40, "GR": 8, "HR": 2, "HU": 5, "ID": 150, "IE": 3, "IN": 330,
    "IT": 50, "LT": 2, "LV": 1, "MY": 36, "NL": 12, "NO": 5, "PL": 30, "PT": 7, "RO": 10, "SE": 6,
    "SG": 1, "SI": 2, "SK": 3, "TH": 44, "US": 280, "VN": 75,
}  # fmt: skip
"""How likely a plate is of a country when nothing else is known.

Source: WHO, Global status report on road safety 2023, registered vehicles, rounded.
"""

_UNKNOWN_MILLIONS = 300
"""The same for plates that no family here describes."""

_HINTED_SHARE = 0.95
"""How many plates are of the country where the camera stands."""

_LATIN_AND_DIGITS = 36
_OTHER_CHARACTERS = 1_000
_COUNTRY_CONFIDENCE = 0.8
_REPAIR_CONFIDENCE = 0.9
"""Below this a text stays as it was read: of real labels of the United States, which fit no family,
six were altered at 0.3 to 0.72 and none above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One character that was changed because of where it stands."""

    position: int
    read: str
    repaired: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedPlate:
    """A text understood as a plate of one family.

    `text` has no separators and is repaired; `raw_text` is what was given, normalised; `display` is
    `text` as the plate shows it. `country` is ISO 3166-1 alpha-2, `subdivisions` (ISO 3166-2) are
    those that use the family where not the whole country does. `confidence` is the share of plates
    reading like this that are of this family, 0 to 1, all families being asked; what is missing to
    1 are plates of no family here.
    """

    text: str
    raw_text: str
    display: str
    country: str
    family: str
    subdivisions: tuple[str, ...]
    confidence: float
    repairs: tuple[Repair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What one text most likely is.

    `text` is what to store and search by; it differs from `raw_text` by `repairs` only. `country`
    is None where several come into question; `country_confidence`, 0 to 1, is then that of the
    likeliest.
    """

    text: str
    raw_text: str
    repairs: tuple[Repair, ...]
    country: str | None
    country_confidence: float
    is_known_format: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """One shape of one family; `likelihood` is the chance that its plate has one given text."""

    family: Family
    shape: Shape
    likelihood: float


def parse(text: str, country_hint: str | None = None) -> list[ParsedPlate]:
    """Find the families that a text fits, likeliest first, repaired where it nearly fits.

    Args:
        text: As read or typed; it is normalised first.
        country_hint: ISO 3166-1 alpha-2 of where the camera stands; its plates are likelier.

    Raises:
        PlateTextError: the text cannot be a plate at all.

    Source: Bayes' rule, each family's serials taken as equally likely.

    >>> [(plate.country, plate.display) for plate in parse("1กข-1234")][0]
    ('TH', '1กข 1234')
    >>> best = parse("34A3683O", country_hint="VN")[0]
    >>> best.text, best.repairs
    ('34A36830', (Repair(position=7, read='O', repaired='0'),))
    >>> parse("!")
    Traceback (most recent call last):
        ...
    vehicles.plates.text.PlateTextError: A plate holds letters and digits only, and not '!'.
    """
    raw_text = normalise(text)
    weighed = [
        (_weight(form, repairs, country_hint), form, repairs)
        for form in _forms_by_length()[len(raw_text)]
        if (repairs := _fit(raw_text, form)) is not None
    ]
    total = sum(weight for weight, _, _ in weighed) + _unknown_weight(raw_text)
    plates = [_parsed(raw_text, form, repairs, weight / total) for weight, form, repairs in weighed]
    return sorted(_merge(plates), key=lambda plate: -plate.confidence)


@cache
def _forms_by_length() -> defaultdict[int, list[_Form]]:
    forms: defaultdict[int, list[_Form]] = defaultdict(list)
    for family in FAMILIES:
        shapes = [
            shape
            for pattern in family.patterns
            for shape in shapes_of(pattern, codes=family.codes, letters=family.letters)
        ]
        for shape in shapes:
            serials = prod(len(allowed) for allowed in shape.allowed)
            form = _Form(family=family, shape=shape, likelihood=1 / serials / len(shapes))
            forms[len(shape.allowed)].append(form)
    return forms


def _fit(text: str, form: _Form) -> tuple[Repair, ...] | None:
    """Return what must be repaired for a text to have this form, or None where it cannot."""
    repairs: list[Repair] = []
    for position, (character, allowed) in enumerate(zip(text, form.shape.allowed, strict=True)):
        if character in allowed:
            continue
        possible = list(_replacements(character, allowed))
        if len(possible) != 1 or len(repairs) == _MAX_REPAIRS:
            return None
        repairs.append(Repair(position=position, read=character, repaired=possible[0]))
    return tuple(repairs) if form.shape.has_code(_repaired(text, repairs)) else None


def _replacements(character: str, allowed: frozenset[str]) -> Iterator[str]:
    same_shape = [other for other in allowed if frozenset((character, other)) in SAME_SHAPE]
    if same_shape:
        yield from same_shape
        return
    yield from (other for other in allowed if are_confusable(character, other))


def _repaired(text: str, repairs: list[Repair] | tuple[Repair, ...]) -> str:
    characters = list(text)
    for repair in repairs:
        characters[repair.position] = repair.repaired
    return "".join(characters)


def _weight(form: _Form, repairs: tuple[Repair, ...], country_hint: str | None) -> float:
    prior = _country_prior(form.family.country, country_hint)
    misread = prod(
        _SAME_SHAPE_MISREAD
        if frozenset((repair.read, repair.repaired)) in SAME_SHAPE
        else _CONFUSED_MISREAD
        for repair in repairs
    )
    return prior * form.family.weight * form.likelihood * misread


def _country_prior(country: str, country_hint: str | None) -> float:
    world = sum(_VEHICLES_MILLIONS.values()) + _UNKNOWN_MILLIONS
    share = _VEHICLES_MILLIONS[country] / world
    if country_hint not in _VEHICLES_MILLIONS:
        return share
    return _HINTED_SHARE * (country == country_hint) + (1 - _HINTED_SHARE) * share


def _unknown_weight(text: str) -> float:
    world = sum(_VEHICLES_MILLIONS.values()) + _UNKNOWN_MILLIONS
    return (_UNKNOWN_MILLIONS / world) / prod(
        _LATIN_AND_DIGITS if character.isascii() else _OTHER_CHARACTERS for character in text
    )


def _parsed(
    raw_text: str, form: _Form, repairs: tuple[Repair, ...], confidence: float
) -> ParsedPlate:
    text = _repaired(raw_text, repairs)
    return ParsedPlate(
        text=text,
        raw_text=raw_text,
        display=form.shape.display(text),
        country=form.family.country,
        family=form.family.name,
        subdivisions=form.family.subdivisions,
        confidence=confidence,
        repairs=repairs,
    )


def _merge(plates: list[ParsedPlate]) -> Iterator[ParsedPlate]:
    """Add up the shapes of one family that give the same text, keeping the likeliest's looks."""
    groups: defaultdict[tuple[str, str, str], list[ParsedPlate]] = defaultdict(list)
    for plate in plates:
        groups[plate.country, plate.family, plate.text].append(plate)
    for group in groups.values():
        best = max(group, key=lambda plate: plate.confidence)
        yield replace(best, confidence=sum(plate.confidence for plate in group))


def identify(text: str, country_hint: str | None = None) -> Identity:
    """Say what a text most likely is, repairing it only where nothing else makes sense.

    A text that fits a family as it stands is left alone; so is one that could be repaired in two
    ways. A country is named only where hardly another comes into question.

    Raises:
        PlateTextError: the text cannot be a plate at all.

    >>> identity = identify("89C2O339")
    >>> identity.text, identity.country, identity.repairs
    ('89C20339', 'VN', (Repair(position=4, read='O', repaired='0'),))
    >>> identify("AB123CD").country is None, identify("AB123CD", country_hint="IT").country
    (True, 'IT')
    """
    raw_text = normalise(text)
    plates = parse(raw_text, country_hint)
    as_read = [plate for plate in plates if not plate.repairs]
    meant = as_read or [plate for plate in plates if plate.text == plates[0].text]
    if sum(plate.confidence for plate in meant) < _REPAIR_CONFIDENCE:
        meant = as_read
    country, confidence = _likeliest_country(meant)
    return Identity(
        text=meant[0].text if meant else raw_text,
        raw_text=raw_text,
        repairs=meant[0].repairs if meant else (),
        country=country if confidence >= _COUNTRY_CONFIDENCE else None,
        country_confidence=confidence,
        is_known_format=bool(meant),
    )


def _likeliest_country(plates: list[ParsedPlate]) -> tuple[str | None, float]:
    confidences: defaultdict[str, float] = defaultdict(float)
    for plate in plates:
        confidences[plate.country] += plate.confidence
    if not confidences:
        return None, 0.0
    country = max(confidences, key=lambda name: confidences[name])
    return country, confidences[country]
