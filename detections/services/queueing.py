"""The review queue: who gets what to look at, so that no two get the same."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, User
from accounts.services import record_audit_event
from cameras.models import Camera
from detections.errors import AlreadyReviewedError
from detections.models import Detection
from detections.selectors import cameras_reviewed_by, waiting_detections
from detections.services.decisions import lock_detections

# Long enough to think, short enough that a closed browser keeps nothing from the others. An open
# page renews its claims.
CLAIM = timedelta(minutes=5)

# Camera by camera, each by its own index of what waits, and no further than is needed: of several
# cameras at once PostgreSQL would read what waits at all others, or note the rows of whole months.
_AT_EACH = """
    FROM unnest(%(cameras)s::uuid[]) AS camera (id)
    CROSS JOIN LATERAL (
        SELECT id FROM detections_detection
        WHERE camera_id = camera.id AND {wanted}
    ) AS waits
"""
_WAITS = "(review = 'pending' OR (review = 'accepted' AND is_sampled))"
_IN_SAMPLE = "is_sampled AND review IN ('pending', 'accepted')"
_FREE = """
    (claimed_until IS NULL OR claimed_until < %(now)s OR claimed_by_id = %(actor)s)
    AND id <> ALL(%(passed_over)s::uuid[])
    ORDER BY id DESC LIMIT 4
"""
_COUNTED = f"SELECT count(*) FROM (SELECT {_AT_EACH} LIMIT %(most)s) AS counted".format(  # noqa: S608  # constants
    wanted=f"{_WAITS} LIMIT %(most)s"
)
_OFFERED = f"SELECT waits.id {_AT_EACH} ORDER BY waits.id DESC LIMIT 20"


@transaction.atomic
def claim_next(
    *,
    actor: User,
    camera_ids: Collection[UUID] = (),
    passed_over: Collection[UUID] = (),
    only_sample: bool = False,
) -> Detection | None:
    """Give somebody the newest waiting detection that nobody else has, for five minutes.

    Rows that another reviewer is being given at this moment are skipped, not waited for.

    Args:
        camera_ids: Of these cameras only; empty: of all that the actor reviews.
        passed_over: What the actor has already, or does not want now.
        only_sample: Only what chance chose.

    Returns:
        None where nothing waits for this person.
    """
    cameras = cameras_reviewed_by(actor)
    if camera_ids:
        cameras = cameras.filter(pk__in=camera_ids)
    now = timezone.now()
    asked: dict[str, Any] = {
        "cameras": list(cameras.order_by().values_list("pk", flat=True)),
        "now": now,
        "actor": actor.pk,
        "passed_over": list(passed_over),
    }
    offer = _OFFERED.format(wanted=f"{_IN_SAMPLE if only_sample else _WAITS} AND {_FREE}")
    while offered := _ids(offer, asked):
        if (pk := _hold_first(offered, actor, now)) is not None:
            return _claim(pk, actor)
        # Others are being given them, or decided about them, at this moment.
        asked["passed_over"] += offered
    return None


def _ids(statement: str, values: Mapping[str, Any]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [pk for (pk,) in cursor.fetchall()]


def _hold_first(offered: Collection[UUID], actor: User, now: datetime) -> UUID | None:
    """Lock the newest of these that still waits and that nobody else has."""
    is_free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=now) | Q(claimed_by=actor)
    held = waiting_detections().filter(is_free, pk__in=offered)
    return (
        held.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True).first()
    )


@transaction.atomic
def claim_detection(*, detection_id: UUID, actor: User) -> Detection:
    """Give somebody this detection, waiting or not.

    Raises:
        AlreadyReviewedError: Somebody else has it.
        NotAllowedError: The actor may not review it.
    """
    detection = lock_detections(ids=[detection_id], actor=actor)[detection_id]
    until = detection.claimed_until
    if detection.claimed_by_id not in {None, actor.pk} and until and until > timezone.now():
        raise AlreadyReviewedError(_("Somebody else is looking at this one. Take the next."))
    return _claim(detection_id, actor)


def renew_claims(*, detection_ids: Collection[UUID], actor: User) -> int:
    """Keep what somebody still looks at for him; gives how many are still his."""
    held = Detection.objects.filter(pk__in=detection_ids, claimed_by=actor)
    return held.update(claimed_until=timezone.now() + CLAIM)


def release_detections(*, detection_ids: Collection[UUID], actor: User) -> int:
    """Give claims back, so that others get these; gives how many were held."""
    held = Detection.objects.filter(pk__in=detection_ids, claimed_by=actor)
    return held.update(claimed_by=None, claimed_until=None)


def count_waiting(cameras: QuerySet[Camera], *, most: int) -> int:
    """How many detections wait at these cameras, counted no further than `most`."""
    ids = list(cameras.order_by().values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, {"cameras": ids, "most": most})
        (count,) = cursor.fetchone()
    return int(count)


def _claim(pk: UUID, actor: User) -> Detection:
    until = timezone.now() + CLAIM
    Detection.objects.filter(pk=pk).update(claimed_by=actor, claimed_until=until)
    detection = Detection.objects.select_related("camera__organization", "plate").get(pk=pk)
    # Whoever reviews a detection has opened it.
    record_audit_event(action=AuditEvent.Action.VIEWED, actor=actor, target=detection)
    return detection
