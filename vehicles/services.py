"""Writes of plates and vehicles."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from accounts.models import Organization
from lpr_project.common.models import uuid7


class PlateKey(NamedTuple):
    """What makes a registration distinct within an organization."""

    number: str
    country: str
    province: str


@dataclass(slots=True)
class PlateCount:
    """How often and when a plate was seen in one batch."""

    count: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, seen_at: datetime) -> None:
        self.count += 1
        self.first = min(self.first or seen_at, seen_at)
        self.last = max(self.last or seen_at, seen_at)


def get_or_create_plates(
    *, organization: Organization, keys: dict[PlateKey, datetime]
) -> dict[PlateKey, UUID]:
    """The rows of registrations, made where they are new. Must run in a transaction.

    Args:
        keys: Each registration with the moment it was seen, which a new row starts with.
    """
    # Sorted: two batches that meet on the same new plates wait for each other in one order.
    ordered = sorted(keys)
    columns = [
        [key.number for key in ordered],
        [key.country for key in ordered],
        [key.province for key in ordered],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO vehicles_plate
                (id, organization_id, number, country, province, first_seen_at, last_seen_at, detections_count)
            SELECT fresh.id, %s, fresh.number, fresh.country, fresh.province, fresh.seen_at, fresh.seen_at, 0
            FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
                AS fresh (id, number, country, province, seen_at)
            WHERE NOT EXISTS (
                SELECT FROM vehicles_plate AS known
                WHERE known.organization_id = %s AND known.number = fresh.number
                    AND known.country = fresh.country AND known.province = fresh.province
            )
            ON CONFLICT (organization_id, number, country, province) DO NOTHING
            """,
            [
                organization.pk,
                [uuid7() for _ in ordered],
                *columns,
                [keys[key] for key in ordered],
                organization.pk,
            ],
        )
        cursor.execute(
            """
            SELECT plate.number, plate.country, plate.province, plate.id
            FROM vehicles_plate AS plate
            JOIN unnest(%s::text[], %s::text[], %s::text[]) AS wanted (number, country, province)
                USING (number, country, province)
            WHERE plate.organization_id = %s
            """,
            [*columns, organization.pk],
        )
        return {
            PlateKey(number, country, province): plate_id
            for number, country, province, plate_id in cursor.fetchall()
        }


def count_sightings(*, sightings: Iterable[tuple[UUID, datetime]]) -> None:
    """Add sightings to their plates' counts and spans of time. Must run in a transaction."""
    counts: dict[UUID, PlateCount] = defaultdict(PlateCount)
    for plate_id, seen_at in sightings:
        counts[plate_id].add(seen_at)
    if not counts:
        return
    ordered = sorted(counts)
    with connection.cursor() as cursor:
        # Locked in one order, so that two batches with the same plates cannot deadlock.
        cursor.execute(
            "SELECT FROM vehicles_plate WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [ordered]
        )
        cursor.execute(
            """
            UPDATE vehicles_plate AS plate
            SET detections_count = plate.detections_count + seen.count,
                first_seen_at = least(plate.first_seen_at, seen.first),
                last_seen_at = greatest(plate.last_seen_at, seen.last)
            FROM unnest(%s::uuid[], %s::bigint[], %s::timestamptz[], %s::timestamptz[])
                AS seen (id, count, first, last)
            WHERE plate.id = seen.id
            """,
            [
                ordered,
                [counts[key].count for key in ordered],
                [counts[key].first for key in ordered],
                [counts[key].last for key in ordered],
            ],
        )
