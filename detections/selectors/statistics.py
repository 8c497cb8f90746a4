"""Counts for charts, read from the hourly counts alone and never from detections."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.timezone import get_current_timezone_name
from psycopg import sql

from accounts.models import User
from accounts.selectors import only_organization_of
from detections.models.counts import COUNTED

Step = Literal["hour", "day", "week"]
STEPS: tuple[Step, ...] = ("hour", "day", "week")
# More could not be shown, and would be summed for too long.
LONGEST: dict[Step, timedelta] = {
    "hour": timedelta(days=62),
    "day": timedelta(days=366),
    "week": timedelta(days=732),
}
_PASSING = ("accepted", "pending", "confirmed", "corrected")


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    """What was counted in one step of time; `camera_id` None: by all cameras together."""

    start: datetime
    camera_id: UUID | None = None
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def passes(self) -> int:
        """Vehicles that passed: without what was rejected or merged into another."""
        return sum(self.counts[name] for name in _PASSING)


def zone_of(user: User) -> ZoneInfo:
    """The zone in which a person counts days: its only organization's, else the server's."""
    organization = only_organization_of(user)
    return organization.zone if organization else ZoneInfo(get_current_timezone_name())


def utc() -> ZoneInfo:
    """The zone in which the server itself counts."""
    return ZoneInfo("UTC")


def counts_by_step(
    camera_ids: Collection[UUID],
    *,
    step: Step,
    since: datetime,
    until: datetime,
    zone: ZoneInfo,
    by_camera: bool = False,
    most: int | None = None,
) -> list[CountRow]:
    """Counts in steps of time, oldest first; steps without detections are left out.

    Args:
        since: From the hour that holds it.
        zone: Whose days and weeks (from Monday) are meant.
        most: So many rows at most.
    """
    # An hour is an hour of UTC: on the day clocks go back, two have the same name.
    start = sql.SQL("hour") if step == "hour" else sql.SQL("date_trunc(%(step)s, hour, %(zone)s)")
    camera = sql.SQL("camera_id" if by_camera else "NULL::uuid")
    statement = sql.SQL(
        "SELECT {start} AS start, {camera} AS camera, {sums} FROM ({parts}) AS parts"
        " GROUP BY 1, 2 HAVING {some} ORDER BY 1, 2 LIMIT %(most)s"
    ).format(start=start, camera=camera, sums=_SUMS, parts=_PARTS, some=_SOME)
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "cameras": list(camera_ids),
                "since": since,
                "until": until,
                "zone": zone.key,
                "step": step,
                "most": most,
            },
        )
        return [
            CountRow(start=at, camera_id=pk, counts=dict(zip(COUNTED, counts, strict=True)))
            for at, pk, *counts in cursor.fetchall()
        ]


def passes_by_weekday(
    camera_ids: Collection[UUID], *, since: datetime, until: datetime, zone: ZoneInfo
) -> dict[tuple[int, int], int]:
    """Passes of each hour of the week: (weekday, Monday 0; hour, local) to their number."""
    statement = sql.SQL(
        "SELECT extract(isodow FROM hour AT TIME ZONE %(zone)s)::int - 1,"
        " extract(hour FROM hour AT TIME ZONE %(zone)s)::int, sum({passes})::bigint"
        " FROM ({parts}) AS parts GROUP BY 1, 2"
    ).format(passes=sql.SQL(" + ").join(map(sql.Identifier, _PASSING)), parts=_PARTS)
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {"cameras": list(camera_ids), "since": since, "until": until, "zone": zone.key},
        )
        return {(day, hour): count for day, hour, count in cursor.fetchall()}


def _listed(template: str, by: str = ", ") -> sql.Composed:
    parts: list[Any] = [sql.SQL(template).format(name=sql.Identifier(name)) for name in COUNTED]
    joined: sql.Composed = sql.SQL(by).join(parts)
    return joined


_SUMS = _listed("sum({name})::bigint")
_SOME = _listed("sum({name}) <> 0", by=" OR ")
_PART = (
    "SELECT camera_id, hour, {columns} FROM {table} WHERE camera_id = ANY(%(cameras)s)"
    " AND hour >= date_trunc('hour', %(since)s::timestamptz, 'UTC') AND hour < %(until)s"
)
_PARTS = sql.SQL(" UNION ALL ").join(
    sql.SQL(_PART).format(columns=_listed("{name}"), table=sql.Identifier(table))
    for table in ("detections_detectionhour", "detections_countchange")
)
