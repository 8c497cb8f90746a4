"""Reads of detections, uploads and counts, each from what a user may see."""

from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from accounts.models import User
from cameras.selectors import camera_ids_visible_to, cameras_visible_to
from detections.models import Detection, FunnelHour, Upload
from lpr_project.common.models import uuid7_floor


def detections_visible_to(user: User) -> QuerySet[Detection]:
    """Detections of the cameras that the user sees, newest first, without their evidence."""
    detections = (
        Detection.objects.select_related("camera", "plate").defer("evidence").order_by("-id")
    )
    if user.is_active and user.is_superuser:
        return detections
    return detections.filter(camera_id__in=camera_ids_visible_to(user))


def in_time(*, since: datetime | None = None, until: datetime | None = None) -> Q:
    """Captured from `since` until before `until`, as a range of ids, which prunes partitions."""
    condition = Q()
    if since is not None:
        condition &= Q(id__gte=uuid7_floor(since))
    if until is not None:
        condition &= Q(id__lt=uuid7_floor(until))
    return condition


def uploads_visible_to(user: User) -> QuerySet[Upload]:
    """Uploads to the cameras that the user sees."""
    return Upload.objects.filter(camera__in=cameras_visible_to(user).values("pk")).select_related(
        "camera", "created_by"
    )


def funnel_visible_to(user: User) -> QuerySet[FunnelHour]:
    """Counts of the cameras that the user sees."""
    return FunnelHour.objects.filter(
        camera__in=cameras_visible_to(user).values("pk")
    ).select_related("camera")


# A device that was offline sends late; older than this it is found in the list, not told live.
LATE_MOST = timedelta(days=1)


def detections_recorded_since(user: User, since: datetime) -> QuerySet[Detection]:
    """Detections that became known after `since`, newest first."""
    span = in_time(since=since - LATE_MOST)
    return detections_visible_to(user).filter(span, recorded_at__gte=since)


def as_rows(detections: QuerySet[Detection]) -> QuerySet[Detection]:
    """Only what a row of a list shows: whole rows would cost their evidence's decoding."""
    return (
        detections.select_related(None)
        .select_related("camera")
        .only(
            "camera__name",
            "read_number",
            "read_country",
            "read_province",
            "confidence",
            "review",
            "captured_at",
            "recorded_at",
            "crop_name",
            "frame_name",
        )
        .annotate(char_confidences=F("evidence__char_confidences"))
    )
