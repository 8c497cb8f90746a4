"""Everything that a search may ask for: one frozen value for pages, API, exports and digests."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any, Literal, get_args
from uuid import UUID

import orjson
from django.http import QueryDict
from django.utils.translation import gettext as _

from detections.criteria.area import AreaError, Circle, Outline, read_circle, read_outline
from detections.criteria.reading import (
    CriterionError,
    read_choice,
    read_count,
    read_country,
    read_each,
    read_id,
    read_moment,
    read_number,
    read_word,
    read_yes_or_no,
)
from detections.errors import CriteriaRefusedError
from vehicles.plates.matching import like_pattern, regex_pattern
from vehicles.plates.text import PlateTextError, normalise, normalise_part

Match = Literal["", "exact", "prefix", "wildcard", "regex", "fuzzy"]
MATCHES: tuple[Match, ...] = get_args(Match)[1:]
TEXT_MOST = 64
DISTANCE = 2.0
DISTANCE_MOST = 4.0
REVIEWS = ("accepted", "pending", "confirmed", "corrected", "rejected", "merged")
REVIEWED = ("confirmed", "corrected", "rejected")
"""States that a person has decided."""

_WILDCARDS = frozenset("?*？＊")  # noqa: RUF001  # full-width signs, as Asian keyboards write them


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What is looked for. None and empty mean: whatever.

    `text` is as typed and `match` how it is meant; `most_distance` is for `fuzzy`, where a
    confusable character costs 0.2 and any other edit 1. A span holds what was captured from
    `since` until before `until`, aware. Several `cameras` mean any of them, and so for `groups`,
    `reviews`, `vehicle_kinds`, `vehicle_colors` and `directions`; cameras and groups together mean
    any camera that is named or in a group. `outline` and `circle` choose by where cameras stand.
    `reviews` left empty means all but passes that were merged into another. `is_reviewed` is
    whether a person decided, `is_hit` whether a watchlist names it whose hits the asker may see.
    """

    text: str = ""
    match: Match = ""
    most_distance: float = DISTANCE
    since: datetime | None = None
    until: datetime | None = None
    cameras: tuple[UUID, ...] = ()
    groups: tuple[int, ...] = ()
    outline: Outline | None = None
    circle: Circle | None = None
    country: str = ""
    province: str = ""
    vehicle_kinds: tuple[str, ...] = ()
    vehicle_colors: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    min_confidence: float | None = None
    max_confidence: float | None = None
    reviews: tuple[str, ...] = ()
    is_reviewed: bool | None = None
    is_hit: bool | None = None
    has_plate: bool | None = None
    seen_at_least: int | None = None
    seen_at_most: int | None = None

    @classmethod
    def from_query(cls, query: QueryDict, *, zone: tzinfo = UTC) -> "Criteria":
        """Read the parameters of an address; others than its own are left alone.

        Args:
            zone: In which times without a zone are meant.

        Raises:
            CriteriaRefusedError: Something cannot be read or contradicts itself; `detail` names
                each parameter with its sentences.
        """
        found: dict[str, Any] = {}
        errors: dict[str, list[str]] = {}
        for name, parameter in _PARAMETERS.items():
            texts = [text.strip() for text in query.getlist(name) if text.strip()]
            if not texts:
                continue
            try:
                found[parameter.field] = parameter.read(texts, zone)
            except (CriterionError, AreaError) as error:
                errors[name] = [str(error)]
        for name, sentence in _contradictions(found):
            errors.setdefault(name, []).append(sentence)
        if errors:
            raise CriteriaRefusedError(
                _("Correct these fields and search again: %(names)s.")
                % {"names": ", ".join(errors)},
                **errors,
            )
        if text := found.get("text"):
            found.setdefault("match", match_of(text))
        return cls(**found)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Criteria":
        """Read what `as_json` wrote.

        Raises:
            CriteriaRefusedError: It is not of this version.
        """
        query = QueryDict(mutable=True)
        for name, value in plain.items():
            query.setlist(name, list(map(str, value if isinstance(value, list) else [value])))
        return cls.from_query(query)

    def as_json(self) -> dict[str, Any]:
        """Parameters and their texts, as JSON has them; what asks for nothing is left out."""
        texts = {name: parameter.write(self) for name, parameter in _PARAMETERS.items()}
        return {name: plain if plain[1:] else plain[0] for name, plain in texts.items() if plain}

    def as_query(self) -> str:
        """The same, as the query of an address."""
        query = QueryDict(mutable=True)
        for name, parameter in _PARAMETERS.items():
            if texts := parameter.write(self):
                query.setlist(name, texts)
        return query.urlencode()

    @property
    def number(self) -> str:
        """What was typed as plates write it, for `exact`, `prefix` and `fuzzy`."""
        return normalise_part(self.text) if self.match == "prefix" else normalise(self.text)

    @property
    def is_for_vehicles(self) -> bool:
        """Whether somebody looks for vehicles, and not only at places and times."""
        return bool(
            self.text
            or self.country
            or self.province
            or self.vehicle_kinds
            or self.vehicle_colors
            or self.seen_at_least
            or self.seen_at_most
            or self.is_hit is not None
        )

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing at all."""
        return self == Criteria()

    @property
    def wanted_reviews(self) -> tuple[str, ...]:
        """States that pass; empty where all but merged passes do."""
        chosen = self.reviews or tuple(name for name in REVIEWS if name != "merged")
        if self.is_reviewed is None:
            return self.reviews
        return tuple(name for name in chosen if (name in REVIEWED) == self.is_reviewed)


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A parameter of an address: the field behind it, and how it is read and written."""

    field: str
    read: Callable[[list[str], tzinfo], Any]
    text: Callable[[Any], str] = str

    def write(self, criteria: Criteria) -> list[str]:
        value = getattr(criteria, self.field)
        if value == _DEFAULTS[self.field]:
            return []
        return [self.text(each) for each in (value if isinstance(value, tuple) else (value,))]


_DEFAULTS = {field.name: field.default for field in fields(Criteria)}


def _one(field: str, read: Callable[[str], Any], text: Callable[[Any], str] = str) -> _Parameter:
    return _Parameter(field, lambda texts, _zone: read(texts[-1]), text)


def _many(field: str, read: Callable[[str], Any]) -> _Parameter:
    return _Parameter(field, lambda texts, _zone: read_each(texts, read))


def _time(field: str) -> _Parameter:
    return _Parameter(field, lambda texts, zone: read_moment(texts[-1], zone), datetime.isoformat)


def _switch(field: str) -> _Parameter:
    return _one(field, read_yes_or_no, lambda value: "true" if value else "false")


def _read_text(text: str) -> str:
    if len(text) > TEXT_MOST:
        raise CriterionError(_("Give at most %(most)d characters.") % {"most": TEXT_MOST})
    return text


def _contradictions(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Parameters that cannot hold together, each with its sentence."""
    if _is_above(found, "since", "until", or_equal=True):
        yield "until", _("This is before the beginning. Exchange the two, or leave one out.")
    if _is_above(found, "min_confidence", "max_confidence"):
        yield "max_confidence", _("This is less than the least confidence.")
    if _is_above(found, "seen_at_least", "seen_at_most"):
        yield "seen_at_most", _("This is less than `seen at least`.")
    if found.get("is_reviewed") is not None and found.get("reviews"):
        wanted = {name in REVIEWED for name in found["reviews"]}
        if found["is_reviewed"] not in wanted:
            yield "reviewed", _("No state that you chose is like this.")
    if found.get("has_plate") is False and found.keys() & _OF_PLATES:
        yield "has_plate", _("What has no plate cannot be found by its plate.")
    yield from _mistakes_of_text(found.get("text", ""), found.get("match", ""))


def _is_above(found: Mapping[str, Any], lower: str, upper: str, *, or_equal: bool = False) -> bool:
    if lower not in found or upper not in found:
        return False
    least, most = found[lower], found[upper]
    return bool(least >= most if or_equal else least > most)


def _mistakes_of_text(text: str, match: str) -> Iterator[tuple[str, str]]:
    if not text:
        if match:
            yield "text", _("Give what is to be matched.")
        return
    try:
        _READERS[match or match_of(text)](text)
    except PlateTextError as error:
        yield "text", str(error)


def match_of(text: str) -> Match:
    """How a text is meant where nobody said so.

    >>> match_of("1กข 1234"), match_of("1?กข*")
    ('exact', 'wildcard')
    """
    return "wildcard" if _WILDCARDS & set(text) else "exact"


def _write_outline(outline: Outline) -> str:
    return orjson.dumps(outline.geojson).decode()


_OF_PLATES = {"text", "country", "province", "seen_at_least", "seen_at_most"}
_READERS: dict[str, Callable[[str], str]] = {
    "exact": normalise,
    "prefix": normalise_part,
    "wildcard": like_pattern,
    "regex": regex_pattern,
    "fuzzy": normalise,
}

_unit = partial(read_number, least=0, most=1)
_PARAMETERS: dict[str, _Parameter] = {
    "text": _one("text", _read_text),
    "match": _one("match", partial(read_choice, choices=MATCHES)),
    "most_distance": _one(
        "most_distance", partial(read_number, least=0, most=DISTANCE_MOST), "{:g}".format
    ),
    "since": _time("since"),
    "until": _time("until"),
    "camera": _many("cameras", read_id),
    "group": _many("groups", read_count),
    "area": _one("outline", read_outline, _write_outline),
    "near": _one("circle", read_circle, lambda circle: circle.text),
    "country": _one("country", read_country),
    "province": _one("province", lambda text: read_word(text).upper()),
    "vehicle_kind": _many("vehicle_kinds", read_word),
    "vehicle_color": _many("vehicle_colors", read_word),
    "direction": _many("directions", read_word),
    "min_confidence": _one("min_confidence", _unit, "{:g}".format),
    "max_confidence": _one("max_confidence", _unit, "{:g}".format),
    "review": _many("reviews", partial(read_choice, choices=REVIEWS)),
    "reviewed": _switch("is_reviewed"),
    "hit": _switch("is_hit"),
    "has_plate": _switch("has_plate"),
    "seen_at_least": _one("seen_at_least", read_count),
    "seen_at_most": _one("seen_at_most", read_count),
}
NAMES = tuple(_PARAMETERS)
"""The parameters of an address that make criteria, in the order in which they are told."""
