"""How detections go: history, counts and plates in one transaction, pictures after it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from uuid import UUID

import structlog
from django.core.files.storage import storages
from django.db import connection, transaction
from django.db.models import QuerySet

from detections.models import DeletionCertificate, Detection, ReviewEntry
from detections.services.keeping.certificates import Victim, certify
from detections.services.rollups import Counted, hour_of, note_changes
from detections.signals import detections_removed
from vehicles.services import Remaining, forget_plates, hold_plates, take_back_sightings

log = structlog.get_logger(__name__)

# Taken exclusively by who makes a hold, shared by each batch that goes: a hold that was answered
# for keeps what it names, and making one waits for a batch at most.
KEEP_LOCK = 4_707_002


def wait_for_holds() -> None:
    """Let no hold come into being until the end of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [KEEP_LOCK])


def take_victims(detections: QuerySet[Detection], *, most: int) -> list[Victim]:
    """Hold the first of these rows, oldest first; rows that somebody holds are passed over."""
    held = detections.order_by("id").select_for_update(skip_locked=True, of=("self",))
    return [Victim(*row) for row in held.values_list(*Victim._fields)[:most]]


def remove_detections(
    *, victims: Sequence[Victim], certificate: DeletionCertificate, spares_plates: bool = True
) -> None:
    """Delete detections whose rows are held, within a transaction; pictures go on its commit.

    Locks are taken in the order of reviewing: detections, then plates.

    Args:
        victims: Of one organization and camera, in the order of their ids.
        certificate: Gets what went.
        spares_plates: False keeps even those plates of which nothing is left.
    """
    ids = [victim.id for victim in victims]
    with connection.cursor() as cursor:
        # The bounds name the partitions.
        cursor.execute(
            "DELETE FROM detections_detection WHERE id BETWEEN %s AND %s AND id = ANY(%s)",
            [min(ids, key=attrgetter("int")), max(ids, key=attrgetter("int")), ids],
        )
    entries = _forget_entries(ids)
    plates = _take_back(victims)
    gone = forget_plates(plate_ids=plates) if spares_plates else 0
    changes: Counter[Counted] = Counter()
    for victim in victims:
        hour = hour_of(victim.captured_at)
        changes[Counted(victim.camera_id, hour, victim.review)] -= 1
        changes[Counted(victim.camera_id, hour, "hits")] -= int(victim.is_hit)
    note_changes(changes=changes)
    certify(certificate=certificate, victims=victims, entries=entries, plates=gone)
    names = [name for victim in victims for name in victim.pictures]
    transaction.on_commit(partial(delete_pictures, names))
    transaction.on_commit(partial(detections_removed.send_robust, sender=Detection, ids=ids))


def _forget_entries(ids: Sequence[UUID]) -> int:
    # The trigger lets history go whose detection is gone.
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {ReviewEntry._meta.db_table} WHERE detection_id = ANY(%s)",  # noqa: S608, SLF001  # Django's own name
            [list(ids)],
        )
        return int(cursor.rowcount)


def _take_back(victims: Sequence[Victim]) -> list[UUID]:
    """Correct the counts and times of plates; gives those of which nothing is left."""
    lost = Counter(victim.plate_id for victim in victims if victim.plate_id)
    if not lost:
        return []
    oldest, newest = victims[0].captured_at, victims[-1].captured_at
    known = hold_plates(plate_ids=list(lost))
    first = _looks([row.id for row in known if row.first_seen_at >= oldest], "ASC")
    last = _looks([row.id for row in known if row.last_seen_at <= newest], "DESC")
    remaining = [
        Remaining(
            row.id,
            lost[row.id],
            first.get(row.id, row.first_seen_at),
            last.get(row.id, row.last_seen_at),
        )
        for row in known
    ]
    take_back_sightings(remaining=remaining)
    return [left.plate_id for left in remaining if left.first_seen_at is None]


def _looks(plate_ids: Sequence[UUID], order: str) -> dict[UUID, datetime | None]:
    """When each plate was seen first (ASC) or last (DESC): one look into the index for each."""
    if not plate_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT plate.id, (
                SELECT captured_at FROM detections_detection
                WHERE plate_id = plate.id ORDER BY id {order} LIMIT 1
            ) FROM unnest(%s::uuid[]) AS plate (id)
            """,  # noqa: S608  # one of two words
            [list(plate_ids)],
        )
        return dict(cursor.fetchall())


def delete_pictures(names: Iterable[str]) -> None:
    """Take files away whose rows are gone; what fails is found by the nightly look."""
    storage = storages["pictures"]
    for name in names:
        try:
            storage.delete(name)
        except OSError:
            log.warning("picture_left_behind", name=name, exc_info=True)
