"""What an entry would have hit, had it been in its list before: passes of the last days."""

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.utils import timezone

from accounts.models import User
from alerts.models import Entry, Hit
from alerts.selectors.previews import accepted_plates
from cameras.selectors import cameras_visible_to
from detections.models import Detection
from detections.selectors import detections_visible_to
from lpr_project.common.models import uuid7_floor
from vehicles.plates.confusables import FOLD_FROM, FOLD_TO, fold
from vehicles.selectors import in_bounded_time

DAYS = (1, 7, 30)
"""How far back may be looked, in days."""
PASSES_MOST = 5_000
_PLATES_MOST = 1_000


class PastPass(NamedTuple):
    """A pass that the entry would have hit, and how many letters differ."""

    detection: Detection
    edits: int
    is_hit: bool


class Past(NamedTuple):
    """Passes, newest first; `is_cut` where there are more."""

    passes: list[PastPass]
    is_cut: bool


# Where and when the list counts is asked of each pass, as matching asks it.
_PASSES = """
SELECT detection.id, CASE WHEN %(is_pattern)s THEN 0
    ELSE levenshtein(translate(plate.number, %(fold_from)s, %(fold_to)s), %(folded_entry)s) END
FROM ({plates}) AS plate
JOIN detections_detection AS detection ON detection.plate_id = plate.id
JOIN alerts_watchlist AS list ON list.id = %(list)s
WHERE detection.id >= %(first)s AND detection.camera_id = ANY(%(cameras)s)
    AND (list.directions = '{{}}' OR detection.direction = ANY(list.directions))
    AND alerts_is_within(list.active_hours, detection.captured_at AT TIME ZONE %(zone)s)
    AND alerts_is_at(list.id, list.area, detection.camera_id)
ORDER BY detection.id DESC LIMIT %(passes_most)s
"""


def past_of_entry(entry: Entry, *, user: User, days: int, most: int = PASSES_MOST) -> Past:
    """Passes of the last `days` that an entry would have hit, at cameras that the user sees.

    Raises:
        SearchTooSlowError: It takes too long.
    """
    watchlist = entry.watchlist
    plates, values = accepted_plates(
        watchlist,
        number=entry.number,
        country=entry.country,
        province=entry.province,
        most=_PLATES_MOST,
        days=days,
    )
    cameras = cameras_visible_to(user).filter(organization=watchlist.organization_id)
    values |= {
        "is_pattern": entry.is_pattern,
        "folded_entry": fold(entry.number),
        "fold_from": FOLD_FROM,
        "fold_to": FOLD_TO,
        "list": watchlist.pk,
        "zone": watchlist.organization.time_zone,
        "cameras": list(cameras.order_by().values_list("pk", flat=True)),
        "first": uuid7_floor(timezone.now() - timedelta(days=days)),
        "passes_most": most + 1,
    }
    with in_bounded_time(), connection.cursor() as cursor:
        cursor.execute(_PASSES.format(plates=plates), values)
        edits: dict[UUID, int] = dict(cursor.fetchall())
    return Past(_passes(entry, user, list(edits)[:most], edits), len(edits) > most)


def _passes(entry: Entry, user: User, ids: list[UUID], edits: dict[UUID, int]) -> list[PastPass]:
    known = set(
        Hit.objects.filter(entry=entry, detection__in=ids, withdrawn_at=None).values_list(
            "detection_id", flat=True
        )
    )
    detections = detections_visible_to(user).filter(pk__in=ids)
    return [PastPass(one, edits[one.pk], one.pk in known) for one in detections]
