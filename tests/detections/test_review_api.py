"""The review queue, decisions and corrections as programs use them."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Organization, Role, Scope, User
from cameras.models import Camera
from detections.models import Detection, ReviewEntry
from tests.accounts.factories import make_api_key, make_member
from tests.detections.factories import make_detection

ClientOf = Callable[[User], APIClient]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_chance(organization: Organization) -> None:
    organization.review_sample_rate = 0.0
    organization.save()


@pytest.fixture
def pending(camera: Camera) -> Detection:
    return make_detection(camera, text="1กข 1234", confidence=0.5, review=Detection.Review.PENDING)


def test_program_claims_corrects_and_takes_back(
    organization: Organization, pending: Detection
) -> None:
    _, secret = make_api_key(organization, Scope.DETECTIONS_REVIEW, Scope.DETECTIONS_READ)
    client = APIClient(headers={"Authorization": f"Bearer {secret}"})

    claimed = client.post("/api/v1/reviews/claim/", {}, format="json")
    assert claimed.status_code == 200
    assert (claimed.json()["id"], claimed.json()["review"]) == (str(pending.pk), "pending")
    assert claimed.json()["claimed_until"]

    decision = {
        "detection": str(pending.pk),
        "decision": "correct",
        "number": "1กข 1284",
        "country": "TH",
        "province": "กรุงเทพมหานคร",
        "seen": "pending",
    }
    entry = client.post("/api/v1/reviews/", decision, format="json")
    assert entry.status_code == 201
    assert entry.json()["after"]["number"] == "1กข1284"
    assert entry.json()["after"]["province"] == "TH-10"

    row = client.get(f"/api/v1/detections/{pending.pk}/").json()
    assert (row["plate"]["number"], row["read"]["number"]) == ("1กข1284", "1กข1234")
    assert (row["review"], row["verdict"]) == ("corrected", "wrong")
    assert client.post("/api/v1/reviews/claim/", {}, format="json").status_code == 204

    again = client.post("/api/v1/reviews/", decision, format="json")
    assert again.status_code == 409
    assert again.json()["error"]["code"] == "already_reviewed"

    undone = client.post(f"/api/v1/reviews/{entry.json()['id']}/undo/", {}, format="json")
    assert undone.status_code == 201
    assert undone.json()["undoes"] == entry.json()["id"]
    history = client.get("/api/v1/reviews/", {"detection": str(pending.pk)}).json()["results"]
    assert [row["decision"] for row in history] == ["undone", "corrected"]


@pytest.mark.parametrize(
    ("decision", "field"),
    [
        ({"decision": "correct"}, "number"),
        ({"decision": "correct", "number": "<b>"}, "number"),
        ({"decision": "reject"}, "reject_reason"),
        ({"decision": "reject", "reject_reason": "other"}, "reason"),
        ({"decision": "guess"}, "decision"),
    ],
)
def test_wrong_decision_names_its_field_and_changes_nothing(
    client_of: ClientOf,
    operator: User,
    pending: Detection,
    decision: dict[str, str],
    field: str,
) -> None:
    answer = client_of(operator).post(
        "/api/v1/reviews/", {"detection": str(pending.pk), **decision}, format="json"
    )
    assert answer.status_code == 400
    detail = answer.json()["error"]["detail"]
    assert field in detail or detail["field"] == field
    assert not ReviewEntry.objects.exists()


@pytest.mark.parametrize("path", ["", "merge/", "split/"])
def test_decision_about_a_strangers_detection_is_404(
    client_of: ClientOf, outsider: User, pending: Detection, path: str
) -> None:
    body = {
        "": {"detection": str(pending.pk), "decision": "confirm"},
        "merge/": {"kept": str(pending.pk), "absorbed": str(pending.pk)},
        "split/": {"detection": str(pending.pk), "number": "X1"},
    }
    answer = client_of(outsider).post(f"/api/v1/reviews/{path}", body[path], format="json")
    assert answer.status_code == 404


def test_viewer_and_auditor_see_and_do_not_decide(
    client_of: ClientOf, organization: Organization, viewer: User, pending: Detection
) -> None:
    body = {"detection": str(pending.pk), "decision": "confirm"}
    for user in (viewer, make_member(organization, Role.AUDITOR)):
        client = client_of(user)
        assert client.get(f"/api/v1/detections/{pending.pk}/").status_code == 200
        answer = client.post("/api/v1/reviews/", body, format="json")
        assert answer.status_code == 403
        assert client.post("/api/v1/reviews/claim/", {}, format="json").status_code == 204


def test_merged_pass_leaves_the_list_and_can_be_asked_for(
    client_of: ClientOf, operator: User, camera: Camera, pending: Detection
) -> None:
    kept = make_detection(camera)
    client = client_of(operator)
    body = {"kept": str(kept.pk), "absorbed": str(pending.pk)}
    assert client.post("/api/v1/reviews/merge/", body, format="json").status_code == 201

    def listed(**query: str) -> list[str]:
        return [row["id"] for row in client.get("/api/v1/detections/", query).json()["results"]]

    assert listed() == [str(kept.pk)]
    assert listed(review="merged") == [str(pending.pk)]
    gone = client.get(f"/api/v1/detections/{pending.pk}/").json()
    assert (gone["merged_into"], gone["plate"]) == (str(kept.pk), None)


def test_batch_and_rule(client_of: ClientOf, staff: User, operator: User, camera: Camera) -> None:
    detection = make_detection(camera, text="0ABC", country="", province="")
    body: dict[str, Any] = {"camera": str(camera.pk), "read_number": "0abc", "number": "oabc"}
    assert client_of(operator).post("/api/v1/correction-rules/", body, format="json").json()[
        "error"
    ]["detail"].keys() == {"camera"}
    client = client_of(staff)
    preview = client.post("/api/v1/correction-batches/preview/", body, format="json").json()
    assert preview["count"] == 1
    assert preview["results"][0]["detection"] == str(detection.pk)
    assert preview["results"][0]["number"] == "OABC"
    batch = client.post("/api/v1/correction-batches/", body, format="json").json()
    assert (batch["detections_count"], batch["by"]) == (1, staff.email)
    undo = client.post(f"/api/v1/correction-batches/{batch['id']}/undo/", {}, format="json")
    assert undo.json()["undoes"] == batch["id"]
    rule = client.post("/api/v1/correction-rules/", body, format="json").json()
    assert rule["is_active"] is True
    off = client.post(f"/api/v1/correction-rules/{rule['id']}/switch-off/").json()
    assert off["is_active"] is False


def test_accuracy_by_camera(
    client_of: ClientOf, operator: User, camera: Camera, pending: Detection
) -> None:
    client = client_of(operator)
    body = {"detection": str(pending.pk), "decision": "confirm"}
    client.post("/api/v1/reviews/", body, format="json")
    [row] = client.get("/api/v1/accuracy/").json()["results"]
    assert row["camera_name"] == "Camera 1"
    assert row["sample"] == {"count": 0, "total": 0, "rate": None, "interval": None}
    assert (row["reviewed"]["count"], row["reviewed"]["total"]) == (1, 1)
