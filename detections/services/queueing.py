"""The review queue: who gets what to look at, so that no two get the same."""

from collections.abc import Collection, Iterator
from datetime import timedelta
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

# Camera by camera, each by its own index of what waits, and no further than enough were counted:
# of all cameras at once PostgreSQL would first note where the rows of whole months are.
_WAITING = """
    SELECT count(*) FROM (
        SELECT FROM unnest(%(cameras)s::uuid[]) AS camera (id)
        CROSS JOIN LATERAL (
            SELECT FROM detections_detection
            WHERE camera_id = camera.id
            AND (review = 'pending' OR (review = 'accepted' AND is_sampled))
            LIMIT %(most)s
        ) AS waits
        LIMIT %(most)s
    ) AS counted
"""


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
    for waiting in _waiting_by_organization(cameras):
        wanted = waiting.filter(is_sampled=True) if only_sample else waiting
        detection = _first_free(wanted, actor, passed_over)
        if detection is not None:
            return detection
    return None


def _first_free(
    waiting: QuerySet[Detection], actor: User, passed_over: Collection[UUID]
) -> Detection | None:
    now = timezone.now()
    is_free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=now) | Q(claimed_by=actor)
    found = (
        waiting.filter(is_free)
        .exclude(pk__in=passed_over)
        .select_for_update(skip_locked=True, of=("self",))
        .only("pk")
        .first()
    )
    if found is None:
        return None
    return _claim(found.pk, actor)


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
        cursor.execute(_WAITING, {"cameras": ids, "most": most})
        (count,) = cursor.fetchone()
    return int(count)


def _waiting_by_organization(cameras: QuerySet[Camera]) -> Iterator[QuerySet[Detection]]:
    by_organization: dict[int, list[UUID]] = {}
    for pk, organization_id in cameras.order_by().values_list("pk", "organization_id"):
        by_organization.setdefault(organization_id, []).append(pk)
    for organization_id, ids in by_organization.items():
        # One camera and one organization each have an index of what waits, newest first.
        waiting = waiting_detections(ids)
        yield waiting if len(ids) == 1 else waiting.filter(organization_id=organization_id)


def _claim(pk: UUID, actor: User) -> Detection:
    until = timezone.now() + CLAIM
    Detection.objects.filter(pk=pk).update(claimed_by=actor, claimed_until=until)
    detection = Detection.objects.select_related("camera__organization", "plate").get(pk=pk)
    # Whoever reviews a detection has opened it.
    record_audit_event(action=AuditEvent.Action.VIEWED, actor=actor, target=detection)
    return detection
