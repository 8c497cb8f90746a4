"""Pages of vehicles and plates."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Organization, Role, User
from cameras.models import Camera
from detections.services.visits import Pass, visits_of
from lpr_project.common.models import uuid7
from tests.accounts.factories import make_member
from tests.cameras.factories import make_camera_group
from tests.detections.factories import make_detection
from tests.vehicles.factories import make_plate
from tests.vehicles.test_services import Kind, make_field, make_vehicle
from vehicles.models import Plate, Vehicle
from vehicles.services.registrations import assign_plate

ClientOf = Callable[[User], APIClient]


def text_of(answer: HttpResponse) -> str:
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def post(client: APIClient, page: str, /, *args: Any, **form: Any) -> Any:
    return client.post(reverse(page, args=args), form, format="multipart")


def test_list_pages_by_key_and_shows_plates(
    client_of: ClientOf,
    organization: Organization,
    operator: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vehicles.views.vehicles.PAGE_ROWS", 2)
    vans = [make_vehicle(organization, name=f"Van {number}") for number in range(3)]
    assign_plate(vehicle=vans[2], plate=make_plate(organization), actor=None)
    client = client_of(operator)

    first = client.get(reverse("vehicles:list"))
    page = text_of(first)
    second = text_of(client.get(reverse("vehicles:list"), {"after": first.context["older"]}))

    assert "Van 2" in page
    assert "1กข 1234" in page
    assert "Van 1" in page
    assert "Van 0" not in page
    assert "Van 0" in second


def test_list_costs_the_same_for_more_vehicles(
    client_of: ClientOf, organization: Organization, operator: User
) -> None:
    client = client_of(operator)
    counts = []
    for size in (1, 10):
        for number in range(size):
            vehicle = make_vehicle(organization, tags=["VIP"])
            plate = make_plate(organization, f"AB{size}{number}")
            assign_plate(vehicle=vehicle, plate=plate, actor=None)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("vehicles:list"))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_search_is_audited(client_of: ClientOf, organization: Organization, operator: User) -> None:
    make_vehicle(organization)
    page = text_of(client_of(operator).get(reverse("vehicles:list"), {"text": "van"}))

    assert "Van" in page
    event = AuditEvent.objects.filter(action=AuditEvent.Action.SEARCHED).get()
    assert event.detail["plate"] == "van"


def test_viewer_is_told_why_there_is_nothing(
    client_of: ClientOf, organization: Organization, viewer: User
) -> None:
    vehicle = make_vehicle(organization)
    client = client_of(viewer)

    assert "not open to you" in text_of(client.get(reverse("vehicles:list")))
    assert client.get(reverse("vehicles:detail", args=[vehicle.pk])).status_code == 404


def test_who_does_not_edit_sees_no_form_and_no_owner(
    client_of: ClientOf, organization: Organization, operator: User
) -> None:
    vehicle = make_vehicle(organization, owner_name="Somchai", owner_contact="081")
    page = reverse("vehicles:detail", args=[vehicle.pk])
    analyst = make_member(organization, Role.ANALYST)

    assert "Somchai" in text_of(client_of(operator).get(page))
    shown = text_of(client_of(analyst).get(page))
    assert "Somchai" not in shown
    assert "Known to operators" in shown
    assert reverse("vehicles:edit", args=[vehicle.pk]) not in shown
    assert post(client_of(analyst), "vehicles:edit", vehicle.pk, name="x").status_code == 302
    assert post(client_of(analyst), "vehicles:delete", vehicle.pk).status_code == 302
    vehicle.refresh_from_db()
    assert vehicle.name == "Van"


def test_vehicle_is_added_with_custom_fields_and_errors_name_them(
    client_of: ClientOf, organization: Organization, operator: User
) -> None:
    make_field(organization, "permit_until", Kind.DATE)
    client = client_of(operator)

    wrong = post(client, "vehicles:new", name="Van", custom_permit_until="31/01/2027")
    right = post(client, "vehicles:new", name="Van", tags="VIP, Guest", custom_permit_until="")

    assert wrong.status_code == 422
    assert "custom_permit_until" in wrong.context["form"].errors
    assert right.status_code == 302
    vehicle = Vehicle.objects.get()
    assert sorted(tag.name for tag in vehicle.tags.all()) == ["Guest", "VIP"]


def test_vehicle_is_edited_and_deleted(
    client_of: ClientOf, organization: Organization, operator: User
) -> None:
    vehicle = make_vehicle(organization)
    client = client_of(operator)

    post(client, "vehicles:edit", vehicle.pk, name="Post van", owner_name="Somchai")
    vehicle.refresh_from_db()
    assert (vehicle.name, vehicle.owner_name) == ("Post van", "Somchai")

    post(client, "vehicles:delete", vehicle.pk)
    assert not Vehicle.objects.exists()


def test_member_of_two_organizations_says_to_which_a_vehicle_belongs(
    client_of: ClientOf, organization: Organization, other_organization: Organization
) -> None:
    from accounts.services import add_member  # noqa: PLC0415

    user = make_member(organization, Role.OPERATOR)
    add_member(organization=other_organization, user=user, role=Role.MANAGER, actor=None)
    client = client_of(user)

    assert post(client, "vehicles:new", name="Van").status_code == 422
    post(client, "vehicles:new", name="Van", organization=other_organization.pk)
    assert Vehicle.objects.get().organization == other_organization


def test_plate_that_nobody_has_seen_is_given_to_a_vehicle(
    client_of: ClientOf, organization: Organization, operator: User
) -> None:
    vehicle = make_vehicle(organization)
    client = client_of(operator)
    form = {"number": "๑กข-1234", "province": "กรุงเทพ", "since": "2026-01-01"}

    wrong = post(client, "vehicles:plate-add", vehicle.pk, **{**form, "province": "Atlantis"})
    assert wrong.status_code == 422
    assert "province" in wrong.context["form"].errors
    assert not Plate.objects.exists()
    post(client, "vehicles:plate-add", vehicle.pk, **form)
    again = post(client, "vehicles:plate-add", vehicle.pk, **form)

    assert again.status_code == 422
    tenure = vehicle.tenures.get()
    assert (tenure.plate.number, tenure.since) == ("1กข1234", date(2026, 1, 1))
    page = client.get(reverse("vehicles:plate", args=[tenure.plate_id]))
    assert "No camera has seen it yet" in text_of(page)

    post(client, "vehicles:tenure", tenure.pk, since="2026-01-01", until="2026-02-01")
    tenure.refresh_from_db()
    assert tenure.until == date(2026, 2, 1)
    post(client, "vehicles:tenure", tenure.pk, do="remove")
    assert not vehicle.tenures.exists()


def test_status_is_set_with_its_reason(
    client_of: ClientOf, organization: Organization, operator: User
) -> None:
    plate = make_plate(organization)
    client = client_of(operator)

    wrong = post(client, "vehicles:plate-status", plate.pk, status="stolen")
    post(client, "vehicles:plate-status", plate.pk, status="stolen", reason="Report 7")

    assert wrong.status_code == 422
    page = text_of(client.get(reverse("vehicles:plate", args=[plate.pk])))
    assert "Report 7" in page
    plate.refresh_from_db()
    assert plate.status == "stolen"


@pytest.mark.django_db(transaction=True)
def test_passes_are_those_of_the_time_in_which_the_vehicle_had_the_plate(
    client_of: ClientOf, camera: Camera, operator: User, jpeg: bytes
) -> None:
    now = timezone.now()
    before = make_detection(camera, text="1กข1234", captured_at=now - timedelta(days=3))
    during = make_detection(camera, text="1กข1234", captured_at=now, crop=jpeg)
    make_detection(camera, text="2กข1234")
    vehicle = make_vehicle(camera.organization)
    assert during.plate is not None
    since = timezone.localdate() - timedelta(days=1)
    assign_plate(vehicle=vehicle, plate=during.plate, since=since, actor=None)
    client = client_of(operator)

    passes = text_of(client.get(reverse("detections:vehicle-passes", args=[vehicle.pk])))
    gallery = text_of(client.get(reverse("detections:vehicle-gallery", args=[vehicle.pk])))
    whole = text_of(client.get(reverse("detections:plate-passes", args=[during.plate_id])))

    assert str(during.pk) in passes
    assert str(before.pk) not in passes
    assert reverse("detections:crop", args=[during.pk]) in gallery
    assert str(before.pk) in whole


@pytest.mark.django_db(transaction=True)
def test_visits_and_rhythm_are_shown(
    client_of: ClientOf, camera: Camera, second_camera: Camera, operator: User
) -> None:
    make_camera_group(camera.organization, [camera, second_camera], name="North gate")
    now = timezone.now()
    places = {60: camera, 50: second_camera, 0: camera}
    *_, last = [
        make_detection(place, text="1กข1234", captured_at=now - timedelta(minutes=minutes))
        for minutes, place in places.items()
    ]
    vehicle = make_vehicle(camera.organization)
    assert last.plate is not None
    assign_plate(vehicle=vehicle, plate=last.plate, actor=None)
    client, page = client_of(operator), reverse("detections:vehicle-visits", args=[vehicle.pk])

    by_group = client.get(page, {"by": "group", "gap": "15"}).context["visits"]
    by_camera = client.get(page, {"gap": "60"}).context["visits"]
    rhythm = client.get(reverse("detections:plate-rhythm", args=[last.plate_id]))

    assert [(v.place, v.passes, v.dwell) for v in by_group] == [
        ("North gate", 1, timedelta(0)),
        ("North gate", 2, timedelta(minutes=10)),
    ]
    assert [(v.place, v.passes) for v in by_camera] == [("Camera 2", 1), ("Camera 1", 2)]
    assert [row["count"] for row in rhythm.context["cameras"]] == [2, 1]
    assert sum(bar.passes for bar in rhythm.context["hours"]) == 3
    assert client.get(page, {"gap": "1e9", "by": "'"}).status_code == 200


def test_visit_ends_after_a_silence_longer_than_the_gap() -> None:
    start = timezone.now()

    def passed(minutes: float, place: str = "gate") -> Pass:
        return Pass(id=uuid7(), at=start + timedelta(minutes=minutes), camera=place, place=place)

    passes = [passed(0), passed(10), passed(12, "yard"), passed(20), passed(30.1)]
    visits = visits_of(reversed(passes), gap=timedelta(minutes=10))

    assert [(v.place, v.passes, v.dwell) for v in visits] == [
        ("gate", 1, timedelta(0)),
        ("yard", 1, timedelta(0)),
        ("gate", 3, timedelta(minutes=20)),
    ]
    assert visits_of([], gap=timedelta(minutes=1)) == []
