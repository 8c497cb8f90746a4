"""Notes on detections that they matched an entry, so that they are kept and found as hits."""

from collections import Counter
from collections.abc import Collection
from operator import attrgetter
from uuid import UUID

from django.db import connection, transaction

from detections.services.rollups import Counted, hour_of, note_changes


def mark_hits(*, detection_ids: Collection[UUID]) -> int:
    """Note that detections are hits; gives how many were not yet."""
    return _mark(detection_ids, is_hit=True)


def unmark_hits(*, detection_ids: Collection[UUID]) -> int:
    """Note that detections are hits no longer; gives how many were."""
    return _mark(detection_ids, is_hit=False)


@transaction.atomic
def _mark(detection_ids: Collection[UUID], *, is_hit: bool) -> int:
    """One statement, which names the partitions by the first and last id.

    Those that are gone or are marked so already are passed over.
    """
    if not detection_ids:
        return 0
    by_time = sorted(set(detection_ids), key=attrgetter("int"))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE detections_detection SET is_hit = %s"
            " WHERE id BETWEEN %s AND %s AND id = ANY(%s) AND is_hit <> %s"
            " RETURNING camera_id, captured_at",
            [is_hit, by_time[0], by_time[-1], by_time, is_hit],
        )
        marked = cursor.fetchall()
    changes: Counter[Counted] = Counter()
    for camera_id, captured_at in marked:
        changes[Counted(camera_id, hour_of(captured_at), "hits")] += 1 if is_hit else -1
    note_changes(changes=changes)
    return len(marked)
