"""Reads of detections, uploads and counts, each from what a user may see."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.gis.geos import Point
from django.contrib.gis.measure import D
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Length

from accounts.models import Role, User
from accounts.selectors import organizations_of
from cameras.models import Camera
from cameras.selectors import camera_ids_visible_to, cameras_visible_to
from detections.criteria.criteria import DISTANCE, Criteria
from detections.models import (
    CorrectionBatch,
    CorrectionRule,
    Detection,
    FunnelHour,
    ReviewEntry,
    SavedSearch,
    Upload,
)
from detections.models.detections import WAITING_FOR_REVIEW
from detections.recognition.evaluation.tally import Share
from lpr_project.common.models import uuid7_floor
from vehicles.models import Plate, Vehicle
from vehicles.selectors import plates_like, plates_matching, plates_near, plates_visible_to

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
            "camera__name",
            "plate__number",
            "plate__country",
            "plate__province",
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


def cameras_reviewed_by(user: User, *roles: Role) -> QuerySet[Camera]:
    """Cameras that the user sees, where it reviews, or holds another of `roles`."""
    organizations = organizations_of(user, *(roles or REVIEWING_ROLES))
    return cameras_visible_to(user).filter(organization__in=organizations)


def waiting_detections(camera_ids: Collection[UUID]) -> QuerySet[Detection]:
    """What people should look at, newest first: too uncertain to be accepted, or in the sample."""
    return Detection.objects.filter(WAITING_FOR_REVIEW, camera_id__in=camera_ids).order_by("-id")


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


# So many plates are named one by one, and the index of detections by plate finds their sightings;
# of more, the newest detections are soon among them.
PLATES_NAMED_MOST = 1000


def cameras_chosen(user: User, criteria: Criteria) -> QuerySet[Camera]:
    """Cameras that the user sees and the criteria name, by themselves or by where they stand."""
    cameras = cameras_visible_to(user)
    if criteria.cameras or criteria.groups:
        through = Camera.groups.through.objects.filter(cameragroup__in=criteria.groups)
        cameras = cameras.filter(Q(pk__in=criteria.cameras) | Q(pk__in=through.values("camera_id")))
    if criteria.outline:
        cameras = cameras.filter(point__intersects=criteria.outline.polygon)
    if circle := criteria.circle:
        centre = Point(circle.longitude, circle.latitude, srid=4326)
        cameras = cameras.filter(point__distance_lte=(centre, D(m=circle.radius_m)))
    return cameras


def detections_found(user: User, criteria: Criteria) -> QuerySet[Detection]:
    """Detections that the user sees and the criteria want, newest first, without their evidence.

    A range of time is a range of ids, which reads only the partitions it must. Build and evaluate
    it `in_bounded_time` where the criteria come from a person.

    Raises:
        SearchRefusedError: The text stands on no plate, or finds nearly every plate.
    """
    detections = (
        Detection.objects.select_related("camera", "plate").defer("evidence").order_by("-id")
    )
    if not user.is_superuser or _narrows_cameras(criteria):
        chosen = cameras_chosen(user, criteria).order_by().values_list("pk", flat=True)
        detections = detections.filter(camera_id__in=list(chosen))
    detections = detections.filter(_of_passings(criteria))
    if criteria.text:
        return detections.filter(plate_id__in=_plates_named(user, criteria))
    return detections.filter(**_of_registrations(criteria, "plate__"))


def plates_found(user: User, criteria: Criteria) -> QuerySet[Plate]:
    """Plates that the criteria want, of organizations in which the user sees every camera.

    Last seen first; for `fuzzy`, those that `plates_near` may rank. Build and evaluate it
    `in_bounded_time` where the criteria come from a person.

    Raises:
        SearchRefusedError: The text stands on no plate, or finds nearly every plate.
    """
    plates = _written(plates_visible_to(user), criteria)
    plates = plates.filter(**_of_registrations(criteria))
    if criteria.since:
        plates = plates.filter(last_seen_at__gte=criteria.since)
    if criteria.until:
        plates = plates.filter(first_seen_at__lt=criteria.until)
    if _asks_of_passings(criteria):
        seen = Detection.objects.filter(_of_passings(criteria), plate=OuterRef("pk"))
        if _narrows_cameras(criteria):
            chosen = cameras_chosen(user, criteria).order_by().values_list("pk", flat=True)
            seen = seen.filter(camera_id__in=list(chosen))
        plates = plates.filter(Exists(seen))
    return plates.order_by("-last_seen_at", "-id")


def _narrows_cameras(criteria: Criteria) -> bool:
    return bool(criteria.cameras or criteria.groups or criteria.outline or criteria.circle)


def _asks_of_passings(criteria: Criteria) -> bool:
    """Whether only a plate's detections can tell; a rejected one leaves no plate behind."""
    plain = replace(
        criteria,
        text="",
        match="",
        most_distance=DISTANCE,
        country="",
        province="",
        seen_at_least=None,
        seen_at_most=None,
        has_plate=None,
    )
    return not plain.is_empty


def _of_passings(criteria: Criteria) -> Q:
    """What a row of detections tells by itself."""
    wanted = in_time(since=criteria.since, until=criteria.until)
    several = {
        "vehicle_kind__in": criteria.vehicle_kinds,
        "vehicle_color__in": criteria.vehicle_colors,
        "direction__in": criteria.directions,
        "review__in": criteria.wanted_reviews,
    }
    wanted &= Q(**{lookup: values for lookup, values in several.items() if values})
    if not criteria.wanted_reviews:
        # The pass that it was merged into stands for it.
        wanted &= ~Q(review=Detection.Review.MERGED)
    one = {
        "confidence__gte": criteria.min_confidence,
        "confidence__lte": criteria.max_confidence,
        "is_hit": criteria.is_hit,
        "plate__isnull": None if criteria.has_plate is None else not criteria.has_plate,
    }
    return wanted & Q(**{lookup: value for lookup, value in one.items() if value is not None})


def _of_registrations(criteria: Criteria, prefix: str = "") -> dict[str, Any]:
    """What a plate's own row tells, apart from its number."""
    wanted = {
        "country": criteria.country or None,
        "province": criteria.province or None,
        "detections_count__gte": criteria.seen_at_least,
        "detections_count__lte": criteria.seen_at_most,
    }
    return {f"{prefix}{name}": value for name, value in wanted.items() if value is not None}


def _written(plates: QuerySet[Plate], criteria: Criteria) -> QuerySet[Plate]:
    """Plates whose number is as the text says; for `fuzzy`, all."""
    match criteria.match:
        case "exact":
            return plates.filter(number=criteria.number)
        case "prefix":
            return plates.filter(number__startswith=criteria.number)
        case "wildcard":
            return plates_like(plates, criteria.text)
        case "regex":
            return plates_matching(plates, criteria.text)
        case _:
            return plates


def _plates_named(user: User, criteria: Criteria) -> list[UUID] | QuerySet[Plate, UUID]:
    """Ids of the plates that a text finds; as a query where they are many.

    Not only those that the user may open: the cameras decide which sightings are shown.
    """
    organizations = list(organizations_of(user).values_list("pk", flat=True))
    plates = Plate.objects.filter(
        organization__in=organizations, **_of_registrations(criteria)
    ).order_by()
    if criteria.match == "fuzzy":
        near = plates_near(plates, criteria.text, most_distance=criteria.most_distance)
        return [found.plate.pk for found in near]
    wanted = _written(plates, criteria).values_list("pk", flat=True)
    named = list(wanted[: PLATES_NAMED_MOST + 1])
    return named if len(named) <= PLATES_NAMED_MOST else wanted


def saved_searches_visible_to(user: User) -> QuerySet[SavedSearch]:
    """The user's own searches, and those that others of its organizations share, by name."""
    searches = SavedSearch.objects.select_related("owner", "organization").order_by("name", "pk")
    organizations = organizations_of(user)
    if not user.is_active:
        return searches.none()
    return searches.filter(
        Q(owner=user) | Q(is_shared=True, owner__is_active=True), organization__in=organizations
    )
