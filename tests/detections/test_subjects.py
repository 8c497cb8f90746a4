"""All about a plate, exported or erased: holds are respected, and it is proved and audited."""

import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import storages
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Organization, Role, User
from cameras.models import Camera
from detections.errors import PlateRequestRefusedError
from detections.models import CorrectionRule, Detection, NumberMatch, PlateRequest, ReviewEntry
from detections.services.corrections import Wanted, create_rule
from detections.services.keeping.holds import create_hold
from detections.services.keeping.subjects import (
    forget_expired_files,
    request_plate,
    requests_to_resume,
    serve_request,
)
from detections.services.reviewing import confirm_detection
from detections.services.rollups import reconcile
from lpr_project.common.errors import NotAllowedError
from tests.accounts.factories import make_member
from tests.detections.factories import make_detection
from vehicles.models import Plate

ClientOf = Callable[[User], APIClient]
Capture = Callable[..., Any]
Kind = PlateRequest.Kind
NUMBER = "1กข1234"


@pytest.fixture
def manager(organization: Organization) -> User:
    return make_member(organization, Role.MANAGER, email="manager@example.org")


@pytest.fixture
def passes(camera: Camera, second_camera: Camera, jpeg: bytes) -> list[Detection]:
    now = timezone.now()
    return [
        make_detection(place, text=NUMBER, captured_at=now - timedelta(hours=hours), frame=jpeg)
        for place, hours in ((camera, 1), (second_camera, 2), (camera, 3))
    ]


@pytest.fixture
def plate(passes: list[Detection]) -> Plate:
    return Plate.objects.get(number=NUMBER)


def served(plate: Plate, actor: User, kind: PlateRequest.Kind, capture: Capture) -> PlateRequest:
    with capture(execute=True):
        request = request_plate(plate=plate, kind=kind, actor=actor, reason="its owner asks")
        serve_request(request_id=request.pk)
    request.refresh_from_db()
    return request


def test_export_holds_every_row_and_picture(
    plate: Plate,
    passes: list[Detection],
    camera: Camera,
    manager: User,
    client_of: ClientOf,
    django_capture_on_commit_callbacks: Capture,
) -> None:
    entry = confirm_detection(detection_id=passes[0].pk, actor=manager)
    entry.pk, entry.reason = None, "his neighbour told us"
    entry.save(force_insert=True)
    other = make_detection(camera, text="9กข9999")

    request = served(plate, manager, Kind.EXPORT, django_capture_on_commit_callbacks)

    assert (request.state, request.progress, request.detections_count) == ("done", 1.0, 3)
    with (
        storages["exports"].open(request.stored_name) as stored,
        zipfile.ZipFile(stored) as archive,
    ):
        assert archive.testzip() is None
        names = archive.namelist()
        rows = json.loads(archive.read("detections-00000.json"))
    kinds = [row["model"] for row in rows]
    assert kinds.count("detections.detection") == 3
    assert kinds.count("detections.reviewentry") == 2
    assert "neighbour" not in str(rows)
    assert str(other.pk) not in str(rows)
    pictures = {row.frame_name.rpartition("/")[2] for row in passes}
    assert {name.removeprefix("pictures/") for name in names} >= pictures
    url = f"/keeping/requests/{request.pk}"
    answer = client_of(manager).get(url)
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content).startswith(b"PK")  # type: ignore[attr-defined]  # a file
    # The link ends, and the file with it.
    PlateRequest.objects.update(expires_at=timezone.now())
    forget_expired_files()
    assert client_of(manager).get(url).status_code == 404
    assert not storages["exports"].exists(request.stored_name)


def test_erasure_leaves_nothing_and_a_certificate(
    plate: Plate,
    passes: list[Detection],
    camera: Camera,
    manager: User,
    django_capture_on_commit_callbacks: Capture,
) -> None:
    confirm_detection(detection_id=passes[0].pk, actor=manager)
    wanted = Wanted(
        camera=camera, match=NumberMatch.WHOLE, read_number="1กข1284", number=NUMBER, reason="him"
    )
    create_rule(wanted=wanted, actor=manager)
    other = make_detection(camera, text="9กข9999")

    request = served(plate, manager, Kind.ERASURE, django_capture_on_commit_callbacks)

    assert list(Detection.objects.all()) == [other]
    assert list(Plate.objects.values_list("number", flat=True)) == ["9กข9999"]
    assert not ReviewEntry.objects.exists()
    for row in passes:
        assert not storages["pictures"].exists(row.frame_name)
    rule = CorrectionRule.objects.get()
    assert (rule.number, rule.read_number, rule.reason, rule.is_active) == ("", "", "", False)
    certificate = request.certificate
    assert certificate is not None
    certificate.refresh_from_db()
    assert certificate.is_whole
    assert (certificate.detections, certificate.pictures, certificate.plates) == (3, 3, 1)
    assert certificate.actor_label == manager.email
    since = timezone.now() - timedelta(hours=9)
    assert reconcile(since=since, until=timezone.now() + timedelta(hours=1), repairs=False) == []
    # Neither the request nor its line in the trail tells the number.
    event = AuditEvent.objects.get(target_type="detections.platerequest")
    assert NUMBER not in f"{event.target_label}{event.reason}{event.detail}"


def test_erasure_respects_holds_and_says_what_stays(
    plate: Plate,
    passes: list[Detection],
    manager: User,
    organization: Organization,
    django_capture_on_commit_callbacks: Capture,
) -> None:
    create_hold(
        organization=organization,
        actor=manager,
        reason="court order",
        detection_ids=[passes[1].pk],
    )

    request = served(plate, manager, Kind.ERASURE, django_capture_on_commit_callbacks)

    assert list(Detection.objects.all()) == [passes[1]]
    assert (request.detections_count, request.kept_count) == (2, 1)
    plate.refresh_from_db()
    assert plate.detections_count == 1
    assert request.certificate is not None
    assert (request.certificate.kept, request.certificate.is_whole) == (1, False)


def test_request_is_for_managers_and_done_once(
    plate: Plate, manager: User, operator: User, outsider: User
) -> None:
    for user in (operator, outsider):
        with pytest.raises(NotAllowedError):
            request_plate(plate=plate, kind=Kind.ERASURE, actor=user, reason="why not")
    with pytest.raises(PlateRequestRefusedError, match="Say who"):
        request_plate(plate=plate, kind=Kind.EXPORT, actor=manager, reason=" ")
    request = request_plate(plate=plate, kind=Kind.EXPORT, actor=manager, reason="its owner asks")
    with pytest.raises(PlateRequestRefusedError, match="already"):
        request_plate(plate=plate, kind=Kind.EXPORT, actor=manager, reason="its owner asks")
    assert requests_to_resume() == []
    PlateRequest.objects.update(created_at=timezone.now() - timedelta(hours=1))
    assert requests_to_resume() == [request.pk]


def test_pages_find_ask_and_refuse(
    client_of: ClientOf, plate: Plate, manager: User, operator: User, outsider: User
) -> None:
    client = client_of(manager)
    found = client.get("/keeping/plates/", {"number": "1กข-1234"}).content.decode()
    url = f"/keeping/plates/{plate.pk}/"
    assert url in found
    assert client.get("/keeping/plates/", {"number": "<b>"}).status_code == 422
    assert "Nothing is kept" in client.get("/keeping/plates/", {"number": "A1"}).content.decode()
    assert client.get(url).status_code == 200
    wrong = client.post(
        url, {"do": "erasure", "reason": "its owner asks", "number": "A1"}, format="multipart"
    )
    assert wrong.status_code == 422
    assert "another number" in wrong.content.decode()

    client.post(
        url,
        {"do": "erasure", "reason": "its owner asks", "number": "1กข-1234"},
        format="multipart",
    )

    assert PlateRequest.objects.get().kind == "erasure"
    assert "its owner asks" in client.get("/keeping/plates/").content.decode()
    refused = client_of(operator).get("/keeping/plates/", {"number": "1กข1234"}).content.decode()
    assert "for owners and managers" in refused
    for user in (operator, outsider):
        page = client_of(user).get("/keeping/plates/", {"number": "1กข1234"}).content.decode()
        assert url not in page
        assert "its owner asks" not in page
        assert client_of(user).get(url).status_code == 404
        assert client_of(user).post(url, {"do": "export"}).status_code == 404
