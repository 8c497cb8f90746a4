"""Plates of which nothing is kept."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEvent, Organization, User
from cameras.models import Camera
from detections.errors import PlateIgnoredError
from detections.models import Detection, FunnelHour, NumberMatch
from detections.services.corrections import Wanted, create_rule
from detections.services.recording import Recorded, record_detection, record_detections
from lpr_project.common.errors import NotAllowedError
from tests.detections.factories import make_detection, new_detection
from vehicles.errors import VehicleRefusedError
from vehicles.models import IgnoredPlate, Plate
from vehicles.selectors import ignored_plates_visible_to
from vehicles.services import PlateKey
from vehicles.services.ignoring import change_ignored_plate, ignore_plate, stop_ignoring

KEY = PlateKey("1กข1234", "TH", "TH-10")

pytestmark = pytest.mark.django_db(transaction=True)


def ignore(
    organization: Organization, key: PlateKey = KEY, actor: User | None = None
) -> IgnoredPlate:
    return ignore_plate(
        organization=organization, key=key, reason="Staff car", until=None, actor=actor
    )


def pictures() -> list[Path]:
    folder = settings.DATA_DIR / "pictures"
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


def test_nothing_of_an_ignored_plate_is_kept(camera: Camera, jpeg: bytes) -> None:
    ignore(camera.organization)
    before = set(pictures())
    items = [
        new_detection(camera, text="1กข 1234", frame=jpeg, crop=jpeg),
        new_detection(camera, text="2กข 1234"),
    ]

    ignored, kept = record_detections(items=items)

    assert isinstance(ignored, PlateIgnoredError)
    assert isinstance(kept, Recorded)
    assert "1234" not in ignored.message
    assert [row.read_number for row in Detection.objects.all()] == ["2กข1234"]
    assert not Plate.objects.filter(number="1กข1234").exists()
    assert set(pictures()) == before
    assert FunnelHour.objects.get(camera=camera).ignored == 1


@pytest.mark.parametrize(
    ("key", "is_ignored"),
    [
        (PlateKey("1กข1234", "", ""), True),
        (PlateKey("1กข1234", "TH", ""), True),
        (PlateKey("1กข1234", "TH", "TH-10"), True),
        (PlateKey("1กข1234", "TH", "TH-50"), False),
        (PlateKey("1กข1234", "LA", ""), False),
        (PlateKey("1กข123", "", ""), False),
    ],
)
def test_country_and_province_narrow_what_is_ignored(
    camera: Camera, key: PlateKey, is_ignored: bool
) -> None:
    ignore(camera.organization, key)

    [outcome] = record_detections(items=[new_detection(camera, text="1กข 1234")])

    assert isinstance(outcome, PlateIgnoredError) is is_ignored


def test_what_a_rule_makes_of_a_reading_is_ignored_too(camera: Camera, staff: User) -> None:
    create_rule(
        wanted=Wanted(
            camera=camera, match=NumberMatch.WHOLE, read_number="1กข1284", number="1กข1234"
        ),
        actor=staff,
    )
    ignore(camera.organization)

    with pytest.raises(PlateIgnoredError):
        record_detection(item=new_detection(camera, text="1กข 1284"))


def test_a_plate_is_ignored_in_its_organization_and_until_its_end(
    camera: Camera, other_camera: Camera
) -> None:
    row = ignore(camera.organization)
    make_detection(other_camera, text="1กข 1234")
    IgnoredPlate.objects.filter(pk=row.pk).update(until=timezone.now() - timedelta(seconds=1))

    make_detection(camera, text="1กข 1234")

    assert Detection.objects.count() == 2


@pytest.mark.usefixtures("standing_clock")
def test_camera_that_counted_it_as_accepted_is_put_right(camera: Camera) -> None:
    ignore(camera.organization)
    FunnelHour.objects.create(
        camera=camera,
        hour=timezone.now().replace(minute=0, second=0, microsecond=0),
        tracks=5,
        accepted=5,
    )
    item = new_detection(camera, text="1กข 1234", origin=Detection.Origin.CAMERA)

    record_detections(items=[item])

    hour = FunnelHour.objects.get(camera=camera)
    assert (hour.tracks, hour.accepted, hour.ignored) == (5, 4, 1)


def test_where_nothing_is_ignored_recording_asks_once(camera: Camera) -> None:
    with CaptureQueriesContext(connection) as queries:
        record_detections(items=[new_detection(camera) for _ in range(20)])

    asked = [query for query in queries.captured_queries if "ignoredplate" in query["sql"]]
    assert len(asked) == 1


def test_managers_alone_ignore_and_the_trail_names_no_plate(
    organization: Organization, staff: User, operator: User, outsider: User
) -> None:
    for actor in (operator, outsider):
        with pytest.raises(NotAllowedError):
            ignore(organization, actor=actor)
    row = ignore(organization, actor=staff)

    event = AuditEvent.objects.filter(target_type="vehicles.ignoredplate").get()
    assert event.target_label == str(row.pk)
    assert list(ignored_plates_visible_to(staff)) == [row]
    assert not ignored_plates_visible_to(operator)
    assert not ignored_plates_visible_to(outsider)

    stop_ignoring(ignored=row, actor=staff)
    assert not IgnoredPlate.objects.exists()


def test_reason_and_a_coming_end_are_asked_for(organization: Organization, staff: User) -> None:
    row = ignore(organization)
    with pytest.raises(VehicleRefusedError, match="why"):
        change_ignored_plate(ignored=row, reason=" ", until=None, actor=staff)
    with pytest.raises(VehicleRefusedError, match="future"):
        change_ignored_plate(ignored=row, reason="x", until=timezone.now(), actor=staff)
