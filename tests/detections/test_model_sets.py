"""A camera is set to models that can work, whoever sets it."""

from pathlib import Path

import pytest
from django.urls import reverse
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Organization, User
from cameras.models import Camera
from tests.cameras.test_admin import Clients, camera_form

SETS = """
[sets.second]
detector = "plate-detector-v1"
reader = "plate-reader-v1"

[sets.absent]
detector = "plate-detector-v1"
reader = "cct-s-v2-global"
"""


@pytest.fixture(autouse=True)
def sets(tmp_path: Path, settings: Settings) -> None:
    """A second set that is installed, and one whose reader is not."""
    settings.MODELS_DIR = tmp_path
    (tmp_path / "registry.toml").write_text(SETS)


def url_of(camera: Camera) -> str:
    return f"/api/v1/cameras/{camera.pk}/"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("absent", "cct-s-v2-global is not installed"), ("nothing", "There is no model set")],
)
def test_models_that_cannot_work_are_refused_over_the_api(
    client_of: Clients, staff: User, camera: Camera, name: str, sentence: str
) -> None:
    client: APIClient = client_of(staff)
    changed = client.patch(url_of(camera), {"model_set": name})
    added = client.post(
        "/api/v1/cameras/", {"name": "New", "source_kind": "push", "model_set": name}
    )
    for answer in (changed, added):
        assert answer.status_code == 400
        assert sentence in answer.content.decode()
    camera.refresh_from_db()
    assert (camera.model_set, camera.previous_model_set) == ("default", "")
    assert not Camera.objects.filter(name="New").exists()
    assert client.patch(url_of(camera), {"model_set": "second"}).status_code == 200


def test_camera_whose_models_are_gone_can_still_be_changed(
    client_of: Clients, staff: User, camera: Camera
) -> None:
    Camera.objects.filter(pk=camera.pk).update(model_set="gone")
    answer = client_of(staff).patch(url_of(camera), {"name": "Other", "model_set": "gone"})
    assert answer.status_code == 200
    camera.refresh_from_db()
    assert (camera.name, camera.model_set) == ("Other", "gone")


def test_form_refuses_other_models_that_cannot_work_and_keeps_its_own(
    client_of: Clients, staff: User, camera: Camera, organization: Organization
) -> None:
    Camera.objects.filter(pk=camera.pk).update(model_set="gone")
    url = reverse("admin:cameras_camera_change", args=[camera.pk])
    client = client_of(staff)
    assert '<option value="gone" selected>' in client.get(url).content.decode()
    refused = client.post(url, camera_form(organization, model_set="absent"), format="multipart")
    assert refused.status_code == 200
    assert "cct-s-v2-global is not installed" in refused.content.decode()
    kept = client.post(
        url, camera_form(organization, model_set="gone", name="Other"), format="multipart"
    )
    assert kept.status_code == 302
    camera.refresh_from_db()
    assert (camera.name, camera.model_set) == ("Other", "gone")
    changed = client.post(url, camera_form(organization, model_set="second"), format="multipart")
    assert changed.status_code == 302
    camera.refresh_from_db()
    assert (camera.model_set, camera.previous_model_set) == ("second", "gone")
