"""What a list or an entry would accept, before it is saved: seen plates, and likely misreads."""

from datetime import timedelta
from itertools import islice, product
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone
from django.utils.translation import get_language

from alerts.models import Watchlist
from vehicles.plates.confusables import FOLD_FROM, FOLD_TO, fold, group_of
from vehicles.plates.countries import place_name
from vehicles.selectors import in_bounded_time

SEEN_DAYS = 30
SHOWN_MOST = 24
MISREADS_MOST = 12


class SeenPlate(NamedTuple):
    """A plate of the last 30 days that would be a hit."""

    number: str
    country: str
    province: str
    times: int

    @property
    def place(self) -> str:
        """Where it is registered, in the language that is active; empty where not known."""
        return place_name(self.country, self.province, get_language() or "en")


class Preview(NamedTuple):
    """What would be accepted; `is_cut` where there is more than is shown."""

    seen: list[SeenPlate]
    is_cut: bool
    misreads: list[str]


_ACCEPTED = """
SELECT plate.number, plate.country, plate.province, plate.detections_count, plate.id
FROM vehicles_plate AS plate
WHERE plate.organization_id = %(organization)s AND plate.last_seen_at >= %(since)s
    AND (%(country_rule)s = 'ignored' OR %(country)s IN ('', plate.country)
        OR (%(country_rule)s = 'if_known' AND plate.country = ''))
    AND (%(province_rule)s = 'ignored' OR %(province)s IN ('', plate.province)
        OR (%(province_rule)s = 'if_known' AND plate.province = ''))
    AND {fits}
ORDER BY plate.last_seen_at DESC LIMIT %(most)s
"""
_FOLDED = "translate(plate.number, %(fold_from)s, %(fold_to)s)"
_FITS = {
    "exact": "plate.number = %(number)s",
    "confusable": f"{_FOLDED} = %(folded)s",
    "edits": f"levenshtein({_FOLDED}, %(folded)s) <= alerts_edits_of(%(folded)s, %(edits)s)",
    "pattern": "plate.number LIKE %(number)s",
    "folded pattern": f"{_FOLDED} LIKE %(folded)s",
}


def preview_entry(watchlist: Watchlist, *, number: str, country: str, province: str) -> Preview:
    """What a number would accept by the rules of a list, saved or not.

    Raises:
        SearchTooSlowError: It takes too long.
    """
    statement, values = accepted_plates(
        watchlist, number=number, country=country, province=province, most=SHOWN_MOST + 1
    )
    with in_bounded_time(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        seen = [SeenPlate(*row[:-1]) for row in cursor.fetchall()]
    return Preview(
        seen=seen[:SHOWN_MOST],
        is_cut=len(seen) > SHOWN_MOST,
        misreads=[] if _is_pattern(number) else misreads_of(watchlist, number),
    )


def accepted_plates(
    watchlist: Watchlist,
    *,
    number: str,
    country: str,
    province: str,
    most: int,
    days: int = SEEN_DAYS,
) -> tuple[str, dict[str, Any]]:
    """The statement, and its values, that finds the plates which a list would accept as a number.

    Its last column is the plate's id; plates seen last come first.
    """
    is_pattern = _is_pattern(number)
    fits = str(watchlist.match)
    if is_pattern:
        fits = "pattern" if watchlist.match == Watchlist.Match.EXACT else "folded pattern"
    values: dict[str, Any] = {
        "organization": watchlist.organization_id,
        "since": timezone.now() - timedelta(days=days),
        "number": _like(number) if is_pattern else number,
        "folded": _like(fold(number)) if is_pattern else fold(number),
        "fold_from": FOLD_FROM,
        "fold_to": FOLD_TO,
        "edits": watchlist.edits_most,
        "country": country,
        "province": province,
        "country_rule": watchlist.country_rule,
        "province_rule": watchlist.province_rule,
        "most": most,
    }
    return _ACCEPTED.format(fits=_FITS[fits]), values


def _is_pattern(number: str) -> bool:
    return "?" in number or "*" in number


def _like(number: str) -> str:
    return number.replace("?", "_").replace("*", "%")


def misreads_of(watchlist: Watchlist, number: str) -> list[str]:
    """Readings that a camera may well make of a number and that the list would accept."""
    if watchlist.match == Watchlist.Match.EXACT:
        return []
    likely = (
        "".join(letters) for letters in product(*(group_of(letter) or letter for letter in number))
    )
    found = [one for one in islice(likely, MISREADS_MOST * 4) if one != number]
    if watchlist.match == Watchlist.Match.EDITS and len(number) > 3:  # noqa: PLR2004  # else no edit is taken
        found = [
            *found[: MISREADS_MOST // 2],
            *(number[:place] + number[place + 1 :] for place in range(len(number))),
        ]
    return list(dict.fromkeys(found))[:MISREADS_MOST]
