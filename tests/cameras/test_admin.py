"""The camera's page: secrets, areas, grants, other organizations' rows, connection tests."""

import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Organization, User
from cameras import tasks
from cameras.models import Camera, CameraStatus, CameraUserObjectPermission
from cameras.selectors import cameras_visible_to
from tests.cameras.clips import quarters, write_clip
from tests.cameras.factories import make_camera, make_camera_group
from tests.detections.factories import make_detection

Clients = Callable[[User], APIClient]
PASSWORD = "opensesame-7391"
GRANTS = "camerauserobjectpermission_set"


def url_of(page: str, *args: Any) -> str:
    return reverse(f"admin:cameras_camera_{page}", args=args)


def camera_form(organization: Organization, **fields: Any) -> dict[str, Any]:
    """What a browser sends for a whole camera."""
    form = {
        "organization": organization.pk,
        "name": "Gate",
        "purpose": "access",
        "is_enabled": "on",
        "source_kind": "rtsp",
        "source_url": "rtsp://10.0.0.7:554/stream",
        "source_username": "viewer",
        "source_password": PASSWORD,
        "analyse_fps": "8",
        "point_latitude": "13.75",
        "point_longitude": "100.5",
        "heading_degrees": "90",
        "model_set": "default",
        "detector_confidence": "0.15",
        "accept_confidence": "0.7",
        "review_confidence": "0.2",
        "min_frames_agreed": "2",
        "min_plate_width_px": "24",
        "include_areas": "[[[0, 0], [1, 0], [1, 1]]]",
        "exclude_areas": "[]",
        "active_hours": json.dumps([{"days": [0, 1], "from": 420, "to": 1140}]),
        f"{GRANTS}-TOTAL_FORMS": "0",
        f"{GRANTS}-INITIAL_FORMS": "0",
    }
    defaults = Camera()
    for field in Camera._meta.concrete_fields:
        # Fields that came later keep their default, as an untouched form would.
        if field.editable and field.name not in form and field.has_default():
            form[field.name] = getattr(defaults, field.name)
    for name in ("is_archived", "retention_hours"):
        form.pop(name, None)
    return {name: value for name, value in (form | fields).items() if value is not None}


def test_page_of_a_camera_is_written_in_plain_words(
    organization: Organization, staff: User, client_of: Clients
) -> None:
    camera = make_camera(organization, name="Gate")
    CameraStatus.objects.filter(camera=camera).update(state="online", since=timezone.now())
    page = client_of(staff).get(url_of("change", camera.pk)).content.decode()
    words = re.sub(r"\s+", " ", re.sub(r"<script.*?</script>|<[^>]*>", " ", page, flags=re.DOTALL))
    assert "for less than a minute" in words
    assert "0 minutes" not in words.replace("\xa0", " ")
    assert "The command manage.py models list" in words
    assert "`" not in words
    assert "Cameras chevron_right Gate" in words
    assert "Cameras chevron_right Cameras" not in words
    form = camera_form(organization, country="XX")
    refused = post(client_of(staff), url_of("add"), form).content.decode()
    assert "XX is no country." in refused


@pytest.fixture
def gate(organization: Organization) -> Camera:
    return make_camera(
        organization,
        name="Gate",
        source_kind=Camera.SourceKind.RTSP,
        source_url="rtsp://10.0.0.7:554/stream",
        source_username="viewer",
        source_password=PASSWORD,
    )


def post(client: APIClient, url: str, form: dict[str, Any]) -> Any:
    return client.post(url, form, format="multipart")


def test_camera_is_added_with_everything(
    organization: Organization, staff: User, operator: User, client_of: Clients
) -> None:
    group = make_camera_group(organization)
    form = camera_form(organization, groups=[group.pk], country="th")
    assert post(client_of(staff), url_of("add"), form).status_code == 302
    camera = Camera.objects.get(name="Gate")
    assert (camera.point.y, camera.point.x) == (13.75, 100.5)  # type: ignore[union-attr]
    assert camera.country == "TH"
    assert camera.source_password == PASSWORD
    assert camera.include_areas == [[[0, 0], [1, 0], [1, 1]]]
    assert camera.active_hours == [{"days": [0, 1], "from": 420, "to": 1140}]
    assert list(camera.groups.all()) == [group]
    assert camera in cameras_visible_to(operator)
    assert AuditEvent.objects.filter(action=AuditEvent.Action.CREATED, target_id=str(camera.pk))


def test_only_organization_is_chosen_already(
    organization: Organization, staff: User, client_of: Clients
) -> None:
    page = client_of(staff).get(url_of("add")).content.decode()
    assert f'value="{organization.pk}" selected' in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"include_areas": "[[[0, 0], [2, 0], [1, 1]]]"}, "A corner is"),
        ({"include_areas": "no"}, "Enter a valid JSON"),
        ({"active_hours": '[{"days": [9], "from": 0, "to": 1}]'}, "Give hours as"),
        ({"point_longitude": ""}, "Give both latitude and longitude"),
        ({"point_latitude": "91"}, "less than or equal to 90"),
        ({"source_url": "rtsp://viewer:secret@10.0.0.7/"}, "Leave user name and password out"),
        ({"source_url": "file:///etc/passwd"}, "This address cannot be used"),
        ({"review_confidence": "0.9"}, "Must not be above"),
    ],
)
def test_camera_with_a_wrong_field_is_refused_with_a_sentence(
    fields: dict[str, str],
    sentence: str,
    organization: Organization,
    staff: User,
    client_of: Clients,
) -> None:
    answer = post(client_of(staff), url_of("add"), camera_form(organization, **fields))
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not Camera.objects.filter(name="Gate").exists()


def test_password_is_never_rendered_and_kept_when_empty(
    gate: Camera, organization: Organization, staff: User, client_of: Clients
) -> None:
    client = client_of(staff)
    page = client.get(url_of("change", gate.pk)).content.decode()
    assert PASSWORD not in page
    form = camera_form(organization, name="Renamed", source_password="")
    assert post(client, url_of("change", gate.pk), form).status_code == 302
    gate.refresh_from_db()
    assert (gate.name, gate.source_password) == ("Renamed", PASSWORD)
    event = AuditEvent.objects.get(action=AuditEvent.Action.CHANGED, target_id=str(gate.pk))
    assert event.detail["name"] == "Renamed"
    assert "source_password" not in event.detail


def test_new_password_is_audited_by_name_only(
    gate: Camera, organization: Organization, staff: User, client_of: Clients
) -> None:
    form = camera_form(organization, source_password="another-8264")
    assert post(client_of(staff), url_of("change", gate.pk), form).status_code == 302
    event = AuditEvent.objects.get(action=AuditEvent.Action.CHANGED, target_id=str(gate.pk))
    assert event.detail["source_password"] == "[secret]"
    assert "another-8264" not in json.dumps(event.detail)


@pytest.mark.parametrize(
    "elsewhere", [{"source_url": "rtsp://10.9.9.9/stream"}, {"source_username": "other"}]
)
def test_stored_password_goes_to_no_other_device(
    elsewhere: dict[str, str],
    gate: Camera,
    organization: Organization,
    staff: User,
    client_of: Clients,
) -> None:
    client = client_of(staff)
    form = camera_form(organization, source_password="", **elsewhere)
    assert (
        "type the password again" in post(client, url_of("change", gate.pk), form).content.decode()
    )
    tested = post(client, url_of("test"), form | {"camera": str(gate.pk)})
    assert tested.status_code == 400
    assert "type the password again" in tested.json()["sentence"]


def test_camera_takes_no_group_of_another_organization(
    organization: Organization,
    other_organization: Organization,
    superuser: User,
    staff: User,
    client_of: Clients,
) -> None:
    foreign = make_camera_group(other_organization)
    form = camera_form(organization, groups=[foreign.pk])
    for user in (staff, superuser):
        answer = post(client_of(user), url_of("add"), form)
        assert answer.status_code == 200
    assert not Camera.objects.filter(name="Gate").exists()


def test_camera_stays_in_its_organization(
    gate: Camera,
    organization: Organization,
    other_organization: Organization,
    superuser: User,
    client_of: Clients,
) -> None:
    form = camera_form(other_organization, source_password="")
    assert post(client_of(superuser), url_of("change", gate.pk), form).status_code == 302
    gate.refresh_from_db()
    assert gate.organization == organization


def test_camera_of_another_organization_is_not_there(
    other_camera: Camera, other_organization: Organization, staff: User, client_of: Clients
) -> None:
    client = client_of(staff)
    form = camera_form(other_organization)
    assert post(client, url_of("change", other_camera.pk), form).status_code == 302
    assert post(client, url_of("test"), form | {"camera": str(other_camera.pk)}).status_code == 403
    assert client.get(url_of("picture", other_camera.pk)).status_code == 404
    other_camera.refresh_from_db()
    assert other_camera.name == "Camera 1"


def grant_rows(*rows: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    fields = {f"{GRANTS}-TOTAL_FORMS": str(len(rows)), f"{GRANTS}-INITIAL_FORMS": str(initial)}
    for number, row in enumerate(rows):
        fields |= {f"{GRANTS}-{number}-{name}": value for name, value in row.items()}
    return fields


def test_grant_is_given_and_taken_back(
    gate: Camera, organization: Organization, viewer: User, staff: User, client_of: Clients
) -> None:
    client = client_of(staff)
    form = camera_form(organization, source_password="")
    given = grant_rows({"account": viewer.pk, "may": "view_camera"})
    assert post(client, url_of("change", gate.pk), form | given).status_code == 302
    assert gate in cameras_visible_to(viewer)
    grant = CameraUserObjectPermission.objects.get(content_object=gate)
    row = {"id": grant.pk, "account": viewer.pk, "may": "view_camera", "DELETE": "on"}
    assert (
        post(client, url_of("change", gate.pk), form | grant_rows(row, initial=1)).status_code
        == 302
    )
    assert gate not in cameras_visible_to(viewer)
    actions = AuditEvent.objects.filter(target_id=str(gate.pk), actor=staff)
    assert {AuditEvent.Action.GRANTED, AuditEvent.Action.REVOKED} <= set(
        actions.values_list("action", flat=True)
    )


def test_grant_to_a_stranger_is_refused(
    gate: Camera, organization: Organization, outsider: User, staff: User, client_of: Clients
) -> None:
    rows = grant_rows({"account": outsider.pk, "may": "view_camera"})
    form = camera_form(organization, source_password="") | rows
    assert post(client_of(staff), url_of("change", gate.pk), form).status_code == 200
    assert not CameraUserObjectPermission.objects.filter(content_object=gate).exists()


def test_camera_with_detections_is_archived_not_deleted(
    gate: Camera, staff: User, client_of: Clients
) -> None:
    make_detection(gate)
    client = client_of(staff)
    page = client.get(url_of("delete", gate.pk)).content.decode()
    assert "Archive it instead" in page
    post(client, url_of("delete", gate.pk), {"post": "yes"})
    assert Camera.objects.filter(pk=gate.pk).exists()
    post(client, url_of("changelist"), {"action": "archive", "_selected_action": [gate.pk]})
    gate.refresh_from_db()
    assert gate.is_archived


def test_camera_without_detections_is_deleted(
    gate: Camera, staff: User, client_of: Clients
) -> None:
    assert post(client_of(staff), url_of("delete", gate.pk), {"post": "yes"}).status_code == 302
    assert not Camera.objects.filter(pk=gate.pk).exists()
    assert AuditEvent.objects.filter(action=AuditEvent.Action.DELETED, actor=staff).exists()


def test_action_reaches_no_camera_of_another_organization(
    gate: Camera, other_camera: Camera, staff: User, client_of: Clients
) -> None:
    chosen = {"action": "disable", "_selected_action": [gate.pk, other_camera.pk]}
    post(client_of(staff), url_of("changelist"), chosen)
    gate.refresh_from_db()
    other_camera.refresh_from_db()
    assert (gate.is_enabled, other_camera.is_enabled) == (False, True)


@pytest.fixture
def sources(tmp_path: Path, settings: Settings) -> Path:
    settings.SOURCES_DIR = tmp_path
    settings.ALLOW_LOOPBACK_SOURCES = True
    return tmp_path


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"rtsp://127.0.0.1:{server.getsockname()[1]}/stream"


def try_connection(
    client: APIClient, form: dict[str, Any], capture: DjangoCaptureOnCommitCallbacks
) -> tuple[dict[str, Any], str]:
    """Press the button, do what the queued task does, and ask for news as the page does."""
    with capture(execute=True):
        started = post(client, url_of("test"), form)
    assert started.status_code == 200, started.content
    news_url: str = started.json()["news_url"]
    assert client.get(news_url).json()["state"] == "waiting"
    tasks.test_connection(news_url.rstrip("/").rpartition("/")[2])
    return client.get(news_url).json(), news_url


def test_connection_to_a_file_shows_its_picture(
    sources: Path,
    organization: Organization,
    staff: User,
    operator: User,
    client_of: Clients,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    folder = sources / "cameras" / organization.slug
    folder.mkdir(parents=True)
    write_clip(folder / "clip.mp4", [quarters()] * 10)
    form = camera_form(
        organization,
        source_kind="file",
        source_url="clip.mp4",
        source_username="",
        source_password="",
    )
    client = client_of(staff)
    news, news_url = try_connection(client, form, django_capture_on_commit_callbacks)
    assert (news["state"], news["width"], news["height"], news["codec"]) == (
        "done",
        320,
        240,
        "h264",
    )
    picture = client.get(news["picture_url"])
    assert picture["Content-Type"] == "image/jpeg"
    assert picture.content.startswith(b"\xff\xd8")
    for stranger in (operator,):
        assert client_of(stranger).get(news_url).status_code in {302, 403}
    event = AuditEvent.objects.get(action=AuditEvent.Action.TESTED)
    assert event.organization == organization
    assert not Camera.objects.filter(name="Gate").exists()


@pytest.mark.parametrize(
    "path", ["/etc/hostname", "../../outside.mp4", "missing.mp4", "../neighbour/clip.mp4"]
)
def test_connection_opens_no_file_outside_its_organizations_folder(
    path: str,
    sources: Path,
    organization: Organization,
    staff: User,
    client_of: Clients,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    (sources / "cameras" / organization.slug).mkdir(parents=True)
    neighbour = sources / "cameras" / "neighbour"
    neighbour.mkdir()
    for elsewhere in (sources / "outside.mp4", neighbour / "clip.mp4"):
        write_clip(elsewhere, [quarters()] * 10)
    form = camera_form(
        organization, source_kind="file", source_url=path, source_username="", source_password=""
    )
    news, _ = try_connection(client_of(staff), form, django_capture_on_commit_callbacks)
    assert news["state"] == "failed"
    assert "outside" in news["sentence"] or "not exist" in news["sentence"]


def test_connection_to_a_silent_server_ends_with_a_sentence(
    silent_server: str,
    sources: Path,
    organization: Organization,
    staff: User,
    client_of: Clients,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    form = camera_form(organization, source_url=silent_server)
    news, _ = try_connection(client_of(staff), form, django_capture_on_commit_callbacks)
    assert news["state"] == "failed"
    assert PASSWORD not in json.dumps(news)


def test_connection_test_is_asked_once_at_a_time(
    sources: Path, gate: Camera, organization: Organization, staff: User, client_of: Clients
) -> None:
    client = client_of(staff)
    form = camera_form(organization)
    assert post(client, url_of("test"), form).status_code == 200
    assert post(client, url_of("test"), form).status_code == 409


def test_connection_test_is_for_managers(
    organization: Organization, operator: User, client_of: Clients
) -> None:
    answer = post(client_of(operator), url_of("test"), camera_form(organization))
    assert answer.status_code in {302, 403}


@pytest.mark.parametrize("group", ["abc", "²", "9" * 5000, "1\0", "999999999"])
def test_group_that_is_none_is_refused_at_the_field(
    organization: Organization, staff: User, client_of: Clients, group: str
) -> None:
    known = make_camera_group(organization)
    form = camera_form(organization, groups=[known.pk, group])
    answer = post(client_of(staff), url_of("add"), form)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.keys() == {"groups"}
    assert f'<option value="{known.pk}" selected' in answer.content.decode()


@pytest.mark.parametrize("field", ["include_areas", "exclude_areas", "active_hours"])
@pytest.mark.parametrize("text", [f"[{'9' * 5000}]", "[" * 100_000, "[NaN]", '["\\u0000"]', "[1,"])
def test_json_that_cannot_be_kept_is_refused_at_the_field(
    organization: Organization, staff: User, client_of: Clients, field: str, text: str
) -> None:
    form = camera_form(organization, **{field: text})
    answer = post(client_of(staff), url_of("add"), form)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors == {field: ["Enter a valid JSON."]}
