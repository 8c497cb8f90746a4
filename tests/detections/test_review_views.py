"""The pages of review as a browser asks for them, and the admin's page of accuracy."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django import Settings

from accounts.models import AuditEvent, Organization, Role, User
from cameras.models import Camera
from detections.models import CorrectionBatch, CorrectionRule, Detection, ReviewEntry
from detections.recognition.registry import ModelRegistry
from detections.services.reviewing import confirm_detection
from tests.accounts.factories import make_member
from tests.detections.factories import make_detection

ClientOf = Callable[[User], Client]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _language_of_its_own() -> Iterator[None]:
    yield
    translation.deactivate()


@pytest.fixture
def client_of() -> ClientOf:
    def log_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return log_in


@pytest.fixture
def pending(organization: Organization, camera: Camera, jpeg: bytes) -> Detection:
    organization.review_sample_rate = 0.0
    organization.save()
    return make_detection(
        camera,
        text="1กข 1234",
        confidence=0.5,
        review=Detection.Review.PENDING,
        frame=jpeg,
        crop=jpeg,
        evidence={"candidates": [{"text": "1กข1284", "share": 0.3, "frames": 2}]},
    )


def test_reviewer_is_given_one_decides_and_takes_back(
    client_of: ClientOf, operator: User, pending: Detection
) -> None:
    client = client_of(operator)
    assert client.get(reverse("detections:review")).context["may_review"]
    item = client.post(reverse("detections:review-next"))
    assert item.status_code == 200
    page = item.content.decode()
    assert f'data-item="{pending.pk}"' in page
    assert 'data-candidate="1กข1284"' in page
    assert AuditEvent.objects.filter(action=AuditEvent.Action.VIEWED, actor=operator).count() == 1

    decide = reverse("detections:review-decide", args=[pending.pk])
    wrong = client.post(decide, {"decision": "correct", "number": "<b>", "seen": "pending"})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "number")
    asked = {
        "decision": "correct",
        "number": "1กข1284",
        "country": "TH",
        "province": "กรุงเทพมหานคร",
        "seen": "pending",
    }
    decided = client.post(decide, asked)
    assert (decided.status_code, decided.json()["number"]) == (201, "1กข1284")
    assert client.post(decide, asked).status_code == 409
    assert client.post(reverse("detections:review-next")).status_code == 204

    detail = client.get(reverse("detections:detail", args=[pending.pk]))
    assert [row.entry.kind for row in detail.context["history"]] == ["corrected"]
    assert "1กข1284" in detail.content.decode()
    again = client.post(decided.json()["undo"])
    assert f'data-item="{pending.pk}"' in again.content.decode()
    pending.refresh_from_db()
    assert (pending.review, pending.claimed_by_id) == ("pending", operator.pk)
    client.post(reverse("detections:review-release"), {"held": [str(pending.pk)]})
    pending.refresh_from_db()
    assert pending.claimed_by_id is None


def test_nothing_waits_at_a_camera_that_is_not_ones_own(
    client_of: ClientOf, operator: User, other_camera: Camera, pending: Detection
) -> None:
    client, url = client_of(operator), reverse("detections:review-next")
    for camera in (str(other_camera.pk), "nonsense"):
        assert client.post(url, {"camera": camera}).status_code == 204
    pending.refresh_from_db()
    assert pending.claimed_by_id is None
    assert client.post(url, {"camera": str(pending.camera_id)}).status_code == 200


def test_rejection_needs_a_reason(client_of: ClientOf, operator: User, pending: Detection) -> None:
    decide = reverse("detections:review-decide", args=[pending.pk])
    client = client_of(operator)
    assert client.post(decide, {"decision": "reject"}).json()["field"] == "reject_reason"
    assert (
        client.post(decide, {"decision": "reject", "reject_reason": "no_plate"}).status_code == 201
    )


def test_merge_and_split_from_the_page(
    client_of: ClientOf, operator: User, camera: Camera, pending: Detection
) -> None:
    near = make_detection(camera)
    client = client_of(operator)
    item = client.post(reverse("detections:review-next")).content.decode()
    assert f'data-absorb="{near.pk}"' in item
    url = reverse("detections:review-merge", args=[pending.pk])
    assert client.post(url, {"absorbed": str(near.pk)}).status_code == 201
    url = reverse("detections:review-split", args=[pending.pk])
    assert client.post(url, {"number": "9กข 9"}).status_code == 201
    assert Detection.objects.filter(plate__number="9กข9").count() == 1


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.VIEWER])
def test_who_may_not_review_is_told_so(
    client_of: ClientOf, organization: Organization, pending: Detection, role: Role
) -> None:
    client = client_of(make_member(organization, role))
    assert "not among your rights" in client.get(reverse("detections:review")).content.decode()
    assert client.post(reverse("detections:review-next")).status_code == 204


def test_corrections_are_shown_then_done_then_undone(
    client_of: ClientOf, staff: User, operator: User, camera: Camera, pending: Detection
) -> None:
    url = reverse("detections:corrections")
    asked = {
        "camera": str(camera.pk),
        "match": "whole",
        "read_number": "1กข1234",
        "number": "1กข1284",
    }
    client = client_of(staff)
    shown = client.post(url, {**asked, "do": "preview"})
    assert shown.context["preview"]["count"] == 1
    assert not CorrectionBatch.objects.exists()
    assert client.post(url, {**asked, "do": "correct"}).status_code == 302
    batch = CorrectionBatch.objects.get()
    client.post(reverse("detections:correction-batch-undo", args=[batch.pk]))
    pending.refresh_from_db()
    assert pending.review == "pending"
    assert client.post(url, {**asked, "do": "rule"}).status_code == 302
    rule = CorrectionRule.objects.get()
    client.post(reverse("detections:correction-rule-switch-off", args=[rule.pk]))
    rule.refresh_from_db()
    assert rule.is_active is False
    refused = client_of(operator).post(url, {**asked, "do": "correct"})
    assert refused.status_code == 422
    assert CorrectionBatch.objects.count() == 2


def test_accuracy_page(client_of: ClientOf, operator: User, pending: Detection) -> None:
    client = client_of(operator)
    assert "Nothing was judged yet" in client.get(reverse("detections:accuracy")).content.decode()
    confirm_detection(detection_id=pending.pk, actor=operator)
    page = client.get(reverse("detections:accuracy")).content.decode()
    assert "1 of 1" in page


def test_model_set_is_switched_by_one_click_and_back_by_one(
    client_of: ClientOf,
    staff: User,
    camera: Camera,
    pending: Detection,
    outsider: User,
    settings: Settings,
    tmp_path: Path,
) -> None:
    settings.MODELS_DIR = tmp_path
    shipped = ModelRegistry.load(tmp_path).model_set()
    (tmp_path / "registry.toml").write_text(
        f'[sets.second]\ndetector = "{shipped.detector}"\nreader = "{shipped.reader}"\n'
    )
    confirm_detection(detection_id=pending.pk, actor=staff)
    client = client_of(staff)
    changelist = reverse("admin:detections_cameraaccuracy_changelist")
    switch = reverse("admin:detections_cameraaccuracy_switch", args=[camera.pk])
    assert "Switch to second" in client.get(changelist).content.decode()
    answer = client.post(switch, {"model_set": "nothing"}, follow=True)
    assert "nothing" in answer.content.decode()
    camera.refresh_from_db()
    assert camera.model_set == "default"
    client.post(switch, {"model_set": "second"})
    camera.refresh_from_db()
    assert (camera.model_set, camera.previous_model_set) == ("second", "default")
    assert "Back to default" in client.get(changelist).content.decode()
    client.post(switch, {"model_set": "default"})
    camera.refresh_from_db()
    assert (camera.model_set, camera.previous_model_set) == ("default", "second")
    assert client_of(outsider).post(switch, {"model_set": "default"}).status_code == 404


VEHICLE_MODELS = """
[models.vehicles]
kind = "vehicle_detector"
licence = "MIT"
source = "-"
training_data = "-"
accuracy = "-"
input = "-"
files = [{ name = "vehicles.xml", sha256 = "0" }, { name = "vehicles.bin", sha256 = "0" }]
"""
SET = '[sets.second]\ndetector = "plate-detector-v1"\nreader = "{}"\n{}'


@pytest.mark.parametrize(
    ("registry", "sentence"),
    [
        (SET.format("nobody", ""), "There is no model"),
        (SET.format("plate-detector-v1", ""), "is a detector, and a reader is needed"),
        (
            SET.format(
                "plate-reader-v1",
                'vehicle_detector = "vehicles"\nvehicle_classifier = "vehicles"\n',
            )
            + VEHICLE_MODELS,
            "vehicles is not installed",
        ),
        ("[sets.second", "is malformed"),
    ],
)
def test_model_set_that_cannot_work_is_refused_in_words(
    client_of: ClientOf,
    staff: User,
    camera: Camera,
    settings: Settings,
    tmp_path: Path,
    registry: str,
    sentence: str,
) -> None:
    settings.MODELS_DIR = tmp_path
    (tmp_path / "registry.toml").write_text(registry)
    switch = reverse("admin:detections_cameraaccuracy_switch", args=[camera.pk])
    answer = client_of(staff).post(switch, {"model_set": "second"}, follow=True)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    camera.refresh_from_db()
    assert (camera.model_set, camera.previous_model_set) == ("default", "")


def test_malformed_registry_is_told_wherever_sets_are_chosen(
    client_of: ClientOf, staff: User, camera: Camera, settings: Settings, tmp_path: Path
) -> None:
    settings.MODELS_DIR = tmp_path
    (tmp_path / "registry.toml").write_text("[sets.second")
    client = client_of(staff)
    form = client.get(reverse("admin:cameras_camera_change", args=[camera.pk]))
    assert form.status_code == 200
    assert "is malformed" in form.content.decode()
    answer = client.get("/api/v1/models/")
    assert answer.status_code == 503
    assert "models_unknown" in answer.content.decode()
    accuracy = client.get(reverse("detections:accuracy"))
    assert accuracy.status_code == 200
    assert "is malformed" in accuracy.content.decode()
    (tmp_path / "registry.toml").unlink()
    assert "notice-act" not in client.get(reverse("detections:accuracy")).content.decode()


def test_history_is_not_for_viewers(
    client_of: ClientOf, viewer: User, operator: User, pending: Detection
) -> None:
    confirm_detection(detection_id=pending.pk, actor=operator)
    page = client_of(viewer).get(reverse("detections:detail", args=[pending.pk]))
    assert page.context["history"] == []
    assert operator.email not in page.content.decode()
    assert ReviewEntry.objects.count() == 1
