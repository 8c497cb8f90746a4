"""The API of vehicles, their plates, tags, custom fields and what is ignored."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Organization, Role, Scope, User
from tests.accounts.factories import make_api_key, make_member
from tests.vehicles.factories import make_plate
from tests.vehicles.test_services import Kind, make_field, make_vehicle
from vehicles.models import IgnoredPlate, Plate, Tag, Vehicle
from vehicles.services.registrations import assign_plate

ClientOf = Callable[[User], APIClient]
ROOT = "/api/v1"


def test_vehicle_is_made_changed_and_forgotten(
    client_of: ClientOf, organization: Organization, operator: User
) -> None:
    make_field(organization, "grade", Kind.CHOICE, "gold", "silver")
    client = client_of(operator)
    new = {"name": "Van", "tags": ["VIP"], "custom": {"grade": "GOLD"}, "owner_name": "Somchai"}

    made = client.post(f"{ROOT}/vehicles/", new).json()
    path = f"{ROOT}/vehicles/{made['id']}/"
    changed = client.patch(path, {"make": "Toyota", "custom": {"grade": None}}).json()

    assert (made["tags"], made["custom"], made["owner_name"]) == (
        ["VIP"], {"grade": "gold"}, "Somchai",
    )  # fmt: skip
    assert (changed["make"], changed["custom"], changed["tags"]) == ("Toyota", {}, ["VIP"])
    assert client.delete(path).status_code == 204
    assert not Vehicle.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"custom": {"grade": "bronze"}}, "custom"),
        ({"custom": {"unknown": 1}}, "custom"),
        ({"tags": ["x" * 41]}, "tags"),
        ({"tags": "VIP"}, "tags"),
        ({"name": "x" * 121}, "name"),
        ({"organization": "airport"}, "organization"),
    ],
)
def test_wrong_vehicle_names_its_field(
    client_of: ClientOf,
    organization: Organization,
    other_organization: Organization,
    operator: User,
    wrong: dict[str, Any],
    field: str,
) -> None:
    make_field(organization, "grade", Kind.CHOICE, "gold", "silver")
    answer = client_of(operator).post(f"{ROOT}/vehicles/", {"name": "Van", **wrong})

    assert answer.status_code == 400
    assert field in answer.json()["error"]["detail"]
    assert not Vehicle.objects.exists()


def test_owner_is_null_for_who_does_not_edit(
    client_of: ClientOf, organization: Organization, viewer: User
) -> None:
    vehicle = make_vehicle(organization, owner_name="Somchai")
    client = client_of(make_member(organization, Role.ANALYST))

    shown = client.get(f"{ROOT}/vehicles/{vehicle.pk}/").json()
    assert (shown["name"], shown["owner_name"], shown["owner_contact"]) == ("Van", None, None)
    assert client.patch(f"{ROOT}/vehicles/{vehicle.pk}/", {"name": "x"}).status_code == 403
    assert client.post(f"{ROOT}/vehicles/", {"name": "x"}).status_code == 400
    assert client_of(viewer).get(f"{ROOT}/vehicles/").json()["results"] == []


def test_vehicles_are_filtered_at_the_same_cost(
    client_of: ClientOf, organization: Organization, operator: User
) -> None:
    client = client_of(operator)
    counts: list[int] = []
    found: dict[str, Any] = {}
    for size in (1, 8):
        for number in range(size):
            vehicle = make_vehicle(organization, name=f"Van {number}", tags=["VIP"])
            plate = make_plate(organization, f"AB{size}{number}")
            assign_plate(vehicle=vehicle, plate=plate, actor=None)
        with CaptureQueriesContext(connection) as queries:
            found = client.get(f"{ROOT}/vehicles/", {"text": "van", "tag": "vip"}).json()
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert len(found["results"]) == 9
    assert found["results"][0]["plates"][0]["plate"]["number"] == "AB87"
    assert (
        client.get(f"{ROOT}/vehicles/", {"text": "AB8-7"}).json()["results"][0]["name"] == "Van 7"
    )
    assert client.get(f"{ROOT}/vehicles/", {"status": "stolen"}).json()["results"] == []


def test_plate_is_given_ended_and_taken_off(
    client_of: ClientOf,
    organization: Organization,
    operator: User,
    other_organization: Organization,
) -> None:
    vehicle, strange = make_vehicle(organization), make_vehicle(other_organization)
    client = client_of(operator)
    new = {"vehicle": str(vehicle.pk), "number": "1กข-1234", "province": "กรุงเทพ"}

    made = client.post(f"{ROOT}/vehicle-plates/", new)
    again = client.post(f"{ROOT}/vehicle-plates/", new)
    path = f"{ROOT}/vehicle-plates/{made.json()['id']}/"
    ended = client.patch(path, {"until": "2026-02-01"}).json()

    assert made.status_code == 201
    assert made.json()["plate"]["province"] == "TH-10"
    assert made.json()["plate"]["last_seen_at"] is None
    assert again.status_code == 400
    assert ended["until"] == "2026-02-01"
    foreign = client.post(f"{ROOT}/vehicle-plates/", {**new, "vehicle": str(strange.pk)})
    assert "vehicle" in foreign.json()["error"]["detail"]
    assert client.delete(path).status_code == 204


def test_status_is_set(client_of: ClientOf, organization: Organization, operator: User) -> None:
    plate = make_plate(organization)
    client, path = client_of(operator), f"{ROOT}/plates/{plate.pk}/status/"

    assert client.post(path, {"status": "stolen"}).status_code == 400
    answer = client.post(path, {"status": "stolen", "reason": "Report 7"})
    assert answer.json()["status"] == "stolen"
    listed = client.get(f"{ROOT}/plates/", {"status": "stolen"}).json()["results"]
    assert [row["id"] for row in listed] == [str(plate.pk)]


def test_tags_and_custom_fields_are_kept(
    client_of: ClientOf, organization: Organization, operator: User, staff: User
) -> None:
    client, managing = client_of(operator), client_of(staff)
    field = {"key": "permit", "label": "Permit", "kind": "date"}

    tag = client.post(f"{ROOT}/vehicle-tags/", {"name": "VIP"}).json()
    twice = client.post(f"{ROOT}/vehicle-tags/", {"name": "vip"})
    renamed = client.patch(f"{ROOT}/vehicle-tags/{tag['id']}/", {"name": "Guest"}).json()

    assert twice.status_code == 400
    assert renamed["name"] == "Guest"
    assert client.post(f"{ROOT}/vehicle-fields/", field).status_code == 400
    made = managing.post(f"{ROOT}/vehicle-fields/", field)
    assert made.status_code == 201, made.content
    path = f"{ROOT}/vehicle-fields/{made.json()['id']}/"
    assert client.get(path).json()["label"] == "Permit"
    assert client.patch(path, {"label": "x"}).status_code == 403
    assert managing.patch(path, {"key": "other"}).status_code == 400
    assert managing.delete(path).status_code == 204
    assert client.delete(f"{ROOT}/vehicle-tags/{tag['id']}/").status_code == 204
    assert not Tag.objects.exists()


def test_ignored_plates_are_for_managers(
    client_of: ClientOf, organization: Organization, operator: User, staff: User
) -> None:
    new = {"number": "๑กข-1234", "province": "กรุงเทพ", "reason": "Staff"}
    managing = client_of(staff)

    made = managing.post(f"{ROOT}/ignored-plates/", new)
    path = f"{ROOT}/ignored-plates/{made.json()['id']}/"

    assert (made.json()["number"], made.json()["province"]) == ("1กข1234", "TH-10")
    assert managing.post(f"{ROOT}/ignored-plates/", new).status_code == 400
    assert managing.post(f"{ROOT}/ignored-plates/", {**new, "number": "<>"}).status_code == 400
    assert managing.patch(path, {"reason": "Director"}).json()["reason"] == "Director"
    assert client_of(operator).get(path).status_code == 404
    assert managing.delete(path).status_code == 204
    assert not IgnoredPlate.objects.exists()


def test_key_needs_the_scope_of_vehicles(organization: Organization) -> None:
    make_vehicle(organization)
    _, reading = make_api_key(organization, Scope.VEHICLES_READ)
    client = APIClient(headers={"Authorization": f"Bearer {reading}"})

    assert len(client.get(f"{ROOT}/vehicles/").json()["results"]) == 1
    assert client.post(f"{ROOT}/vehicles/", {"name": "x"}).status_code == 403
    assert client.get(f"{ROOT}/plates/").status_code == 403
    assert not Plate.objects.exists()
