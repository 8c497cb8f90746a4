"""What search finds among detections and plates, each from what a user may see."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any
from uuid import UUID

from django.contrib.gis.geos import Point
from django.contrib.gis.measure import D
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from accounts.selectors import organizations_of
from cameras.models import Camera
from cameras.selectors import cameras_visible_to
from detections.criteria.criteria import DISTANCE, Criteria
from detections.models import Detection, SavedSearch
from detections.selectors import in_time
from detections.selectors.hits import hits_seen_by
from vehicles.models import Plate
from vehicles.selectors import (
    READING_ROLES,
    plates_beginning,
    plates_like,
    plates_matching,
    plates_near,
    plates_visible_to,
)

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
    if criteria.text:
        named = _plates_named(user, criteria)
        wanted = _of_passings(user, criteria, span=_span_of_plates(criteria))
        return detections.filter(wanted, plate_id__in=named)
    wanted = _of_passings(user, criteria, span=_span(criteria))
    return detections.filter(wanted, **_of_registrations(criteria, "plate__"))


def plates_found(user: User, criteria: Criteria) -> QuerySet[Plate]:
    """Plates that the criteria want, of organizations in which the user sees every camera.

    Last seen first; for `fuzzy`, those that `plates_near` may rank. Without a text, where only
    detections can tell, ask `plates_passing`. Build and evaluate it `in_bounded_time` where the
    criteria come from a person.

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
        wanted = _at_cameras(user, criteria, span=_span_of_plates(criteria))
        seen = Detection.objects.filter(wanted, plate=OuterRef("pk"))
        plates = plates.filter(Exists(seen.order_by()))
    return plates.order_by("-last_seen_at", "-id")


def is_of_passings(criteria: Criteria) -> bool:
    """Whether plates are found by their passings, from `plates_passing`, and not by a number."""
    return not criteria.text and _asks_of_passings(criteria)


def plates_passing(user: User, criteria: Criteria) -> QuerySet[Detection]:
    """For each plate that the criteria want, its newest detection that they want, newest first.

    Each row that is read costs a look for a newer one of the same plate: a page is found from the
    newest detections, whatever the number of plates. Evaluate it `in_bounded_time`.
    """
    organizations = organizations_of(user, *READING_ROLES).values_list("pk", flat=True)
    passing = _at_cameras(user, criteria, span=Q())
    newer = Detection.objects.filter(
        passing & _span_of_plates(criteria), plate=OuterRef("plate"), id__gt=OuterRef("id")
    )
    return (
        Detection.objects.filter(
            passing & _span(criteria),
            ~Exists(newer.order_by()),
            organization__in=list(organizations),
            plate__isnull=False,
            **_of_registrations(criteria, "plate__"),
        )
        .select_related("plate__organization")
        .only("id", "plate")
        .order_by("-id")
    )


def _at_cameras(user: User, criteria: Criteria, *, span: Q) -> Q:
    """What a row of detections tells, at the cameras that the criteria name."""
    wanted = _of_passings(user, criteria, span=span)
    if _narrows_cameras(criteria):
        chosen = cameras_chosen(user, criteria).order_by().values_list("pk", flat=True)
        wanted &= Q(camera_id__in=list(chosen))
    return wanted


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


def _span(criteria: Criteria) -> Q:
    return in_time(since=criteria.since, until=criteria.until)


def _span_of_plates(criteria: Criteria) -> Q:
    """The same span for questions that the index by plate should answer.

    PostgreSQL takes a short range of ids for a single row, since it cannot tell how far two ids of
    one bin of its histogram lie apart, and would read the whole span for each plate. Whole months
    leave the partitions out that are not needed, and the moment itself tempts no index.
    """
    span = Q()
    if criteria.since:
        month = criteria.since.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0)
        span &= in_time(since=month) & Q(captured_at__gte=criteria.since)
    if criteria.until:
        month = criteria.until.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0)
        after = (month + timedelta(days=32)).replace(day=1)
        span &= in_time(until=after) & Q(captured_at__lt=criteria.until)
    return span


def _of_passings(user: User, criteria: Criteria, *, span: Q) -> Q:
    """What a row of detections tells by itself, in a span."""
    wanted = span
    if criteria.is_hit is not None:
        hits = hits_seen_by(user)
        wanted &= hits if criteria.is_hit else ~hits
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
            return plates_beginning(plates, criteria.number)
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
