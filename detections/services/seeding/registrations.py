"""The plates behind seeded passings: how often and when each was seen, and its row."""

from collections.abc import Iterable
from uuid import UUID

import numpy as np
from django.db import connection

from accounts.models import Organization
from detections.services.seeding.fleet import Fleet
from detections.services.seeding.traffic import Passings, misread
from lpr_project.common.models import uuid7

_NEVER = np.iinfo(np.int64).max


class Registrations:
    """Numbers plates from 0: those of the fleet first, then each misreading as it comes up."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.numbers = list(fleet.numbers)
        self._vehicles = list(range(len(fleet.numbers)))
        self._misread: dict[tuple[int, int, int], int] = {}
        self._count = np.zeros(0, dtype=np.int64)
        self._first = np.zeros(0, dtype=np.int64)
        self._last = np.zeros(0, dtype=np.int64)

    def indices(self, passings: Passings) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The plate that was read in each passing."""
        plates = passings.vehicle.copy()
        for row in np.flatnonzero(passings.misread_at >= 0).tolist():
            vehicle = int(passings.vehicle[row])
            key = (vehicle, int(passings.misread_at[row]), int(passings.misread_as[row]))
            if key not in self._misread:
                self._misread[key] = len(self.numbers)
                self.numbers.append(misread(self._fleet.numbers[vehicle], *key[1:]))
                self._vehicles.append(vehicle)
            plates[row] = self._misread[key]
        return plates

    def count(self, passings: Passings) -> None:
        """Add passings to what is known of their plates."""
        plates = self.indices(passings)
        grown = len(self.numbers) - len(self._count)
        self._count = np.pad(self._count, (0, grown))
        self._first = np.pad(self._first, (0, grown), constant_values=_NEVER)
        self._last = np.pad(self._last, (0, grown))
        self._count += np.bincount(plates, minlength=len(self._count))
        np.minimum.at(self._first, plates, passings.at_ms)
        np.maximum.at(self._last, plates, passings.at_ms)

    def write(self, organization: Organization) -> dict[int, str]:
        """Make or count the rows of all plates that were seen; returns their ids by number."""
        with connection.cursor() as cursor:
            cursor.execute(
                """
                CREATE TEMPORARY TABLE seeded_plate (
                    place bigint, new_id uuid, number varchar(16), country varchar(2),
                    province varchar(6), first_ms bigint, last_ms bigint, times bigint
                )
                """
            )
            with cursor.copy("COPY seeded_plate FROM STDIN") as copy:
                for row in self._rows():
                    copy.write_row(row)
            cursor.execute(
                """
                INSERT INTO vehicles_plate AS plate
                    (id, organization_id, number, country, province,
                    first_seen_at, last_seen_at, detections_count)
                SELECT min(new_id::text)::uuid, %s, number, country, province,
                    to_timestamp(min(first_ms) / 1000.0), to_timestamp(max(last_ms) / 1000.0),
                    sum(times)
                FROM seeded_plate GROUP BY number, country, province
                ORDER BY number, country, province
                ON CONFLICT (organization_id, number, country, province) DO UPDATE
                SET detections_count = plate.detections_count + excluded.detections_count,
                    first_seen_at = least(plate.first_seen_at, excluded.first_seen_at),
                    last_seen_at = greatest(plate.last_seen_at, excluded.last_seen_at)
                """,
                [organization.pk],
            )
            cursor.execute(
                """
                SELECT seeded.place, replace(plate.id::text, '-', '')
                FROM seeded_plate AS seeded JOIN vehicles_plate AS plate
                USING (number, country, province) WHERE plate.organization_id = %s
                """,
                [organization.pk],
            )
            found = dict(cursor.fetchall())
            cursor.execute("DROP TABLE seeded_plate")
            return found

    def _rows(self) -> Iterable[tuple[int, UUID, str, str, str, int, int, int]]:
        fleet = self._fleet
        for place in np.flatnonzero(self._count).tolist():
            vehicle = self._vehicles[place]
            yield (
                place,
                uuid7(),
                self.numbers[place],
                fleet.countries[vehicle],
                fleet.provinces[vehicle],
                int(self._first[place]),
                int(self._last[place]),
                int(self._count[place]),
            )
