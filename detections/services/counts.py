"""Adds what a camera task counted to the funnel of the hour."""

from datetime import datetime
from uuid import UUID

from django.db import connection
from psycopg import sql

from detections.recognition.funnel import Funnel
from detections.recognition.types import Rejection

_STAGES = ("frames", "moved", "boxes", "readings", "tracks", "accepted")
_NOTHING = dict.fromkeys((*_STAGES, "dropped", *(reason.value for reason in Rejection)), 0)
_ADDING = sql.SQL(
    "INSERT INTO detections_funnelhour AS counted (camera_id, hour, {columns}) "
    "VALUES (%(camera)s, %(hour)s, {values}) ON CONFLICT (camera_id, hour) DO UPDATE SET {sums}"
).format(
    columns=sql.SQL(", ").join(map(sql.Identifier, _NOTHING)),
    values=sql.SQL(", ").join(map(sql.Placeholder, _NOTHING)),
    sums=sql.SQL(", ").join(
        sql.SQL("{column} = counted.{column} + excluded.{column}").format(
            column=sql.Identifier(name)
        )
        for name in _NOTHING
    ),
)
"""One statement makes the hour or adds to it."""


def add_to_funnel(*, camera_id: UUID, at: datetime, counted: Funnel, dropped: int) -> None:
    """Add counts to the hour of `at`; several processes may add to the same hour.

    Args:
        counted: Since the last call, not since the start.
        dropped: Frames that were due and found the camera task busy.
    """
    counts = {stage: getattr(counted, stage) for stage in _STAGES}
    counts |= {reason.value: count for reason, count in counted.rejections.items()}
    counts["dropped"] = dropped
    if not any(counts.values()):
        return
    with connection.cursor() as cursor:
        cursor.execute(_ADDING, {**_NOTHING, **counts, "camera": camera_id, "hour": _hour(at)})


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
