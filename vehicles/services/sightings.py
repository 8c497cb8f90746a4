"""Counts of where and when plates were seen."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import orjson
from django.db import connection

from accounts.models import Organization
from lpr_project.common.models import uuid7


class PlateKey(NamedTuple):
    """What makes a registration distinct within an organization."""

    number: str
    country: str
    province: str


class Sighting(NamedTuple):
    """A registration that was seen; `times` 0 only holds the row of a known plate."""

    key: PlateKey
    seen_at: datetime
    times: int = 1


def count_sightings(
    *, organization: Organization, sightings: Sequence[Sighting]
) -> dict[PlateKey, UUID]:
    """Add sightings to their plates, which are made where they are new; returns their ids.

    Must run in a transaction. One statement makes, counts and answers: a new plate is written once,
    a known one updated once.
    """
    content = orjson.dumps(
        [(uuid7(), *sighting.key, sighting.seen_at, sighting.times) for sighting in sightings]
    ).decode()
    with connection.cursor() as cursor:
        # Sorted: two batches with the same plates wait for each other in one order.
        cursor.execute(
            """
            INSERT INTO vehicles_plate AS plate
                (id, organization_id, number, country, province,
                first_seen_at, last_seen_at, detections_count)
            SELECT min(seen ->> 0)::uuid, %s, seen ->> 1, seen ->> 2, seen ->> 3,
                min((seen ->> 4)::timestamptz), max((seen ->> 4)::timestamptz),
                sum((seen ->> 5)::int)
            FROM json_array_elements(%s) AS seen
            GROUP BY seen ->> 1, seen ->> 2, seen ->> 3
            ORDER BY seen ->> 1, seen ->> 2, seen ->> 3
            ON CONFLICT (organization_id, number, country, province) DO UPDATE
            SET detections_count = plate.detections_count + excluded.detections_count,
                -- 'epoch' stands for a plate that people wrote and no camera saw.
                first_seen_at =
                    least(nullif(plate.first_seen_at, 'epoch'), excluded.first_seen_at),
                last_seen_at = greatest(plate.last_seen_at, excluded.last_seen_at)
            RETURNING number, country, province, id
            """,
            [organization.pk, content],
        )
        return {PlateKey(*key): pk for *key, pk in cursor.fetchall()}


class Remaining(NamedTuple):
    """What is left of a plate's sightings after `taken` were taken back; None: nothing is."""

    plate_id: UUID
    taken: int
    first_seen_at: datetime | None
    last_seen_at: datetime | None


def take_back_sightings(*, remaining: Sequence[Remaining]) -> None:
    """Take sightings back from plates whose rows are held; a plate of which none is left stays."""
    if not remaining:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE vehicles_plate AS plate
            SET detections_count = greatest(plate.detections_count - remains.taken, 0),
                first_seen_at = coalesce(remains.first_seen_at, plate.first_seen_at),
                last_seen_at = coalesce(remains.last_seen_at, plate.last_seen_at)
            FROM unnest(%s::uuid[], %s::bigint[], %s::timestamptz[], %s::timestamptz[])
                AS remains (plate_id, taken, first_seen_at, last_seen_at)
            WHERE plate.id = remains.plate_id
            """,
            [list(column) for column in zip(*remaining, strict=True)],
        )
