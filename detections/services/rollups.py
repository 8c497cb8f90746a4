"""Keeps the hourly counts right: what a transaction changes is noted in it, and added up later."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection, transaction
from psycopg import sql

from detections.models.counts import COUNTED
from lpr_project.common.models import uuid7_floor

_DAY = timedelta(days=1)


class Counted(NamedTuple):
    """One column of one hour of one camera; `hour` is `hour_of` a moment."""

    camera_id: UUID
    hour: datetime
    column: str


def hour_of(moment: datetime) -> datetime:
    """The first instant of a moment's hour, UTC.

    >>> hour_of(datetime(2026, 3, 1, 4, 5, 6, tzinfo=UTC)).isoformat()
    '2026-03-01T04:00:00+00:00'
    """
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def note_changes(*, changes: Mapping[Counted, int]) -> None:
    """Note within a transaction what it adds to the counts, or takes from them."""
    rows: dict[tuple[UUID, datetime], dict[str, int]] = {}
    for (camera_id, hour, column), count in changes.items():
        if count:
            rows.setdefault((camera_id, hour), {})[column] = count
    if not rows:
        return
    content = [
        (camera_id, hour, *(counts.get(column, 0) for column in COUNTED))
        for (camera_id, hour), counts in rows.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [orjson.dumps(content).decode()])


@transaction.atomic
def add_up() -> int:
    """Add the noted changes to their hours; gives how many changes there were."""
    with connection.cursor() as cursor:
        cursor.execute(_ADD_UP)
        [(taken,)] = cursor.fetchall()
    return int(taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An hour whose counts are not those of its detections; `missing` is what they lack."""

    camera_id: UUID
    hour: datetime
    missing: dict[str, int]


def reconcile(*, since: datetime, until: datetime, repairs: bool) -> list[Difference]:
    """Compare counts with the detections themselves, day by day, and note what they lack.

    One statement looks at both, so that what is recorded meanwhile is in both or in neither.

    Args:
        since: From the beginning of its hour.
        until: Until before the beginning of its hour.
    """
    found = []
    start, end = hour_of(since), hour_of(until)
    while start < end:
        found += _differences(start, min(start + _DAY, end), repairs=repairs)
        start += _DAY
    return found


@transaction.atomic
def _differences(since: datetime, until: datetime, *, repairs: bool) -> list[Difference]:
    span: dict[str, Any] = {
        "since": since,
        "until": until,
        "first": uuid7_floor(since),
        "last": uuid7_floor(until),
    }
    with connection.cursor() as cursor:
        cursor.execute(_REPAIR if repairs else _COMPARE, span)
        return [
            Difference(
                camera_id=camera_id,
                hour=hour,
                missing={name: count for name, count in zip(COUNTED, counts, strict=True) if count},
            )
            for camera_id, hour, *counts in cursor.fetchall()
        ]


def _listed(template: str, columns: Collection[str] = COUNTED, by: str = ", ") -> sql.Composed:
    parts = (
        sql.SQL(template).format(column=sql.Identifier(name), word=sql.Literal(name))
        for name in columns
    )
    return sql.SQL(by).join(parts)


_COLUMNS = _listed("{column}")
_NOTE = sql.SQL(
    """
    INSERT INTO detections_countchange (camera_id, hour, {columns})
    SELECT (row ->> 0)::uuid, (row ->> 1)::timestamptz, {values}
    FROM json_array_elements(%s) AS row
    """
).format(
    columns=_COLUMNS,
    values=sql.SQL(", ").join(
        sql.SQL("(row ->> {})::bigint").format(sql.Literal(place))
        for place in range(2, 2 + len(COUNTED))
    ),
)
_ADD_UP = sql.SQL(
    """
    WITH taken AS (DELETE FROM detections_countchange RETURNING *),
    added AS (
        INSERT INTO detections_detectionhour AS known (camera_id, hour, {columns})
        SELECT camera_id, hour, {sums} FROM taken
        WHERE EXISTS (SELECT FROM cameras_camera WHERE id = camera_id)
        GROUP BY camera_id, hour ORDER BY camera_id, hour
        ON CONFLICT (camera_id, hour) DO UPDATE SET {additions}
    )
    SELECT count(*) FROM taken
    """
).format(
    columns=_COLUMNS,
    sums=_listed("sum({column})"),
    additions=_listed("{column} = known.{column} + excluded.{column}"),
)
_STATES = COUNTED[:-1]
_COMPARE = sql.SQL(
    """
    WITH true_counts AS (
        SELECT camera_id, date_trunc('hour', captured_at, 'UTC') AS hour, {states},
            count(*) FILTER (WHERE is_hit) AS hits
        FROM detections_detection WHERE id >= %(first)s AND id < %(last)s
        GROUP BY 1, 2
    ),
    kept AS (
        SELECT camera_id, hour, {sums}
        FROM (
            SELECT camera_id, hour, {columns} FROM detections_detectionhour
            WHERE hour >= %(since)s AND hour < %(until)s
            UNION ALL
            SELECT camera_id, hour, {columns} FROM detections_countchange
            WHERE hour >= %(since)s AND hour < %(until)s
        ) AS parts GROUP BY 1, 2
    )
    SELECT camera_id, hour, {missing}
    FROM true_counts FULL JOIN kept USING (camera_id, hour)
    WHERE {differ}
    """
).format(
    columns=_COLUMNS,
    states=_listed("count(*) FILTER (WHERE review = {word}) AS {column}", _STATES),
    sums=_listed("sum({column}) AS {column}"),
    missing=_listed("(coalesce(true_counts.{column}, 0) - coalesce(kept.{column}, 0))::bigint"),
    differ=_listed("coalesce(true_counts.{column}, 0) <> coalesce(kept.{column}, 0)", by=" OR "),
)
_REPAIR = sql.SQL(
    "INSERT INTO detections_countchange (camera_id, hour, {columns}) {compare}"
    " RETURNING camera_id, hour, {columns}"
).format(columns=_COLUMNS, compare=_COMPARE)
