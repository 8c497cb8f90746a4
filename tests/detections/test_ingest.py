"""Detections from programs: each item answered by itself."""

from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.storage import storages
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Organization, Scope, User
from cameras.models import Camera
from detections.models import Detection
from tests.accounts.factories import make_api_key
from tests.pictures import draw_endless_jpeg

ClientOf = Callable[[User], APIClient]
URL = "/api/v1/detections/ingest/"


def item(camera: Camera, /, **changes: Any) -> dict[str, Any]:
    return {
        "key": f"event-{uuid4()}",
        "camera": str(camera.pk),
        "captured_at": timezone.now().isoformat(),
        "text": "1กข 1234",
        "confidence": 0.9,
        **changes,
    }


def send(client: APIClient, *items: Any) -> dict[str, Any]:
    answer = client.post(URL, {"items": list(items)})
    assert answer.status_code == 200, answer.content
    results: dict[str, Any] = answer.json()
    return results


@pytest.fixture
def device(organization: Organization) -> APIClient:
    """A program with a key that may send detections and nothing else."""
    _, secret = make_api_key(organization, Scope.DETECTIONS_WRITE)
    return APIClient(headers={"Authorization": f"Bearer {secret}"})


def test_ingest_records_what_a_program_sends(
    device: APIClient, camera: Camera, jpeg: bytes
) -> None:
    picture = b64encode(jpeg).decode()
    sent = item(
        camera,
        country="TH",
        province="TH-10",
        direction="approaching",
        vehicle_kind="pick-up",
        box={"x": 1, "y": 2, "width": 30, "height": 10},
        frame=picture,
        crop=picture,
    )

    results = send(device, sent)

    [result] = results["results"]
    assert result == {"index": 0, "status": "created", "id": result["id"], "error": None}
    assert (results["created"], results["repeated"], results["refused"]) == (1, 0, 0)
    detection = Detection.objects.get(pk=UUID(result["id"]))
    assert detection.origin == Detection.Origin.INGEST
    assert (detection.read_number, detection.vehicle_kind) == ("1กข1234", "pick-up")
    assert (detection.frame_width_px, detection.frame_height_px) == (320, 180)
    with storages["pictures"].open(detection.frame_name) as stored:
        assert stored.read() == jpeg


def test_ingest_answers_a_repeat_with_the_same_id(device: APIClient, camera: Camera) -> None:
    sent = item(camera)

    first, second = send(device, sent), send(device, sent)

    assert first["results"][0]["id"] == second["results"][0]["id"]
    assert second["results"][0]["status"] == "repeated"
    assert Detection.objects.count() == 1


def _ahead(**span: float) -> str:
    return (timezone.now() + timedelta(**span)).isoformat()


BAD = [
    ("captured_at", {"captured_at": "1970-01-01T00:00:00Z"}),
    ("captured_at", {"captured_at": _ahead(days=1)}),
    ("captured_at", {"captured_at": "2026-10-02T03:04:05"}),
    ("captured_at", {"captured_at": None}),
    ("captured_at", {"captured_at": 10**30}),
    ("text", {"text": "<b>AB12</b>"}),
    ("text", {"text": "AB12\x00"}),
    ("text", {"text": ""}),
    ("text", {"text": "A" * 33}),
    ("text", {"text": 12}),
    ("confidence", {"confidence": 1.5}),
    ("confidence", {"confidence": "high"}),
    ("key", {"key": ""}),
    ("key", {"key": "k" * 201}),
    ("country", {"country": "Thailand"}),
    ("province", {"province": "<i>"}),
    ("direction", {"direction": "<script>"}),
    ("camera", {"camera": "gate"}),
    ("camera", {"camera": str(uuid4())}),
    ("box.width", {"box": {"x": 0, "y": 0, "width": 0, "height": 3}}),
    ("frame_width_px", {"frame_width_px": -1}),
    ("frames_agreed", {"frames_agreed": 10**9}),
    ("frame", {"frame": "no base64!"}),
    ("frame", {"frame": b64encode(b"no picture").decode()}),
    ("colour", {"colour": "red"}),
]


@pytest.mark.parametrize(("field", "changes"), BAD)
def test_ingest_refuses_one_item_and_keeps_the_others(
    device: APIClient, camera: Camera, field: str, changes: dict[str, Any]
) -> None:
    results = send(device, item(camera), item(camera, **changes), item(camera))

    statuses = [result["status"] for result in results["results"]]
    assert statuses == ["created", "refused", "created"]
    refused = results["results"][1]
    assert refused["id"] is None
    assert refused["error"]["message"]
    assert refused["error"]["detail"]["field"] == field
    assert Detection.objects.count() == 2


@pytest.mark.parametrize("broken", ["AB12", None, 7, [], {}])
def test_ingest_refuses_an_item_that_is_no_object(
    device: APIClient, camera: Camera, broken: Any
) -> None:
    results = send(device, broken, item(camera))

    assert [result["status"] for result in results["results"]] == ["refused", "created"]


def test_ingest_refuses_a_picture_that_is_cut_off(
    device: APIClient, camera: Camera, jpeg: bytes, webp: bytes
) -> None:
    halves = [b64encode(picture[: len(picture) // 2]).decode() for picture in (jpeg, webp)]

    results = send(device, *(item(camera, frame=half) for half in halves))

    assert results["refused"] == 2
    assert all(result["error"]["detail"]["field"] == "frame" for result in results["results"])


def test_ingest_refuses_a_header_that_claims_a_gigapixel(device: APIClient, camera: Camera) -> None:
    # A WebP of 16,383 x 16,383 px by its header, without its pixels.
    vp8 = b"\x30\x00\x00\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(10)
    webp = b"RIFF" + (len(vp8) + 12).to_bytes(4, "little") + b"WEBPVP8 "
    huge = webp + len(vp8).to_bytes(4, "little") + vp8

    results = send(device, item(camera, frame=b64encode(huge).decode()))

    assert results["refused"] == 1


def test_ingest_refuses_a_picture_that_takes_for_ever_to_decode(
    device: APIClient, camera: Camera
) -> None:
    results = send(device, item(camera, frame=b64encode(draw_endless_jpeg()).decode()))

    assert results["refused"] == 1
    assert results["results"][0]["error"]["detail"] == {"field": "frame"}


def test_ingest_of_pictures_is_refused_whole_while_the_disk_is_nearly_full(
    device: APIClient, camera: Camera, jpeg: bytes, settings: Settings
) -> None:
    settings.STORAGE_RESERVE_BYTES = 2**60
    body = {"items": [item(camera), item(camera, frame=b64encode(jpeg).decode())]}
    response = device.post(URL, body)
    assert response.status_code == HTTPStatus.INSUFFICIENT_STORAGE
    assert response.json()["error"]["code"] == "storage_full"
    assert not Detection.objects.exists()
    assert send(device, item(camera))["created"] == 1


def test_ingest_knows_no_foreign_camera(
    device: APIClient, camera: Camera, other_camera: Camera
) -> None:
    results = send(device, item(other_camera), {**item(camera), "camera": str(uuid4())})

    foreign, unknown = results["results"]
    assert foreign["error"] == unknown["error"]
    assert not Detection.objects.exists()


def test_ingest_needs_the_right_to_operate_the_camera(
    client_of: ClientOf, camera: Camera, viewer: User, operator: User
) -> None:
    assert send(client_of(viewer), item(camera))["refused"] == 1
    assert send(client_of(operator), item(camera))["created"] == 1


def test_ingest_reports_a_key_that_came_with_another_plate(
    device: APIClient, camera: Camera
) -> None:
    sent = item(camera)
    send(device, sent)

    [result] = send(device, {**sent, "text": "AB 12"})["results"]

    assert result["error"]["code"] == "key_reused"


@pytest.mark.parametrize(
    "body", [None, [], {}, {"items": []}, {"items": {}}, {"items": [{}] * 1001}, "items"]
)
def test_ingest_refuses_a_batch_that_is_none(device: APIClient, body: Any) -> None:
    answer = device.post(URL, body)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in {"invalid", "parse_error"}


@pytest.mark.parametrize("body", [b'{"items": [', b'{"items": %s}' % (b"9" * 5000), b"[" * 5000])
def test_ingest_refuses_a_body_that_is_no_json(device: APIClient, body: bytes) -> None:
    answer = device.post(URL, body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "parse_error"


def test_ingest_refuses_a_body_that_is_too_large(device: APIClient, camera: Camera) -> None:
    body = b'{"items": ["' + b"A" * (32 * 2**20) + b'"]}'

    answer = device.post(URL, body, content_type="application/json")

    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"


def test_ingest_takes_a_thousand_at_once(device: APIClient, camera: Camera) -> None:
    results = send(device, *(item(camera, text=f"AB {number}") for number in range(1000)))

    assert results["created"] == 1000
