from datetime import UTC, date, datetime
from io import StringIO
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db.models import Count, Max, Min

from accounts.models import Organization
from cameras.models import Camera
from detections.models import Detection, FunnelHour
from detections.services.rollups import reconcile
from detections.services.seeding.city import JUNCTIONS, build_city
from detections.services.seeding.fleet import build_fleet
from detections.services.seeding.traffic import passings_of_day
from detections.services.verification import verify_pictures
from tests.detections.factories import make_detection
from vehicles.models import Plate
from vehicles.plates.confusables import distance
from vehicles.plates.grammar import parse

pytestmark = pytest.mark.django_db


def seed(**options: object) -> str:
    told = StringIO()
    defaults = {"detections": 3000, "days": 4, "last_on": date(2026, 3, 2), "organization": "city"}
    call_command("seed", **{**defaults, **options}, stdout=told, stderr=StringIO())
    return told.getvalue()


def rows_of(slug: str) -> list[tuple[object, ...]]:
    rows = Detection.objects.filter(organization__slug=slug).order_by("captured_at", "read_number")
    return list(rows.values_list("captured_at", "read_number", "camera__name", "confidence"))


def test_seed_makes_exactly_what_was_asked_for_with_right_counters() -> None:
    said = seed()

    assert said.startswith("3000 detections in ")
    detections = Detection.objects.filter(organization__slug="city")
    assert detections.count() == 3000
    span = detections.aggregate(first=Min("captured_at"), last=Max("captured_at"))
    bangkok = ZoneInfo("Asia/Bangkok")
    assert span["first"] >= datetime(2026, 2, 27, tzinfo=bangkok)
    assert span["last"] < datetime(2026, 3, 3, tzinfo=bangkok)
    assert all(row.id_time == row.captured_at for row in detections[:100])
    counted = detections.values("plate").annotate(
        times=Count("*"), first=Min("captured_at"), last=Max("captured_at")
    )
    plates = {
        plate.pk: (plate.detections_count, plate.first_seen_at, plate.last_seen_at)
        for plate in Plate.objects.filter(organization__slug="city")
    }
    assert {row["plate"]: (row["times"], row["first"], row["last"]) for row in counted} == plates
    assert sum(row.accepted for row in FunnelHour.objects.all()) == 3000
    assert (
        reconcile(since=span["first"], until=datetime(2026, 3, 4, tzinfo=UTC), repairs=False) == []
    )


def test_seed_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    seed()
    seed(organization="twin")
    seed(organization="stranger", seed=2)

    assert rows_of("city") == rows_of("twin")
    assert rows_of("city") != rows_of("stranger")


def test_seed_refuses_an_organization_with_detections_unless_told(
    organization: Organization, camera: Camera
) -> None:
    make_detection(camera)

    with pytest.raises(CommandError, match="has detections"):
        seed(organization=organization.slug)
    seed(organization=organization.slug, add=True)

    assert Detection.objects.filter(organization=organization).count() == 3001


@pytest.mark.django_db(transaction=True)
def test_seed_refuses_the_same_city_twice_and_leaves_all_as_it_was() -> None:
    seed(detections=200)

    with pytest.raises(CommandError, match="here already"):
        seed(detections=200, add=True)

    assert Detection.objects.count() == 200
    assert sum(plate.detections_count for plate in Plate.objects.all()) == 200


def test_seed_adds_to_a_month_that_holds_rows_of_others() -> None:
    seed(detections=200)
    seed(detections=300, organization="other")

    assert Detection.objects.count() == 500


def test_seed_draws_pictures_of_the_newest() -> None:
    seed(detections=200, pictures=5)

    with_pictures = Detection.objects.exclude(crop_name="")
    assert set(with_pictures) == set(Detection.objects.order_by("-id")[:5])
    for detection in with_pictures:
        assert {check.verdict for check in verify_pictures(detection=detection)} == {"intact"}
        storages["pictures"].delete(detection.frame_name)
        storages["pictures"].delete(detection.crop_name)


def test_misread_numbers_are_one_confusable_character_away() -> None:
    seed()
    plates = list(Plate.objects.filter(country="TH"))
    true = {plate.number for plate in plates if parse(plate.number, "TH")[0].country == "TH"}

    assert len(true) > 0.9 * len(plates)
    seen_once = [plate for plate in plates if plate.detections_count == 1]
    near = [
        plate
        for plate in seen_once
        if any(0 < distance(plate.number, other) < 0.3 for other in true if other != plate.number)
    ]
    assert len(near) > 20


def test_traffic_has_rush_hours_commuters_and_a_cloned_plate() -> None:
    city = build_city(60)
    fleet = build_fleet(np.random.default_rng(5), 2000)
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    day = passings_of_day(
        np.random.default_rng(6),
        city=city,
        fleet=fleet,
        midnight_ms=int(midnight.timestamp() * 1000),
        weekday=0,
        day=0,
        count=20_000,
    )
    hour = (day.at_ms // 3_600_000) % 24
    by_hour = np.bincount(hour, minlength=24)

    assert by_hour[8] > 8 * by_hour[2]
    assert by_hour[17] > by_hour[13]
    assert (np.diff(day.at_ms) >= 0).all()
    clone = day.vehicle == len(fleet.numbers) - 1
    minutes = np.diff(day.at_ms[clone]) / 60_000
    places = [city.posts[camera] for camera in day.camera[clone].tolist()]
    degrees = [abs(one.latitude - other.latitude) for one, other in pairwise(places)]
    assert any(apart > 0.15 and gap < 10 for apart, gap in zip(degrees, minutes, strict=True))


def test_cameras_stand_on_the_roads_and_look_along_them() -> None:
    city = build_city(60)

    east = [east for east, _ in JUNCTIONS.values()]
    north = [north for _, north in JUNCTIONS.values()]
    assert len({post.name for post in city.posts}) == 60
    assert all(min(east) <= post.longitude <= max(east) for post in city.posts)
    assert all(min(north) <= post.latitude <= max(north) for post in city.posts)
    assert len(set(city.cameras.tolist())) == 60
