"""Reads of detections, uploads and counts, each from what a user may see."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Length

from accounts.models import Role, User
from accounts.selectors import organizations_of
from cameras.models import Camera
from cameras.selectors import camera_ids_visible_to, cameras_visible_to
from detections.models import (
    CorrectionBatch,
    CorrectionRule,
    Detection,
    FunnelHour,
    ReviewEntry,
    Upload,
)
from detections.models.detections import WAITING_FOR_REVIEW
from detections.recognition.evaluation.tally import Share
from lpr_project.common.models import uuid7_floor
from vehicles.models import Plate, Vehicle

REVIEWING_ROLES = (Role.OWNER, Role.MANAGER, Role.OPERATOR, Role.ANALYST)
# Batches and rules reach further than one detection that somebody looks at.
CORRECTING_ROLES = (Role.OWNER, Role.MANAGER, Role.ANALYST)
# A viewer sees what a detection is, and not who said so.
HISTORY_ROLES = (*REVIEWING_ROLES, Role.AUDITOR)


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


def passes_of_plate(user: User, plate: Plate) -> QuerySet[Detection]:
    """Where the user sees that a plate was, newest first."""
    return _counted_passes(user).filter(plate=plate)


def passes_of_vehicle(user: User, vehicle: Vehicle) -> QuerySet[Detection]:
    """Where the user sees that a vehicle was, with each plate in the time that it had it."""
    zone = vehicle.organization.zone
    wanted = Q(pk__in=())
    for tenure in vehicle.tenures.all():
        span = in_time(since=_midnight(tenure.since, zone), until=_midnight(tenure.until, zone))
        wanted |= Q(plate_id=tenure.plate_id) & span
    return _counted_passes(user).filter(wanted)


def _counted_passes(user: User) -> QuerySet[Detection]:
    # The pass that another was merged into stands for it.
    return detections_visible_to(user).exclude(review=Detection.Review.MERGED)


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, tzinfo=zone)


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
        .select_related("camera", "plate")
        .only(
            "organization_id",
            "camera__name",
            "plate__number",
            "plate__country",
            "plate__province",
            "read_number",
            "read_country",
            "read_province",
            "confidence",
            "review",
            "is_hit",
            "captured_at",
            "recorded_at",
            "crop_name",
            "frame_name",
        )
        .annotate(char_confidences=F("evidence__char_confidences"))
    )


# Of a camera a list needs the name; its whole row, with the point, costs more than the detection's.
_LISTED = (
    *(field.attname for field in Detection._meta.concrete_fields if field.name != "evidence"),  # noqa: SLF001  # Django's public name
    "camera__name",
    "plate__number",
    "plate__country",
    "plate__province",
)


def as_listed(detections: QuerySet[Detection]) -> QuerySet[Detection, dict[str, Any]]:
    """What a program's list shows of each, by name: making objects of rows costs a page more."""
    rows: QuerySet[Detection, dict[str, Any]] = detections.values(*_LISTED)
    return rows


def cameras_reviewed_by(user: User, *roles: Role) -> QuerySet[Camera]:
    """Cameras that the user sees, where it reviews, or holds another of `roles`."""
    organizations = organizations_of(user, *(roles or REVIEWING_ROLES))
    return cameras_visible_to(user).filter(organization__in=organizations)


def waiting_detections() -> QuerySet[Detection]:
    """What people should look at, newest first: too uncertain to be accepted, or in the sample."""
    return Detection.objects.filter(WAITING_FOR_REVIEW).order_by("-id")


NEIGHBOURS_WITHIN = timedelta(seconds=60)


def neighbours_of(detection: Detection) -> QuerySet[Detection]:
    """What the same camera recorded within a minute: perhaps the same vehicle, found again."""
    at = detection.captured_at
    near = in_time(since=at - NEIGHBOURS_WITHIN, until=at + NEIGHBOURS_WITHIN)
    others = Detection.objects.filter(near, camera_id=detection.camera_id).exclude(pk=detection.pk)
    return others.exclude(review=Detection.Review.MERGED).order_by("-id")


def review_entries_visible_to(user: User) -> QuerySet[ReviewEntry]:
    """Decisions about detections of the cameras that the user sees, newest first."""
    entries = ReviewEntry.objects.select_related("camera", "actor", "batch").order_by("-id")
    cameras = cameras_reviewed_by(user, *HISTORY_ROLES).order_by().values("pk")
    return entries.filter(
        organization__in=organizations_of(user, *HISTORY_ROLES), camera__in=cameras
    )


def history_of(user: User, detection: Detection) -> QuerySet[ReviewEntry]:
    """Decisions about one detection, and about passes merged into it or split off it."""
    return review_entries_visible_to(user).filter(
        Q(detection=detection) | Q(other_detection=detection)
    )


def correction_rules_visible_to(user: User) -> QuerySet[CorrectionRule]:
    """Rules of the cameras that the user sees, newest first."""
    cameras = cameras_reviewed_by(user, *HISTORY_ROLES).order_by().values("pk")
    rules = CorrectionRule.objects.filter(camera__in=cameras)
    return rules.select_related("camera", "created_by").order_by("-id")


def correction_batches_visible_to(user: User) -> QuerySet[CorrectionBatch]:
    """Batches of the cameras that the user sees, newest first."""
    cameras = cameras_reviewed_by(user, *HISTORY_ROLES).order_by().values("pk")
    batches = CorrectionBatch.objects.filter(camera__in=cameras)
    return batches.select_related("camera", "actor", "undone_by").order_by("-id")


def active_rules(camera_ids: Collection[UUID]) -> QuerySet[CorrectionRule]:
    """Rules that hold for these cameras now, the most exact first."""
    rules = CorrectionRule.objects.filter(camera_id__in=camera_ids, is_active=True)
    return rules.order_by("-match", Length("read_number").desc(), "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How well a camera's plates are read with one model set, as people found them.

    `sample` counts what chance chose, so it tells of all detections; `reviewed` counts whatever
    people looked at, which are the doubtful ones first. Both count numbers read right.
    """

    camera_id: UUID
    model_set: str
    sample: Share
    reviewed: Share


def accuracy_of(
    camera_ids: Collection[UUID], *, since: datetime, until: datetime | None = None
) -> list[Accuracy]:
    """Accuracy of each camera and model set, from what was captured in a span and judged."""
    judged = Detection.objects.filter(~Q(verdict=""), in_time(since=since, until=until))
    counted = (
        judged.filter(camera_id__in=camera_ids)
        .order_by()
        .values_list("camera_id", "model_set", "is_sampled", "verdict")
        .annotate(count=Count("*"))
    )
    counts: dict[tuple[UUID, str], dict[bool, _Judged]] = {}
    for camera_id, model_set, is_sampled, verdict, count in counted:
        both = counts.setdefault((camera_id, model_set), {False: _Judged(), True: _Judged()})
        both[is_sampled].total += count
        both[is_sampled].right += count if verdict in _NUMBER_RIGHT else 0
    return [
        Accuracy(
            camera_id=camera_id,
            model_set=model_set,
            sample=Share(count=both[True].right, total=both[True].total),
            reviewed=Share(
                count=both[True].right + both[False].right,
                total=both[True].total + both[False].total,
            ),
        )
        for (camera_id, model_set), both in sorted(counts.items())
    ]


def count_sample_waiting(camera_ids: Collection[UUID], *, since: datetime) -> dict[UUID, int]:
    """How many of each camera's random sample, captured since, nobody has looked at yet."""
    waiting = Detection.objects.filter(
        WAITING_FOR_REVIEW, in_time(since=since), camera_id__in=camera_ids, is_sampled=True
    )
    counted = waiting.order_by().values_list("camera_id").annotate(count=Count("*"))
    return dict(counted)


_NUMBER_RIGHT = (Detection.Verdict.RIGHT, Detection.Verdict.PLACE)


@dataclass(slots=True)
class _Judged:
    right: int = 0
    total: int = 0
