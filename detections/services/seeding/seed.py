"""Fills an organization with a city's cameras, plates and detections."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import structlog
from django.contrib.gis.geos import Point
from django.db import IntegrityError, connection, transaction

from accounts.models import AuditEvent, Organization
from accounts.services import record_audit_event
from cameras.models import Camera
from cameras.services import create_camera
from detections.errors import SeedRefusedError
from detections.models import Detection
from detections.services.partitions import month_of
from detections.services.seeding.city import City, build_city
from detections.services.seeding.fleet import Fleet, build_fleet
from detections.services.seeding.loading import MonthLoader
from detections.services.seeding.pictures import SeededPictures
from detections.services.seeding.registrations import Registrations
from detections.services.seeding.rows import COLUMNS, RowWriter
from detections.services.seeding.traffic import Passings, passings_of_day

log = structlog.get_logger(__name__)

# A vehicle is seen some eight times, as in towns where cameras count visitors too.
_DETECTIONS_PER_VEHICLE = 8
_LEAST_VEHICLES = 60
_WORKDAY, _WEEKEND = 1.0, 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedPlan:
    """What to make. The same plan makes the same traffic; `last_on` is its last whole day.

    `pictures` is how many of the newest detections get small pictures. `adds` allows an
    organization that has detections already.
    """

    detections: int
    days: int
    last_on: date
    cameras: int = 60
    seed: int = 1
    pictures: int = 0
    adds: bool = False


class _Day(NamedTuple):
    number: int
    midnight: datetime
    passings: int


def seed_city(
    *, organization: Organization, plan: SeedPlan, tell: Callable[[int], None] = lambda _rows: None
) -> int:
    """Record a plan's detections, all or none; nobody is told of them live.

    The tables of months that hold no rows are replaced, during which nobody reads or writes
    detections.

    Args:
        tell: Called with the number of rows written so far.

    Returns:
        The number of detections made.

    Raises:
        SeedRefusedError: The organization has detections, or exactly these.
    """
    _check(organization, plan)
    try:
        with transaction.atomic():
            made = _seed(organization, plan, tell)
    except IntegrityError as error:
        raise SeedRefusedError(
            "These detections are here already. Choose another --seed or another --last-on."
        ) from error
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE detections_detection, vehicles_plate")
    log.info("city_seeded", organization_id=organization.pk, detections=made)
    return made


def _check(organization: Organization, plan: SeedPlan) -> None:
    has_detections = Detection.objects.filter(organization=organization).exists()
    if has_detections and not plan.adds:
        raise SeedRefusedError(
            f"{organization} has detections. Name another --organization, or say --add to mix "
            "seeded detections among them; they cannot be told apart later."
        )


def _seed(organization: Organization, plan: SeedPlan, tell: Callable[[int], None]) -> int:
    with connection.cursor() as cursor:
        # Rows that wait for their check would forbid that tables are attached.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    city = build_city(plan.cameras)
    size = max(_LEAST_VEHICLES, plan.detections // _DETECTIONS_PER_VEHICLE)
    fleet = build_fleet(np.random.default_rng([plan.seed, 1]), size)
    days = _days(plan, organization.zone)
    registrations = Registrations(fleet)
    for day in days:
        registrations.count(_passings(plan, city, fleet, day))
    plates = registrations.write(organization)
    cameras = _cameras(organization, city)
    pictures = SeededPictures(organization, plan.detections - plan.pictures)
    writer = RowWriter(
        organization=organization,
        cameras=[camera.pk for camera in cameras],
        fleet=fleet,
        registrations=registrations,
        plates=plates,
        pictures=pictures,
        seed=plan.seed,
    )
    try:
        made = _write(writer, _by_month(plan, city, fleet, days), tell)
    except BaseException:
        pictures.discard()
        raise
    record_audit_event(
        action=AuditEvent.Action.CREATED,
        actor=None,
        organization=organization,
        target_label="seeded detections",
        detail={"detections": made, "seed": plan.seed, "days": plan.days},
    )
    return made


def _days(plan: SeedPlan, zone: ZoneInfo) -> list[_Day]:
    """The days of a plan with their shares of the detections."""
    dates = [plan.last_on - timedelta(days=back) for back in reversed(range(plan.days))]
    weights = np.array([_WORKDAY if on.weekday() < 5 else _WEEKEND for on in dates])  # noqa: PLR2004  # Saturday
    edges = np.round(np.cumsum([0.0, *weights]) / weights.sum() * plan.detections).astype(int)
    return [
        _Day(number, datetime.combine(on, time(), zone), int(end - start))
        for number, (on, (start, end)) in enumerate(zip(dates, pairwise(edges), strict=True))
    ]


def _passings(plan: SeedPlan, city: City, fleet: Fleet, day: _Day) -> Passings:
    return passings_of_day(
        np.random.default_rng([plan.seed, 2, day.number]),
        city=city,
        fleet=fleet,
        midnight_ms=int(day.midnight.timestamp() * 1000),
        weekday=day.midnight.weekday(),
        day=day.number,
        count=day.passings,
    )


def _by_month(
    plan: SeedPlan, city: City, fleet: Fleet, days: list[_Day]
) -> Iterator[tuple[datetime, Passings]]:
    """Passings in the order of time, none across the end of a month in UTC."""
    for day in days:
        passings = _passings(plan, city, fleet, day)
        months = passings.at_ms.astype("datetime64[ms]").astype("datetime64[M]")
        changes = np.flatnonzero(months[1:] != months[:-1]) + 1
        for start, end in pairwise([0, *changes.tolist(), len(passings)]):
            if start < end:
                first = datetime.fromtimestamp(int(passings.at_ms[start]) / 1000, UTC)
                yield month_of(first), passings.part(slice(start, end))


def _write(
    writer: RowWriter,
    parts: Iterator[tuple[datetime, Passings]],
    tell: Callable[[int], None],
) -> int:
    made = 0
    loaders: list[MonthLoader] = []
    part = next(parts, None)
    while part is not None:
        month = part[0]
        with MonthLoader(month, COLUMNS) as loader:
            while part is not None and part[0] == month:
                for lines in writer.lines(part[1]):
                    loader.write(lines)
                made += len(part[1])
                tell(made)
                part = next(parts, None)
        loaders.append(loader)
    writer.count_hours()
    for loader in loaders:
        loader.join()
    return made


def _cameras(organization: Organization, city: City) -> list[Camera]:
    """The city's cameras; those of an earlier run are used again."""
    known = {camera.name: camera for camera in Camera.objects.filter(organization=organization)}
    return [
        known.get(post.name)
        or create_camera(
            organization=organization,
            actor=None,
            name=post.name,
            purpose=Camera.Purpose.TRAFFIC,
            source_kind=Camera.SourceKind.PUSH,
            point=Point(post.longitude, post.latitude, srid=4326),
            heading_degrees=post.heading_degrees,
        )
        for post in city.posts
    ]
