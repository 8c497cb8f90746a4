"""The API of detections, uploads and models."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Organization, User
from cameras.models import Camera
from detections.models import Detection, Upload
from tests.cameras.factories import make_camera_group
from tests.detections.factories import make_detection

ClientOf = Callable[[User], APIClient]


def ids(client: APIClient, **query: Any) -> list[UUID]:
    answer = client.get("/api/v1/detections/", query)
    assert answer.status_code == 200, answer.content
    return [UUID(detection["id"]) for detection in answer.json()["results"]]


def test_detections_come_newest_first_and_only_of_visible_cameras(  # the people
    client_of: ClientOf,
    camera: Camera,
    second_camera: Camera,
    other_camera: Camera,
    operator: User,
    viewer: User,
    outsider: User,
) -> None:
    now = timezone.now()
    old = make_detection(camera, captured_at=now - timedelta(minutes=2))
    new = make_detection(second_camera, captured_at=now - timedelta(minutes=1))
    foreign = make_detection(other_camera)

    assert ids(client_of(operator)) == [new.pk, old.pk]
    assert ids(client_of(viewer)) == [old.pk]
    assert ids(client_of(outsider)) == [foreign.pk]


def test_detections_are_paged_by_key(client_of: ClientOf, camera: Camera, operator: User) -> None:
    now = timezone.now()
    made = [make_detection(camera, captured_at=now - timedelta(seconds=n)).pk for n in range(5)]
    client = client_of(operator)

    first = client.get("/api/v1/detections/", {"page_size": 2}).json()
    # What arrives meanwhile does not move the next page.
    make_detection(camera, captured_at=now + timedelta(seconds=1))
    second = client.get(first["next"]).json()

    assert [UUID(row["id"]) for row in first["results"]] == made[:2]
    assert [UUID(row["id"]) for row in second["results"]] == made[2:4]
    assert "count" not in first


@pytest.mark.parametrize("cursor", ["cD0x", "cD1mZmZm"])
def test_cursor_that_is_none_of_ours_names_no_page(
    client_of: ClientOf, camera: Camera, operator: User, cursor: str
) -> None:
    make_detection(camera)
    answer = client_of(operator).get("/api/v1/detections/", {"cursor": cursor})
    assert answer.status_code == 404
    assert "There is no such page" in answer.json()["error"]["message"]


def test_detections_are_filtered(
    client_of: ClientOf,
    organization: Organization,
    camera: Camera,
    second_camera: Camera,
    operator: User,
) -> None:
    now = timezone.now()
    group = make_camera_group(organization, [second_camera])
    thai = make_detection(
        camera,
        text="1กข 1234",
        captured_at=now - timedelta(hours=2),
        direction="left",
        vehicle_kind="pickup",
        vehicle_color="white",
    ).pk
    british = make_detection(
        second_camera,
        text="AB12 CDE",
        country="GB",
        province="",
        confidence=0.5,
        review=Detection.Review.PENDING,
        captured_at=now - timedelta(hours=1),
    ).pk
    client = client_of(operator)

    expected: list[tuple[dict[str, Any], list[UUID]]] = [
        ({"since": (now - timedelta(minutes=90)).isoformat()}, [british]),
        ({"until": (now - timedelta(minutes=90)).isoformat()}, [thai]),
        ({"camera": str(camera.pk)}, [thai]),
        ({"camera": f"{camera.pk},{second_camera.pk}"}, [british, thai]),
        ({"camera": str(uuid4())}, []),
        ({"group": str(group.pk)}, [british]),
        ({"number": "ab-12 cde"}, [british]),
        ({"number_prefix": "1ก"}, [thai]),
        ({"country": "TH"}, [thai]),
        ({"province": "TH-10"}, [thai]),
        ({"review": "pending"}, [british]),
        ({"review": ["pending", "accepted"]}, [british, thai]),
        ({"min_confidence": "0.6"}, [thai]),
        ({"origin": "camera"}, []),
        ({"direction": "left"}, [thai]),
        ({"vehicle_kind": "pickup", "vehicle_color": "white"}, [thai]),
        ({"vehicle_kind": "pickup", "vehicle_color": "red"}, []),
        ({"upload": str(uuid4())}, []),
    ]
    for query, found in expected:
        assert ids(client, **query) == found, query


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("since", "yesterday"),
        ("camera", "1"),
        ("review", "perhaps"),
        ("min_confidence", "2"),
        ("number", "<b>"),
        ("cursor", "cD1ub3BlCg=="),
    ],
)
def test_detections_refuse_a_wrong_parameter_in_words(
    client_of: ClientOf, operator: User, name: str, value: str
) -> None:
    answer = client_of(operator).get("/api/v1/detections/", {name: value})

    assert answer.status_code in {400, 404}
    assert answer.json()["error"]["message"]


def test_detection_shows_its_evidence_and_opening_it_is_audited(
    client_of: ClientOf, camera: Camera, operator: User, jpeg: bytes
) -> None:
    detection = make_detection(
        camera, frame=jpeg, evidence={"readings": [{"text": "1กข1234"}]}, box=(1, 2, 3, 4)
    )

    answer = client_of(operator).get(f"/api/v1/detections/{detection.pk}/").json()

    assert answer["evidence"]["readings"][0]["text"] == "1กข1234"
    assert answer["box"] == {"x": 1, "y": 2, "width": 3, "height": 4}
    assert answer["frame"]["sha256"] == detection.frame_sha256
    assert answer["crop"] is None
    event = AuditEvent.objects.get(action=AuditEvent.Action.VIEWED)
    assert (event.actor, event.organization) == (operator, camera.organization)
    assert event.target_id == str(detection.pk)


def test_search_by_number_is_audited_once(
    client_of: ClientOf, camera: Camera, operator: User
) -> None:
    for _ in range(3):
        make_detection(camera, text="AB 12")
    client = client_of(operator)

    first = client.get("/api/v1/detections/", {"number": "AB12", "page_size": "2"}).json()
    client.get(first["next"])
    client.get("/api/v1/detections/", {"camera": str(camera.pk)})

    event = AuditEvent.objects.get(action=AuditEvent.Action.SEARCHED)
    assert event.organization == camera.organization
    assert event.target_label == "AB12"

    # Whoever makes up the rest of an address stands in the trail again.
    client.get(first["next"].replace("noted=", "noted=x"))
    assert AuditEvent.objects.filter(action=AuditEvent.Action.SEARCHED).count() == 2


@pytest.mark.parametrize("kind", ["frame", "crop"])
def test_pictures_are_served_as_kept_and_to_nobody_else(  # the people of the house
    client_of: ClientOf,
    camera: Camera,
    second_camera: Camera,
    operator: User,
    viewer: User,
    outsider: User,
    jpeg: bytes,
    kind: str,
) -> None:
    shown = make_detection(camera, **{kind: jpeg})
    hidden = make_detection(second_camera, **{kind: jpeg})
    url = f"/api/v1/detections/{shown.pk}/{kind}/"

    answer = client_of(viewer).get(url, headers={"Accept": "image/avif,image/webp,image/*"})

    assert answer.status_code == 200
    assert answer.content == jpeg
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert client_of(viewer).get(url, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert client_of(viewer).get(f"/api/v1/detections/{hidden.pk}/{kind}/").status_code == 404
    assert client_of(outsider).get(url).status_code == 404


def test_detections_take_as_many_queries_for_many_as_for_one(
    client_of: ClientOf,
    django_assert_num_queries: DjangoAssertNumQueries,
    camera: Camera,
    operator: User,
) -> None:
    for _ in range(8):
        make_detection(camera)
    client = client_of(operator)

    # Session, user, membership's time zone, visible cameras, detections.
    with django_assert_num_queries(5):
        assert len(ids(client)) == 8


def send(client: APIClient, camera: Camera, content: bytes, /, **fields: Any) -> Any:
    return client.post(
        "/api/v1/uploads/",
        {
            "camera": str(camera.pk),
            "captured_at": "2026-10-02T03:04:05Z",
            "file": SimpleUploadedFile("gate.jpg", content),
            **fields,
        },
        format="multipart",
    )


def test_upload_is_taken_once_and_its_progress_shown(
    client_of: ClientOf, camera: Camera, operator: User, jpeg: bytes
) -> None:
    client = client_of(operator)

    answer = send(client, camera, jpeg)
    again = send(client, camera, jpeg)

    assert answer.status_code == 201, answer.content
    assert again.json()["id"] == answer.json()["id"]
    shown = client.get(f"/api/v1/uploads/{answer.json()['id']}/").json()
    assert (shown["state"], shown["progress"], shown["kind"]) == ("queued", 0.0, "picture")
    assert AuditEvent.objects.filter(action=AuditEvent.Action.UPLOADED, actor=operator).count() == 1


@pytest.mark.parametrize(
    ("content", "fields", "field"),
    [
        (b"", {}, "file"),
        (b"#!/bin/sh\nrm -rf /\n", {}, "file"),
        (b"\xff\xd8\xff", {"captured_at": "1970-01-01T00:00:00Z"}, "captured_at"),
        (b"\xff\xd8\xff", {"captured_at": "2126-01-01T00:00:00Z"}, "captured_at"),
        (b"\xff\xd8\xff", {"captured_at": ""}, "captured_at"),
        (b"\xff\xd8\xff", {"camera": str(uuid4())}, "camera"),
    ],
)
def test_upload_is_refused_with_the_field_that_is_wrong(
    client_of: ClientOf,
    camera: Camera,
    operator: User,
    content: bytes,
    fields: dict[str, str],
    field: str,
) -> None:
    answer = send(client_of(operator), camera, content, **fields)

    assert answer.status_code == 400, answer.content
    detail = answer.json()["error"]["detail"]
    assert field in detail or detail.get("field") == field
    assert not Upload.objects.exists()


def test_upload_needs_the_right_to_operate_the_camera(
    client_of: ClientOf,
    camera: Camera,
    other_camera: Camera,
    viewer: User,
    operator: User,
    jpeg: bytes,
) -> None:
    seen = send(client_of(viewer), camera, jpeg)
    foreign = send(client_of(operator), other_camera, jpeg)

    assert seen.status_code == foreign.status_code == 400
    assert not Upload.objects.exists()


def test_models_show_the_registry(client_of: ClientOf, viewer: User) -> None:
    answer = client_of(viewer).get("/api/v1/models/").json()

    sets = {chosen["name"]: chosen for chosen in answer["sets"]}
    known = {model["name"]: model for model in answer["models"]}
    assert sets["default"]["detector"] in known
    assert all(model["licence"] and model["files"] for model in known.values())
