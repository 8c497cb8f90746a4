"""Alerts for programs."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Organization, Role, Scope, User
from cameras.models import Camera
from tests.accounts.factories import make_api_key
from tests.alerts.factories import make_alert, make_watchlist

Clients = Callable[[User], APIClient]
ALERTS = "/api/v1/alerts/"


def test_alerts_are_listed_filtered_and_shown(
    camera: Camera, operator: User, client_of: Clients
) -> None:
    low = make_alert(camera, "1กข1111", watchlist=make_watchlist(camera.organization, priority=10))
    high = make_alert(camera, "2กข2222", watchlist=make_watchlist(camera.organization, priority=90))
    client = client_of(operator)
    ids = [row["id"] for row in client.get(ALERTS).json()["results"]]
    assert ids == [str(high.pk), str(low.pk)]
    only = client.get(ALERTS, {"least_priority": "50", "open": "true"}).json()["results"]
    assert [row["number"] for row in only] == ["2กข2222"]
    later = {"since": (timezone.now() + timedelta(days=9_999)).isoformat()}
    assert client.get(ALERTS, later).json()["results"] == []
    one = client.get(f"{ALERTS}{low.pk}/").json()
    assert one["facts"]["list"] == low.facts["list"]
    assert [change["kind"] for change in one["changes"]] == ["raised"]


def test_alerts_are_answered(camera: Camera, operator: User, client_of: Clients) -> None:
    alert = make_alert(camera)
    client = client_of(operator)
    wanted = {"alerts": [str(alert.pk)], "answer": "verify", "text": "Seen by guard"}
    assert client.post(ALERTS, wanted).json()[0]["verdict"] == "verified"
    assert client.post(ALERTS, {**wanted, "answer": "reject"}).status_code == 400
    rejected = client.post(ALERTS, {**wanted, "answer": "reject", "reason": "misread"}).json()
    assert rejected[0]["state"] == "rejected"
    table = client.get("/api/v1/alert-precision/").json()["results"]
    assert [row["by"] for row in table] == ["list", "camera", "match"]
    assert (table[0]["judged"], table[0]["right"]) == (1, 0)
    assert table[0]["high"] < 1


def test_strangers_and_viewers_answer_nothing(
    camera: Camera, viewer: User, outsider: User, client_of: Clients
) -> None:
    alert = make_alert(camera)
    for person in (viewer, outsider):
        client = client_of(person)
        assert client.get(ALERTS).json()["results"] == []
        assert client.get(f"{ALERTS}{alert.pk}/").status_code == 404
        wanted = {"alerts": [str(alert.pk)], "answer": "resolve"}
        assert client.post(ALERTS, wanted).status_code == 404
        assert client.get("/api/v1/alert-precision/").json()["results"] == []


@pytest.mark.parametrize(
    ("scopes", "reads", "writes"),
    [
        ([Scope.ALERTS_READ], 200, 403),
        ([Scope.ALERTS_READ, Scope.ALERTS_WRITE], 200, 200),
        ([Scope.DETECTIONS_READ], 403, 403),
    ],
)
def test_keys_need_the_scope(
    scopes: list[Scope], reads: int, writes: int, camera: Camera, organization: Organization
) -> None:
    alert = make_alert(camera)
    _, presented = make_api_key(organization, *scopes, role=Role.OPERATOR)
    client = APIClient(headers={"Authorization": f"Bearer {presented}"})
    assert client.get(ALERTS).status_code == reads
    wanted = {"alerts": [str(alert.pk)], "answer": "acknowledge"}
    assert client.post(ALERTS, wanted).status_code == writes
