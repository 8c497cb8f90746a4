"""Detections in the admin: never counted, searched through plates, read and nothing else."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AuditEvent, User
from cameras.models import Camera
from detections.models import Detection
from tests.detections.factories import make_detection

Clients = Callable[[User], APIClient]
LIST = "admin:detections_detection_changelist"


def listed(client: APIClient, **query: str) -> list[Detection]:
    answer = client.get(reverse(LIST), query, follow=True)
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


def test_list_is_never_counted(camera: Camera, staff: User, client_of: Clients) -> None:
    make_detection(camera)
    client = client_of(staff)
    with CaptureQueriesContext(connection) as queries:
        listed(client)
    asked = [query["sql"] for query in queries if "detections_detection" in query["sql"]]
    assert asked
    assert not any("COUNT(" in sql for sql in asked)


def test_list_shows_the_last_day_unless_asked(
    camera: Camera, staff: User, client_of: Clients
) -> None:
    fresh = make_detection(camera)
    old = make_detection(camera, captured_at=timezone.now() - timedelta(days=3))
    client = client_of(staff)
    assert listed(client) == [fresh]
    assert listed(client, within="168") == [fresh, old]
    day = timezone.localtime(old.captured_at)
    span = {
        "captured_at_from_0": f"{day:%Y-%m-%d}",
        "captured_at_from_1": "00:00:00",
        "captured_at_to_0": f"{day + timedelta(days=1):%Y-%m-%d}",
        "captured_at_to_1": "00:00:00",
    }
    assert listed(client, **span) == [old]


@pytest.mark.parametrize("term", ["1กข 1234", "1กข", "๑กข-๑๒๓๔"])
def test_search_finds_by_plate_and_is_audited(
    term: str, camera: Camera, other_camera: Camera, staff: User, client_of: Clients
) -> None:
    wanted = make_detection(camera, text="1กข 1234")
    make_detection(camera, text="9ฮฮ 99")
    make_detection(other_camera, text="1กข 1234")
    assert listed(client_of(staff), q=term) == [wanted]
    event = AuditEvent.objects.get(action=AuditEvent.Action.SEARCHED)
    assert (event.actor, event.organization) == (staff, camera.organization)


def test_search_for_what_stands_on_no_plate_says_so(
    camera: Camera, staff: User, client_of: Clients
) -> None:
    answer = client_of(staff).get(reverse(LIST), {"q": "<b>"}, follow=True)
    assert answer.status_code == 200
    assert "letters and digits only" in answer.content.decode()


def test_filters_offer_own_cameras_only(
    camera: Camera, second_camera: Camera, other_camera: Camera, staff: User, client_of: Clients
) -> None:
    page = client_of(staff).get(reverse(LIST)).content.decode()
    assert str(camera.pk) in page
    assert str(other_camera.pk) not in page


def test_detection_is_evidence(camera: Camera, superuser: User, client_of: Clients) -> None:
    detection = make_detection(camera)
    client = client_of(superuser)
    url = reverse("admin:detections_detection_change", args=[detection.pk])
    assert client.get(url).status_code == 200
    assert AuditEvent.objects.filter(
        action=AuditEvent.Action.VIEWED, actor=superuser, target_id=str(detection.pk)
    ).exists()
    assert client.post(url, {"review": "rejected"}, format="multipart").status_code == 403
    delete = reverse("admin:detections_detection_delete", args=[detection.pk])
    assert client.post(delete, {"post": "yes"}, format="multipart").status_code == 403
