"""Adds what a camera task counted to the funnel of the hour."""

from datetime import datetime
from uuid import UUID

from django.db import connection
from psycopg import sql

from detections.models import FunnelHour
from detections.recognition.funnel import Funnel

_STAGES = ("frames", "moved", "boxes", "readings", "tracks", "accepted")


def add_to_funnel(*, camera_id: UUID, at: datetime, counted: Funnel, dropped: int) -> None:
    """Add counts to the hour of `at`; several processes may add to the same hour.

    Args:
        counted: Since the last call, not since the start.
        dropped: Frames that were due and found the camera task busy.
    """
    counts = {stage: getattr(counted, stage) for stage in _STAGES}
    counts |= {reason.value: count for reason, count in counted.rejections.items()}
    counts["dropped"] = dropped
    counts = {name: count for name, count in counts.items() if count}
    if not counts:
        return
    FunnelHour.objects.bulk_create(
        [FunnelHour(camera_id=camera_id, hour=_hour(at))], ignore_conflicts=True
    )
    additions = sql.SQL(", ").join(
        sql.SQL("{column} = {column} + {count}").format(
            column=sql.Identifier(name), count=sql.Literal(count)
        )
        for name, count in counts.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "UPDATE detections_funnelhour SET {} WHERE camera_id = %s AND hour = %s"
            ).format(additions),
            [camera_id, _hour(at)],
        )


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
