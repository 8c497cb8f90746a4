"""Pages of exports and of how evidence is checked."""

import subprocess
import sys
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Organization, Role, User
from accounts.services import add_member
from cameras.models import Camera
from detections.models import Detection
from reports.models import Export, SigningKey
from reports.services.keys import signing_key
from tests.accounts.factories import make_member, make_organization
from tests.cameras.factories import make_camera, make_camera_group
from tests.detections.factories import make_detection
from tests.reports.factories import ask_export, made_file

ClientOf = Callable[[User], APIClient]


def post(client: APIClient, url: str, data: dict[str, Any] | None = None) -> Any:
    return client.post(url, data or {}, format="multipart")


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_export_page_sends_few_rows_at_once(
    client_of: ClientOf, analyst: User, camera: Camera
) -> None:
    make_detection(camera, text="1กข1234")
    make_detection(camera, text="9ขก9")
    client = client_of(analyst)
    page = client.get("/exports/new/?text=1กข*")
    assert "1กข*" in text_of(page)

    asked = {"format": "csv", "columns": ["number"], "reason": "theft"}
    answer = post(client, "/exports/new/?text=1กข*", asked)

    content = b"".join(answer).decode("utf-8-sig")
    assert content == "number\r\n1กข1234\r\n"
    assert not Export.objects.exists()


def test_export_page_has_more_rows_made_in_the_background(
    client_of: ClientOf, analyst: User, camera: Camera, settings: Settings
) -> None:
    make_detection(camera)
    settings.EXPORT_DIRECT_ROWS = 0
    client = client_of(analyst)

    answer = post(client, "/exports/new/", {"format": "xlsx"})

    assert (answer.status_code, answer["Location"]) == (302, "/exports/")
    export = Export.objects.get()
    assert (export.format, export.state) == ("xlsx", "queued")
    page = text_of(client.get("/exports/"))
    assert 'hx-trigger="every 2s"' in page
    made_file(export)
    page = text_of(client.get("/exports/"))
    assert "hx-trigger" not in page
    led = post(client, f"/exports/{export.pk}/download")
    answer = client.get(led["Location"])
    assert b"".join(answer).startswith(b"PK")
    assert client.get(f"/exports/{export.pk}/file?token=x").status_code == 403
    assert post(client, f"/exports/{export.pk}/cancel").status_code == 302
    assert client.get(led["Location"]).status_code == 409


def test_export_page_names_what_is_wrong(
    client_of: ClientOf, analyst: User, organization: Organization
) -> None:
    client = client_of(analyst)
    assert client.get("/exports/new/?since=tomorrow").status_code == 422

    organization.demands_case_number = True
    organization.save()
    answer = post(client, "/exports/new/", {"format": "csv"})
    assert answer.status_code == 422
    assert "number of the case" in text_of(answer)
    assert post(client, "/exports/new/", {"format": "pdf"}).status_code == 422


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_pages_say_that_a_role_takes_nothing_away(
    client_of: ClientOf, organization: Organization, camera: Camera, role: Role
) -> None:
    make_detection(camera)
    client = client_of(make_member(organization, role))

    for path in ("/exports/", "/exports/new/", "/exports/evidence/"):
        assert "Ask a manager" in text_of(client.get(path))
    assert "/exports/new/" not in text_of(client.get("/detections/"))
    assert post(client, "/exports/new/", {"format": "csv"}).status_code == 403
    assert not Export.objects.exists()


def test_auditor_exports_the_audit_trail(client_of: ClientOf, auditor: User) -> None:
    client = client_of(auditor)
    assert "kind=audit_trail" in text_of(client.get("/exports/"))

    answer = post(
        client,
        "/exports/new/?kind=audit_trail&action=granted",
        {"format": "jsonl", "columns": "at"},
    )

    assert b'"at"' in b"".join(answer.streaming_content)


def test_list_leads_to_an_export_of_what_it_shows(
    client_of: ClientOf, analyst: User, camera: Camera, second_camera: Camera
) -> None:
    shown, hidden = make_detection(camera), make_detection(second_camera)
    client = client_of(analyst)

    page = text_of(client.get(f"/detections/?camera={camera.pk}&confidence=0.5"))

    link = f"/exports/evidence/?camera={camera.pk}&amp;min_confidence=0.5"
    assert link in page
    offered = text_of(client.get(link.replace("&amp;", "&")))
    assert str(shown.pk) in offered
    assert str(hidden.pk) not in offered


def test_list_of_a_group_without_a_chosen_camera_exports_nothing(
    client_of: ClientOf, analyst: User, camera: Camera, second_camera: Camera
) -> None:
    make_detection(camera)
    group = make_camera_group(camera.organization, [second_camera])

    answer = client_of(analyst).get(f"/detections/?camera={camera.pk}&group={group.pk}")

    assert "camera=00000000-0000-0000-0000-000000000000" in answer.context["export_query"]


def test_evidence_page_makes_a_pack_of_what_was_chosen(
    client_of: ClientOf, analyst: User, camera: Camera
) -> None:
    first, second = make_detection(camera), make_detection(camera)
    client = client_of(analyst)
    assert f"detection={first.pk}" in text_of(client.get(f"/detections/{first.pk}/"))

    url = "/exports/evidence/"
    refused = post(client, url, {"detections": [str(first.pk)]})
    assert refused.status_code == 422
    answer = post(client, url, {"detections": [str(first.pk)], "reason": "theft"})

    assert answer.status_code == 302
    export = Export.objects.get()
    assert export.criteria == {"detections": [str(first.pk)]}
    assert str(second.pk) not in str(export.criteria)
    made_file(export)
    page = text_of(client.get("/exports/"))
    assert SigningKey.objects.get().key_id in page


@pytest.mark.parametrize("name", ["reason", "case_number"])
def test_evidence_page_refuses_nul_at_the_field(
    client_of: ClientOf, analyst: User, camera: Camera, name: str
) -> None:
    detection, client = make_detection(camera), client_of(analyst)
    for url in ("/exports/evidence/", f"/exports/evidence/?detection={detection.pk}"):
        form = {"detections": [str(detection.pk)], "reason": "theft", name: "the\0ft"}
        answer = post(client, url, form)
        assert answer.status_code == 422
        assert answer.context["form"].errors.keys() == {name}
    assert not Export.objects.exists()


def test_evidence_page_offers_nothing_of_others(
    client_of: ClientOf, outsider: User, camera: Camera
) -> None:
    detection = make_detection(camera)
    client = client_of(outsider)

    assert client.get(f"/exports/evidence/?detection={detection.pk}").status_code == 404
    answer = post(client, "/exports/evidence/", {"detections": [str(detection.pk)], "reason": "x"})
    assert answer.status_code == 422
    assert not Export.objects.exists()


def test_evidence_page_keeps_two_organizations_apart(
    client_of: ClientOf, analyst: User, camera: Camera
) -> None:
    other = make_organization()
    add_member(organization=other, user=analyst, role=Role.ANALYST, actor=None)
    theirs, ours = make_detection(make_camera(other)), make_detection(camera)
    both = [str(theirs.pk), str(ours.pk)]
    client = client_of(analyst)
    url = f"/exports/evidence/?detection={theirs.pk}&detection={ours.pk}"
    form = client.get(url).context["form"]
    newest = max((theirs, ours), key=attrgetter("pk"))
    assert form["detections"].value() == [str(newest.pk)]
    assert form["organization"].value() == newest.organization_id

    asked = {"organization": ours.organization_id, "reason": "theft"}
    refused = post(client, url, {"detections": both, **asked})
    assert refused.status_code == 422
    assert "1 of these detections is of another organization" in text_of(refused)
    assert not Export.objects.exists()
    answer = post(client, url, {"detections": [str(ours.pk)], **asked})
    assert answer.status_code == 302
    assert Export.objects.get().organization_id == ours.organization_id


def test_export_list_pages_by_key(
    client_of: ClientOf, analyst: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EXPORTS_AT_ONCE = 10
    monkeypatch.setattr("reports.views.exports.PAGE_ROWS", 2)
    exports = [ask_export(analyst) for _ in range(3)]
    client = client_of(analyst)

    page = text_of(client.get("/exports/"))
    assert f"?after={exports[1].pk}" in page
    assert str(exports[0].pk) in text_of(client.get(f"/exports/?after={exports[1].pk}"))
    assert client.get("/exports/?after=none").status_code == 404


def test_keys_and_verifier_are_open_to_everybody(client: Client, db: None, tmp_path: Path) -> None:
    assert "Nothing has been signed yet" in text_of(client.get("/evidence/"))
    _, key = signing_key()

    page = text_of(client.get("/evidence/"))
    assert key.public_key in page
    program = tmp_path / "verify_evidence.py"
    program.write_bytes(client.get("/evidence/verify_evidence.py").content)
    (tmp_path / "none.zip").write_bytes(b"no pack")
    command = [sys.executable, "-I", "-S", str(program), str(tmp_path / "none.zip")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "no evidence pack" in done.stdout) == (2, True)


def test_pages_speak_thai(client_of: ClientOf, analyst: User, camera: Camera) -> None:
    make_detection(camera)
    client = client_of(analyst)
    client.cookies["django_language"] = "th"

    for path in ("/exports/", "/exports/new/", "/exports/evidence/", "/evidence/"):
        assert client.get(path).status_code == 200


def test_pages_cost_the_same_however_many_rows(
    client_of: ClientOf,
    analyst: User,
    camera: Camera,
    django_assert_max_num_queries: Any,
    settings: Settings,
) -> None:
    settings.EXPORTS_AT_ONCE = 100
    client = client_of(analyst)
    for _ in range(12):
        make_detection(camera)
        ask_export(analyst)
    assert Detection.objects.count() == 12

    for path in ("/exports/", "/exports/evidence/"):
        with django_assert_max_num_queries(24):
            client.get(path)
