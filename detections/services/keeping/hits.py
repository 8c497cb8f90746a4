"""Notes on detections that they matched an entry, so that they are kept and found as hits."""

from collections import Counter
from collections.abc import Collection
from operator import attrgetter
from uuid import UUID

from django.db import connection, transaction

from detections.services.rollups import Counted, hour_of, note_changes


@transaction.atomic
def mark_hits(*, detection_ids: Collection[UUID]) -> int:
    """Note that detections are hits; gives how many were not yet.

    One statement, which names the partitions by the first and last id. Those that are gone or are
    marked already are passed over.
    """
    if not detection_ids:
        return 0
    by_time = sorted(set(detection_ids), key=attrgetter("int"))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE detections_detection SET is_hit = TRUE"
            " WHERE id BETWEEN %s AND %s AND id = ANY(%s) AND NOT is_hit"
            " RETURNING camera_id, captured_at",
            [by_time[0], by_time[-1], by_time],
        )
        marked = cursor.fetchall()
    note_changes(
        changes=Counter(
            Counted(camera_id, hour_of(captured_at), "hits") for camera_id, captured_at in marked
        )
    )
    return len(marked)
