"""The API of cameras and camera groups."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Organization, Role, User
from cameras.models import Camera
from lpr_project.common.countries import COUNTRY_CODES
from tests.accounts.factories import make_member
from tests.cameras.factories import make_camera, make_camera_group
from tests.detections.factories import make_detection
from vehicles.plates.countries import country_name, find_country
from vehicles.plates.families import FAMILIES

ClientOf = Callable[[User], APIClient]
NEW = {
    "name": "Gate",
    "source_kind": "rtsp",
    "source_url": "rtsp://192.0.2.10/stream",
    "source_username": "viewer",
    "source_password": "s3cret passphrase",
    "position": {"longitude": 100.5018, "latitude": 13.7563},
}


def names(client: APIClient, **query: Any) -> list[str]:
    answer = client.get("/api/v1/cameras/", query)
    assert answer.status_code == 200, answer.content
    return [camera["name"] for camera in answer.json()["results"]]


def test_cameras_show_each_person_what_was_granted(  # the people of the house
    client_of: ClientOf,
    camera: Camera,
    second_camera: Camera,
    other_camera: Camera,
    operator: User,
    viewer: User,
    outsider: User,
) -> None:
    assert names(client_of(operator)) == ["Camera 2", "Camera 1"]
    assert names(client_of(viewer)) == ["Camera 1"]
    assert [c["id"] for c in client_of(outsider).get("/api/v1/cameras/").json()["results"]] == [
        str(other_camera.pk)
    ]


@pytest.mark.parametrize("method", ["get", "patch", "put", "delete"])
def test_camera_is_unknown_to_a_stranger(
    client_of: ClientOf, camera: Camera, outsider: User, method: str
) -> None:
    call = getattr(client_of(outsider), method)

    foreign = call(f"/api/v1/cameras/{camera.pk}/", {})
    unknown = call(f"/api/v1/cameras/{uuid4()}/", {})

    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() == unknown.json()


def test_camera_is_added_by_a_manager(
    client_of: ClientOf, organization: Organization, staff: User, operator: User
) -> None:
    answer = client_of(staff).post("/api/v1/cameras/", NEW)

    assert answer.status_code == 201, answer.content
    created = answer.json()
    assert created["organization"] == organization.slug
    assert created["source_url"] == NEW["source_url"]
    assert created["position"] == NEW["position"]
    assert "source_password" not in created
    camera = Camera.objects.get(pk=created["id"])
    assert camera.source_password == "s3cret passphrase"
    assert camera.point is not None
    assert (camera.point.x, camera.point.y) == (100.5018, 13.7563)
    assert names(client_of(operator)) == ["Gate"]
    assert AuditEvent.objects.filter(
        action=AuditEvent.Action.CREATED, actor=staff, target_id=str(camera.pk)
    ).exists()


@pytest.mark.parametrize(("written", "kept"), [("th", "TH"), ("GB", "GB"), ("", "")])
def test_country_of_a_camera_is_kept_in_capitals(
    client_of: ClientOf, staff: User, written: str, kept: str
) -> None:
    answer = client_of(staff).post("/api/v1/cameras/", {**NEW, "country": written})

    assert answer.status_code == 201, answer.content
    assert answer.json()["country"] == kept
    assert Camera.objects.get(pk=answer.json()["id"]).country == kept


def test_letters_that_are_no_country_are_said_to_be_none(client_of: ClientOf, staff: User) -> None:
    answer = client_of(staff).post("/api/v1/cameras/", {**NEW, "country": "XX"})

    assert answer.status_code == 400
    [said] = answer.json()["error"]["detail"]["country"]
    assert said.startswith("XX is no country. Write its two letters")


def test_countries_of_cameras_are_those_that_plates_can_be_of() -> None:
    assert {code for code in COUNTRY_CODES if country_name(code) != code} == COUNTRY_CODES
    assert {find_country(country_name(code, "th")) for code in COUNTRY_CODES} == COUNTRY_CODES
    assert {family.country for family in FAMILIES} <= COUNTRY_CODES


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ANALYST, Role.AUDITOR, Role.VIEWER])
def test_camera_is_not_added_by_others(
    client_of: ClientOf, organization: Organization, role: Role
) -> None:
    answer = client_of(make_member(organization, role)).post("/api/v1/cameras/", NEW)

    assert answer.status_code == 403
    assert not Camera.objects.exists()


def test_camera_is_not_added_to_a_foreign_organization(
    client_of: ClientOf, other_organization: Organization, staff: User
) -> None:
    foreign = client_of(staff).post(
        "/api/v1/cameras/", {**NEW, "organization": other_organization.slug}
    )

    assert foreign.status_code == 400
    assert "organization" in foreign.json()["error"]["detail"]
    assert not Camera.objects.exists()


def test_camera_is_not_put_into_a_foreign_group(
    client_of: ClientOf, other_organization: Organization, staff: User
) -> None:
    group = make_camera_group(other_organization)

    answer = client_of(staff).post("/api/v1/cameras/", {**NEW, "groups": [group.pk]})

    assert answer.status_code == 400
    assert "groups" in answer.json()["error"]["detail"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Camera 1"),
        ("accept_confidence", 0.1),
        ("detector_confidence", 1.5),
        ("include_areas", [[[0, 0], [1, 1]]]),
        ("active_hours", [{"days": [7], "from": 0, "to": 10}]),
        ("position", {"longitude": 181, "latitude": 0}),
        ("country", "THA"),
        ("country", "XX"),
        ("country", "UK"),
        ("country", "7H"),
        ("country", "ไท"),
        ("source_kind", "carrier pigeon"),
        ("source_url", ""),
    ],
)
def test_camera_is_refused_with_the_field_that_is_wrong(
    client_of: ClientOf, camera: Camera, staff: User, field: str, value: Any
) -> None:
    answer = client_of(staff).post("/api/v1/cameras/", {**NEW, field: value})

    assert answer.status_code == 400, answer.content
    assert answer.json()["error"]["code"] == "invalid"
    assert answer.json()["error"]["detail"]
    assert Camera.objects.count() == 1


def test_camera_is_changed_by_a_manager_and_its_password_kept(
    client_of: ClientOf, staff: User
) -> None:
    created = client_of(staff).post("/api/v1/cameras/", NEW).json()

    answer = client_of(staff).patch(f"/api/v1/cameras/{created['id']}/", {"is_enabled": False})

    assert answer.status_code == 200, answer.content
    camera = Camera.objects.get(pk=created["id"])
    assert not camera.is_enabled
    assert camera.source_password == "s3cret passphrase"


def test_camera_is_not_changed_by_an_operator(
    client_of: ClientOf, camera: Camera, operator: User
) -> None:
    client = client_of(operator)

    answer = client.patch(f"/api/v1/cameras/{camera.pk}/", {"is_enabled": False})

    assert answer.status_code == 403
    camera.refresh_from_db()
    assert camera.is_enabled


def test_camera_hides_its_source_from_who_may_not_change_it(
    client_of: ClientOf, staff: User, operator: User
) -> None:
    created = client_of(staff).post("/api/v1/cameras/", NEW).json()

    seen = client_of(operator).get(f"/api/v1/cameras/{created['id']}/").json()

    assert seen["source_url"] is None
    assert seen["source_username"] is None


def test_camera_with_detections_is_archived_and_not_removed(
    client_of: ClientOf, camera: Camera, second_camera: Camera, staff: User
) -> None:
    make_detection(camera)
    client = client_of(staff)

    assert client.delete(f"/api/v1/cameras/{camera.pk}/").status_code == 409
    assert client.delete(f"/api/v1/cameras/{second_camera.pk}/").status_code == 204


def test_cameras_take_as_many_queries_for_many_as_for_one(
    client_of: ClientOf,
    django_assert_num_queries: DjangoAssertNumQueries,
    organization: Organization,
    operator: User,
) -> None:
    make_camera_group(organization, [make_camera(organization) for _ in range(8)])
    client = client_of(operator)

    # Session, user, membership's time zone, changeable ids, cameras, their groups.
    with django_assert_num_queries(6):
        assert len(names(client)) == 8


def test_camera_groups_show_those_that_hold_a_visible_camera(
    client_of: ClientOf,
    organization: Organization,
    camera: Camera,
    second_camera: Camera,
    viewer: User,
    outsider: User,
) -> None:
    group = make_camera_group(organization, [camera])
    make_camera_group(organization, [second_camera])

    shown = client_of(viewer).get("/api/v1/camera-groups/").json()["results"]

    assert [row["id"] for row in shown] == [group.pk]
    assert client_of(outsider).get(f"/api/v1/camera-groups/{group.pk}/").status_code == 404


@pytest.mark.parametrize(
    "source_url", ["gopher://192.0.2.10/", "rtsp://admin:s3cret@192.0.2.10/", "file:///etc/passwd"]
)
def test_camera_takes_no_address_that_could_not_be_opened(
    client_of: ClientOf, staff: User, source_url: str
) -> None:
    answer = client_of(staff).post("/api/v1/cameras/", {**NEW, "source_url": source_url})

    assert answer.status_code == 400
    assert "source_url" in answer.json()["error"]["detail"]
    assert not Camera.objects.exists()


@pytest.mark.parametrize(
    "change", [{"source_url": "rtsp://198.51.100.7/stream"}, {"source_username": "other"}]
)
def test_stored_password_goes_to_no_other_device(
    client_of: ClientOf, staff: User, change: dict[str, str]
) -> None:
    client = client_of(staff)
    url = f"/api/v1/cameras/{client.post('/api/v1/cameras/', NEW).json()['id']}/"

    refused = client.patch(url, change)

    assert refused.status_code == 400
    assert "source_password" in refused.json()["error"]["detail"]
    assert client.patch(url, {"source_url": "rtsp://192.0.2.10/other"}).status_code == 200
    assert client.patch(url, {**change, "source_password": "typed again"}).status_code == 200


def test_camera_of_an_organization_that_cannot_be_is_refused(
    client_of: ClientOf, staff: User
) -> None:
    answer = client_of(staff).post("/api/v1/cameras/", {**NEW, "organization": "\0"})

    assert answer.status_code == 400
