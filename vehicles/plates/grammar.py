"""What a text may be: the families of plates that it fits, and what had to be repaired."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from math import prod

from vehicles.plates.confusables import SAME_SHAPE, are_confusable, group_of
from vehicles.plates.evidence import Regions, country_weights, weight_elsewhere
from vehicles.plates.forms import Form, forms_near
from vehicles.plates.text import normalise

_MAX_REPAIRS = 2
_SAME_SHAPE_MISREAD = 0.2
"""How often a reader gives the other one of two characters that are drawn alike."""

_CONFUSED_MISREAD = 0.01
"""How often a reader gives another character of a group; both are rough shares of its errors."""

_TRUST_IN_READER = 0.5
"""How much a reader's own probabilities count against these shares: readers are too sure."""

_LEAST_SEEN = 0.05
"""A character that a reader gives less than this probability it has not seen."""

_UNUSUAL_SHARE = 0.02
"""How many of a country's plates follow none of its families."""

_OFTEN_UNUSUAL = {"US": 0.15}
"""The same where it is common: personal plates and those of special series, 3 to 14 % of two sets
of real labels. Only there such a text may be taken for a plate of the country."""

_LATIN_AND_DIGITS = 36
_OTHER_CHARACTERS = 1_000
_COUNTRY_CONFIDENCE = 0.85
_KNOWN_CONFIDENCE = 0.3
"""Below this a text is rather a part of a plate, or a number on a wall: five digits are a plate of
the police here and of nearly nobody elsewhere."""

_REPAIR_CONFIDENCE = 0.9
"""Below this a text stays as it was read: of real labels of the United States, which fit no family,
six were altered at 0.3 to 0.72 and none above."""

_FAR_LIKELIER = 100
"""So much likelier must be what the reader saw as well, if it is to stand where what was read fits
a family too: held-back real plates would be altered wrongly up to 50 times, rightly from 400 on."""

Seen = Sequence[Mapping[str, float]]
"""For each character of a text, what else a reader saw there: probabilities by character, that of
the text's own among them. An empty mapping: not known."""


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
    1 are plates of no family here. `missing` names what the plate has and the text lacks.
    """

    text: str
    raw_text: str
    display: str
    country: str
    family: str
    subdivisions: tuple[str, ...]
    confidence: float
    repairs: tuple[Repair, ...]
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What one text most likely is.

    `text` is what to store and search by; it differs from `raw_text` by `repairs` only. `country`
    is None where several come into question; `country_confidence`, 0 to 1, is then that of the
    likeliest. `is_known_format` holds where a family explains the text better than chance would.
    `missing` names what a plate of `country` has and the text lacks, such as the `province` sign
    of China.
    """

    text: str
    raw_text: str
    repairs: tuple[Repair, ...]
    country: str | None
    country_confidence: float
    is_known_format: bool
    missing: str = ""


def parse(
    text: str,
    country_hint: str | None = None,
    *,
    regions: Regions | None = None,
    seen: Seen | None = None,
) -> list[ParsedPlate]:
    """Find the families that a text fits, likeliest first, repaired where it nearly fits.

    Args:
        text: As read or typed; it is normalised first.
        country_hint: ISO 3166-1 alpha-2 of where the camera stands; its plates are likelier.
        regions: What the reader makes of the plate's look.
        seen: What else the reader saw; one entry for each character of the normalised text.

    Raises:
        PlateTextError: the text cannot be a plate at all.
        ValueError: `seen` is of another length than the text.

    Source: Bayes' rule, each family's serials taken as equally likely.

    >>> [(plate.country, plate.display) for plate in parse("1กข-1234")][0]
    ('TH', '1กข 1234')
    >>> best = parse("30F2468O", country_hint="VN")[0]
    >>> best.text, best.repairs
    ('30F24680', (Repair(position=7, read='O', repaired='0'),))
    >>> parse("!")
    Traceback (most recent call last):
        ...
    vehicles.plates.text.PlateTextError: A plate holds letters and digits only, and not '!'.
    """
    return _parse(normalise(text), country_hint, regions or {}, seen)[0]


def _parse(
    raw_text: str, country_hint: str | None, regions: Regions, seen: Seen | None
) -> tuple[list[ParsedPlate], Mapping[str, float]]:
    """Parse; beside the plates return how likely those of no family here are, by country."""
    if seen is not None and len(seen) != len(raw_text):
        message = f"{len(raw_text)} characters were read, and alternatives given for {len(seen)}."
        raise ValueError(message)
    seen = seen or ({},) * len(raw_text)
    countries = country_weights(country_hint, regions)
    others = [_others(character, also) for character, also in zip(raw_text, seen, strict=True)]
    weighed = [
        (_weight(form, repairs, countries, seen), form, repairs)
        for form in forms_near(raw_text, others, _MAX_REPAIRS)
        for repairs in _fits(raw_text, form, seen)
    ]
    chance = 1 / prod(
        _LATIN_AND_DIGITS if character.isascii() else _OTHER_CHARACTERS for character in raw_text
    )
    unusual = {
        country: weight * _OFTEN_UNUSUAL.get(country, _UNUSUAL_SHARE) * chance
        for country, weight in countries.items()
    }
    elsewhere = weight_elsewhere(country_hint, regions) * chance
    total = sum(weight for weight, _, _ in weighed) + sum(unusual.values()) + elsewhere
    plates = [_parsed(raw_text, form, repairs, weight / total) for weight, form, repairs in weighed]
    return (
        sorted(_merge(plates), key=lambda plate: -plate.confidence),
        {country: unusual[country] / total for country in _OFTEN_UNUSUAL if raw_text.isascii()},
    )


def _others(character: str, seen: Mapping[str, float]) -> set[str]:
    """List what a character may have been instead."""
    return {other for other, probability in seen.items() if probability >= _LEAST_SEEN}.union(
        group_of(character)
    )


def _fits(text: str, form: Form, seen: Seen) -> Iterator[tuple[Repair, ...]]:
    """Find what may be repaired for a text to have this form: nothing, if it has it as it is."""
    choices = [
        [
            Repair(position=position, read=character, repaired=other)
            for other in sorted(_replacements(character, allowed, seen[position]))
        ]
        for position, (character, allowed) in enumerate(zip(text, form.shape.allowed, strict=True))
        if character not in allowed
    ]
    for repairs in product(*choices):
        if form.takes(_repaired(text, repairs)):
            yield repairs


def _replacements(
    character: str, allowed: frozenset[str], seen: Mapping[str, float]
) -> frozenset[str]:
    return _alike(character, allowed).union(
        other
        for other, probability in seen.items()
        if probability >= _LEAST_SEEN and other in allowed
    )


@lru_cache(maxsize=10_000)
def _alike(character: str, allowed: frozenset[str]) -> frozenset[str]:
    same_shape = {other for other in allowed if frozenset((character, other)) in SAME_SHAPE}
    return frozenset(same_shape or (other for other in allowed if are_confusable(character, other)))


def _repaired(text: str, repairs: Sequence[Repair]) -> str:
    characters = list(text)
    for repair in repairs:
        characters[repair.position] = repair.repaired
    return "".join(characters)


def _weight(
    form: Form, repairs: tuple[Repair, ...], countries: Mapping[str, float], seen: Seen
) -> float:
    misread = prod(_misread(repair, seen[repair.position]) for repair in repairs)
    return countries[form.family.country] * form.family.weight * form.likelihood * misread


def _misread(repair: Repair, seen: Mapping[str, float]) -> float:
    """Weigh a repair: how much likelier is the reading than what it is taken for."""
    if frozenset((repair.read, repair.repaired)) in SAME_SHAPE:
        usual = _SAME_SHAPE_MISREAD
    else:
        usual = _CONFUSED_MISREAD if are_confusable(repair.read, repair.repaired) else 0.0
    if not seen.get(repair.read):
        return usual
    reader = seen.get(repair.repaired, 0.0) / seen[repair.read]
    return _TRUST_IN_READER * reader + (1 - _TRUST_IN_READER) * usual


def _parsed(
    raw_text: str, form: Form, repairs: tuple[Repair, ...], confidence: float
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
        missing=form.family.missing,
    )


def _merge(plates: list[ParsedPlate]) -> Iterator[ParsedPlate]:
    """Add up the shapes of one family that give the same text, keeping the likeliest's looks."""
    groups: defaultdict[tuple[str, str, str], list[ParsedPlate]] = defaultdict(list)
    for plate in plates:
        groups[plate.country, plate.family, plate.text].append(plate)
    for group in groups.values():
        best = max(group, key=lambda plate: plate.confidence)
        if len(group) == 1:
            yield best
        else:
            yield replace(best, confidence=sum(plate.confidence for plate in group))


def identify(
    text: str,
    country_hint: str | None = None,
    *,
    regions: Regions | None = None,
    seen: Seen | None = None,
) -> Identity:
    """Say what a text most likely is, repairing it only where nothing else makes sense.

    A text that fits a family as it stands is left alone, unless the reader saw another one too that
    is a hundred times as likely; so is one that could be repaired in two ways. A country is named
    only where hardly another comes into question. The arguments are those of `parse`.

    Raises:
        PlateTextError: the text cannot be a plate at all.
        ValueError: `seen` is of another length than the text.

    >>> identity = identify("89C2O553")
    >>> identity.text, identity.country, identity.repairs
    ('89C20553', 'VN', (Repair(position=4, read='O', repaired='0'),))
    >>> identify("AB123CD").country is None, identify("AB123CD", country_hint="IT").country
    (True, 'IT')
    >>> identify("ABC1234").country, identify("ABC1234", regions={"US": 0.97}).country
    (None, 'US')
    """
    raw_text = normalise(text)
    plates, unusual = _parse(raw_text, country_hint, regions or {}, seen)
    as_read = [plate for plate in plates if not plate.repairs]
    meant = [plate for plate in plates if plate.text == plates[0].text]
    if not _is_better(meant, as_read, seen):
        meant = as_read
    text = meant[0].text if meant else raw_text
    country, confidence = ("TH", 1.0) if _is_thai(text) else _likeliest_country(meant, unusual)
    is_named = confidence >= _COUNTRY_CONFIDENCE
    return Identity(
        text=text,
        raw_text=raw_text,
        repairs=meant[0].repairs if meant else (),
        country=country if is_named else None,
        country_confidence=confidence,
        is_known_format=_is_known(meant, country if is_named else None),
        missing=meant[0].missing if is_named and meant and meant[0].country == country else "",
    )


def _is_better(meant: list[ParsedPlate], as_read: list[ParsedPlate], seen: Seen | None) -> bool:
    """Say whether a repaired text is to stand instead of what was read."""
    confidence, of_read = _total(meant), _total(as_read)
    if confidence < _REPAIR_CONFIDENCE or not as_read:
        return confidence >= _REPAIR_CONFIDENCE
    was_seen = seen is not None and all(
        seen[repair.position].get(repair.repaired, 0.0) >= _LEAST_SEEN
        for repair in meant[0].repairs
    )
    return was_seen and confidence >= _FAR_LIKELIER * of_read


def _total(plates: list[ParsedPlate]) -> float:
    return sum(plate.confidence for plate in plates)


def _is_known(plates: list[ParsedPlate], country: str | None) -> bool:
    """Say whether a text is a whole plate's rather than any letters and digits, or part of one."""
    known = sum(
        plate.confidence for plate in plates if not plate.missing or plate.country == country
    )
    return known >= _KNOWN_CONFIDENCE


def _is_thai(text: str) -> bool:
    """Say whether a text of any format, or of none, has Thai letters and marks, and those only.

    No other country's plates have them. Beside Latin letters they are sooner misread.
    """
    letters = [character for character in text if not character.isdigit()]
    return bool(letters) and all("\u0e01" <= letter <= "\u0e4c" for letter in letters)


def _likeliest_country(
    plates: list[ParsedPlate], unusual: Mapping[str, float]
) -> tuple[str | None, float]:
    confidences = defaultdict(float, unusual)
    for plate in plates:
        confidences[plate.country] += plate.confidence
    if not confidences:
        return None, 0.0
    country = max(confidences, key=lambda name: confidences[name])
    return country, confidences[country]
