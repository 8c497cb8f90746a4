"""Finds which entries a batch of detections hits, straight from the tables.

Nothing is cached: one statement looks all numbers of a batch up in the index of folded numbers,
tries the few patterns, and asks the index of variants where a list allows edits. What is found is
asked for again under locks in the transaction that writes the hits, so that none is written for an
entry or list that was changed meanwhile.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from django.db import connection

from alerts.models import Hit
from detections.models import Detection
from vehicles.plates.confusables import distance, fold

Locked = Literal["", "waiting", "skipping"]
_LOCKS: Mapping[Locked, str] = {
    "": "",
    "waiting": "FOR SHARE OF entry, list",
    "skipping": "FOR SHARE OF entry, list SKIP LOCKED",
}
PROVINCE_UNKNOWN = 0.9
PROVINCE_DIFFERS = 0.8
"""What is left of the certainty of a hit whose province was not read, or is another one."""


class Seen(NamedTuple):
    """What of a detection is held against the lists."""

    detection_id: UUID
    organization_id: int
    number: str
    country: str
    province: str
    captured_at: datetime
    camera_id: UUID
    direction: str
    confidence: float

    @classmethod
    def of(cls, detection: Detection) -> "Seen | None":
        """None where it has no plate: it was rejected, or merged into another."""
        plate = detection.plate
        if plate is None:
            return None
        return cls(
            detection.pk,
            detection.organization_id,
            plate.number,
            plate.country,
            plate.province,
            detection.captured_at,
            detection.camera_id,
            detection.direction,
            detection.confidence,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An entry that a detection hits, and why."""

    seen: Seen
    entry_id: UUID
    watchlist_id: UUID
    number: str
    said: dict[str, str]
    policy: Hit.Policy
    edits: int
    distance: float
    certainty: float
    province_agrees: bool | None

    @property
    def key(self) -> tuple[UUID, UUID]:
        return self.seen.detection_id, self.entry_id


# Candidates by index; the rest decides, and decides again on the newest row where it is locked.
_FOUND = """
WITH seen AS MATERIALIZED (
    SELECT * FROM unnest(
        %(detection_id)s::uuid[], %(organization_id)s::bigint[], %(number)s::text[],
        %(folded)s::text[], %(country)s::text[], %(province)s::text[],
        %(captured_at)s::timestamptz[], %(camera_id)s::uuid[], %(direction)s::text[]
    ) AS seen (detection_id, organization_id, number, folded, country, province,
        captured_at, camera_id, direction)
), candidate AS MATERIALIZED (
    SELECT seen.detection_id, entry.id AS entry_id
    FROM seen JOIN alerts_entry AS entry
        ON entry.organization_id = seen.organization_id
        AND entry.folded = seen.folded AND NOT entry.is_pattern
    UNION ALL
    SELECT seen.detection_id, entry.id
    FROM seen JOIN alerts_entry AS entry
        ON entry.organization_id = seen.organization_id AND entry.is_pattern
        AND seen.folded LIKE translate(entry.folded, '?*', '_%%')
    UNION ALL
    SELECT seen.detection_id, entry.id
    FROM seen
    JOIN (
        SELECT organization_id, max(edits_most) AS edits_most FROM alerts_watchlist
        WHERE match = 'edits' AND is_active AND NOT is_archived GROUP BY organization_id
    ) AS allowed ON allowed.organization_id = seen.organization_id
    CROSS JOIN LATERAL (
        SELECT id FROM alerts_entry AS near
        WHERE near.variants && alerts_variants(seen.folded, allowed.edits_most::int)
            AND NOT near.variants = '{}'
            AND near.organization_id = seen.organization_id AND near.folded <> seen.folded
    ) AS entry
), matched AS MATERIALIZED (
SELECT seen.detection_id, entry.id, list.id, entry.number, entry.is_pattern,
    CASE WHEN entry.is_pattern THEN 0 ELSE levenshtein(entry.folded, seen.folded) END,
    entry.country, entry.province, entry.vehicle, entry.reason, entry.case_number, entry.source,
    entry.confidence
FROM candidate
JOIN seen ON seen.detection_id = candidate.detection_id
JOIN alerts_entry AS entry ON entry.id = candidate.entry_id
JOIN alerts_watchlist AS list ON list.id = entry.watchlist_id
JOIN accounts_organization AS organization ON organization.id = list.organization_id
WHERE list.is_active AND NOT list.is_archived
    AND entry.effective_from <= seen.captured_at
    AND (entry.expires_at IS NULL OR seen.captured_at < entry.expires_at)
    AND CASE
        WHEN entry.is_pattern AND list.match = 'exact'
            THEN seen.number LIKE translate(entry.number, '?*', '_%%')
        WHEN entry.is_pattern THEN seen.folded LIKE translate(entry.folded, '?*', '_%%')
        WHEN list.match = 'exact' THEN entry.number = seen.number
        WHEN list.match = 'confusable' THEN entry.folded = seen.folded
        ELSE levenshtein(entry.folded, seen.folded)
            <= alerts_edits_of(entry.folded, list.edits_most::int)
    END
    AND (list.country_rule = 'ignored' OR entry.country IN ('', seen.country)
        OR (list.country_rule = 'if_known' AND seen.country = ''))
    AND (list.province_rule = 'ignored' OR entry.province IN ('', seen.province)
        OR (list.province_rule = 'if_known' AND seen.province = ''))
    AND (list.directions = '{}' OR seen.direction = ANY(list.directions))
    AND alerts_is_within(list.active_hours, seen.captured_at AT TIME ZONE organization.time_zone)
    AND alerts_is_at(list.id, list.area, seen.camera_id)
"""
_ASKED = " SELECT * FROM matched"
# Losing this in a crash of the database only matches once more: it need not be waited for.
_ENDED = """, done AS (
    DELETE FROM alerts_pendingmatch WHERE id = %(ended)s AND NOT EXISTS (SELECT FROM matched)
    RETURNING set_config('synchronous_commit', 'off', true)
) SELECT * FROM matched
"""


def find_matches(
    *,
    seen: Sequence[Seen],
    locked: Locked = "",
    entries: Collection[UUID] | None = None,
    ended: UUID | None = None,
) -> list[Match]:
    """Which entries these detections hit, as the tables stand at this moment.

    Args:
        seen: Of any organizations, each detection once.
        locked: Hold what is found until the transaction ends: wait for whoever changes it, or skip
            it, so that a long import does not hold recording up.
        entries: Only these.
        ended: A row of `PendingMatch` that is deleted in the same statement where nothing is
            found, which saves most detections a second journey to the database.
    """
    if not seen:
        return []
    values = zip(*seen, strict=True)
    columns = {name: list(column) for name, column in zip(Seen._fields, values, strict=True)}
    columns["folded"] = [fold(one.number) for one in seen]
    only = "AND entry.id = ANY(%(entries)s)" if entries is not None else ""
    statement = f"{_FOUND}{only} {_LOCKS[locked]} )"
    statement += _ENDED if ended is not None else _ASKED
    asked = {**columns, "ended": ended, "entries": list(entries or ())}
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        rows = cursor.fetchall()
    by_id = {one.detection_id: one for one in seen}
    return [_match(by_id[row[0]], row) for row in rows]


def _match(seen: Seen, row: tuple[Any, ...]) -> Match:
    _detection, entry_id, list_id, number, is_pattern, edits, *said = row
    names = ("country", "province", "vehicle", "reason", "case_number", "source", "confidence")
    words = dict(zip(names, said, strict=True))
    apart = 0.0 if is_pattern else round(distance(number, seen.number), 2)
    agrees = None
    if seen.province and words["province"]:
        agrees = seen.province == words["province"]
    return Match(
        seen=seen,
        entry_id=entry_id,
        watchlist_id=list_id,
        number=number,
        said={name: word for name, word in words.items() if word},
        policy=_policy(seen.number, number, edits, is_pattern=is_pattern),
        edits=edits,
        distance=apart,
        certainty=_certainty(seen, apart, agrees=agrees, names_province=bool(words["province"])),
        province_agrees=agrees,
    )


def _policy(seen: str, number: str, edits: int, *, is_pattern: bool) -> Hit.Policy:
    if is_pattern:
        return Hit.Policy.PATTERN
    if seen == number:
        return Hit.Policy.EXACT
    return Hit.Policy.EDITS if edits else Hit.Policy.CONFUSABLE


def _certainty(seen: Seen, apart: float, *, agrees: bool | None, names_province: bool) -> float:
    """The reading's, halved for each letter that differs, less where the province is no help."""
    certainty: float = seen.confidence * 0.5**apart
    if agrees is False:
        certainty *= PROVINCE_DIFFERS
    elif agrees is None and names_province:
        certainty *= PROVINCE_UNKNOWN
    return round(certainty, 4)
