"""Reads one search criterion each from the texts of a query; what is wrong is said in words."""

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import TypeVar
from uuid import UUID

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from vehicles.plates.countries import find_country

VALUES_MOST = 100
WORD_MOST = 40
WHOLE_MOST = 2**53
# An id carries 48 bits of milliseconds from 1970 on.
_YEARS = range(1970, 9000)

_Value = TypeVar("_Value")
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


class CriterionError(ValueError):
    """A criterion that cannot be read; the message says why."""


def read_moment(text: str, zone: tzinfo) -> datetime:
    """A moment of ISO 8601, or a day, which begins at midnight; without a zone, in `zone`.

    Raises:
        CriterionError: It is none.
    """
    # In an address, a plus sign that nobody escaped arrives as a space.
    plain = text.replace(" ", "+") if text.count(" ") == 1 and "T" in text else text
    try:
        moment = parse_datetime(plain)
        day = parse_date(plain) if moment is None else None
    except ValueError:
        moment = day = None
    if day is not None:
        moment = datetime(day.year, day.month, day.day, tzinfo=zone)
    if moment is None or moment.year not in _YEARS:
        raise CriterionError(_("Give a day and time such as 2026-01-31T08:30."))
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def read_yes_or_no(text: str) -> bool:
    """Whether something must be so.

    Raises:
        CriterionError: It is neither yes nor no.

    >>> read_yes_or_no("true"), read_yes_or_no("0")
    (True, False)
    """
    word = text.lower()
    if word not in _YES | _NO:
        raise CriterionError(_("Say true or false, or leave it out."))
    return word in _YES


def read_number(text: str, least: float, most: float) -> float:
    """A number between two others.

    Raises:
        CriterionError: It is none, or lies outside.
    """
    try:
        number = float(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise CriterionError(
            _("Give a number from %(least)g to %(most)g.") % {"least": least, "most": most}
        )
    return number


def read_count(text: str) -> int:
    """A whole number from 1.

    Raises:
        CriterionError: It is none.
    """
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:20]) <= WHOLE_MOST):
        raise CriterionError(_("Give a whole number from 1."))
    return int(text)


def read_word(text: str) -> str:
    """A short word that programs may choose themselves.

    Raises:
        CriterionError: It is long.
    """
    if len(text) > WORD_MOST:
        raise CriterionError(_("Give at most %(most)d characters.") % {"most": WORD_MOST})
    return text


def read_country(text: str) -> str:
    """The code of a country that is given by its code or its name.

    Raises:
        CriterionError: No country is called so.
    """
    if not (code := find_country(text)):
        raise CriterionError(_("Write the country by its name or as two letters, such as TH."))
    return code


def read_choice(text: str, choices: Sequence[str]) -> str:
    """One of some words.

    Raises:
        CriterionError: It is another.
    """
    if text not in choices:
        raise CriterionError(_("Choose one of: %(choices)s.") % {"choices": ", ".join(choices)})
    return text


def read_id(text: str) -> UUID:
    """An id of a camera.

    Raises:
        CriterionError: It is none.
    """
    try:
        return UUID(text)
    except ValueError as error:
        raise CriterionError(_("Give the id of a camera.")) from error


def read_each(texts: Sequence[str], read: Callable[[str], _Value]) -> tuple[_Value, ...]:
    """What several parameters name, or one with commas between: each once, in their order.

    Raises:
        CriterionError: One cannot be read, or there are too many.
    """
    words = [word.strip() for text in texts for word in text.split(",")]
    values = tuple(dict.fromkeys(read(word) for word in words if word))
    if len(values) > VALUES_MOST:
        raise CriterionError(_("Name at most %(most)d.") % {"most": VALUES_MOST})
    return values
