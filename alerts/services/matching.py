"""Finds which entries a batch of detections hits, straight from the tables.

Nothing is cached: one call looks all numbers of a batch up in the index of folded numbers, tries
the few patterns, and asks the index of variants where a list allows edits. Another asks the lists
about what was found, and once more under locks in the transaction that writes the hits, so that
none is written for an entry or list that was changed meanwhile. Both are functions of the database,
which plans them once for a connection: planning took four fifths of the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import orjson
from django.db import connection

from alerts.models import Entry, Hit
from detections.models import Detection
from vehicles.models import Plate
from vehicles.plates.confusables import distance, fold

Locked = Literal["", "waiting", "skipping"]
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
    is_placed: bool
    """Whether country and province were read, or told by a person: only then they refuse entries.

    A number that was read without them stands under the one registration that is known, and may
    yet be another country's that nobody has seen so far.
    """

    @property
    def place(self) -> tuple[str, str]:
        """Country and province as far as they speak against an entry."""
        return (self.country, self.province) if self.is_placed else ("", "")

    @classmethod
    def of(cls, detection: Detection, plate: Plate) -> "Seen":
        """A detection and the plate that it has now."""
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
            bool(detection.read_country or detection.read_province)
            or detection.review in {Detection.Review.CONFIRMED, Detection.Review.CORRECTED},
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


class Candidate(NamedTuple):
    """A detection whose number is that of an entry, or like it; the rest is not looked at yet."""

    seen: Seen
    entry_id: UUID


def find_candidates(
    *, detections: Sequence[Detection], ended: UUID | None = None
) -> list[Candidate]:
    """Whose numbers entries have, or come near to, as the tables stand at this moment.

    Args:
        detections: Of any organizations, each once, with their plates.
        ended: A row of `PendingMatch` that is deleted by the same call where nothing is found,
            which saves most detections a second journey to the database.
    """
    read = [(one, one.plate) for one in detections if one.plate is not None]
    # As JSON: of lists, the driver would quote each item by itself, at ten times the cost.
    organizations = orjson.dumps([detection.organization_id for detection, _ in read]).decode()
    folds = orjson.dumps([fold(plate.number) for _, plate in read]).decode()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT at, entry_id FROM alerts_candidates(%s::json, %s::json, %s::uuid)",
            [organizations, folds, ended],
        )
        rows = cursor.fetchall()
    return [Candidate(Seen.of(*read[at - 1]), entry_id) for at, entry_id in rows]


def find_matches(*, candidates: Sequence[Candidate], locked: Locked = "") -> list[Match]:
    """Which candidates are hits by what their lists and entries say at this moment.

    Args:
        candidates: As they were found; an entry that was changed since is compared once more.
        locked: Hold what is found until the transaction ends: wait for whoever changes it, or skip
            it, so that a long import does not hold recording up.
    """
    if not candidates:
        return []
    asked = [
        {
            "at": at,
            "entry_id": entry_id,
            "number": seen.number,
            "folded": fold(seen.number),
            "country": seen.place[0],
            "province": seen.place[1],
            "captured_at": seen.captured_at,
            "camera_id": seen.camera_id,
            "direction": seen.direction,
        }
        for at, (seen, entry_id) in enumerate(candidates)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM alerts_matches(%s::json, %s)", [orjson.dumps(asked).decode(), locked]
        )
        rows = cursor.fetchall()
    return [_match(candidates[row[0]].seen, row) for row in rows]


def match_with(seen: Seen, entry: Entry, *, edits: int) -> Match:
    """A hit of an entry that somebody found by other means, with why and how sure it is."""
    said = (entry.country, entry.province, entry.vehicle, entry.reason, entry.case_number)
    row = (entry.pk, entry.watchlist_id, entry.number, entry.is_pattern, edits, *said)
    return _match(seen, (0, *row, entry.source, entry.confidence))


def _match(seen: Seen, row: tuple[Any, ...]) -> Match:
    _at, entry_id, list_id, number, is_pattern, edits, *said = row
    names = ("country", "province", "vehicle", "reason", "case_number", "source", "confidence")
    words = dict(zip(names, said, strict=True))
    apart = 0.0 if is_pattern else round(distance(number, seen.number), 2)
    agrees = None
    province = seen.place[1]
    if province and words["province"]:
        agrees = province == words["province"]
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
