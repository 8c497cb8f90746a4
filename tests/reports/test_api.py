"""Exports, evidence packs and keys over REST, as each role finds them."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Organization, Role, Scope, User
from cameras.models import Camera
from lpr_project.common.models import uuid7
from reports.documents.verifier import SOUND, verify
from reports.models import Export, SigningKey
from reports.services.making import make_export
from tests.accounts.factories import make_api_key, make_member
from tests.detections.factories import make_detection
from tests.reports.factories import ask_export, made_file

ClientOf = Callable[[User], APIClient]
CSV = {"kind": "detections", "format": "csv", "columns": ["number"]}

TRAIL = {"kind": "audit_trail", "format": "csv"}


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_export_is_asked_for_made_and_fetched(
    client_of: ClientOf, analyst: User, camera: Camera
) -> None:
    make_detection(camera, text="1กข1234")
    client = client_of(analyst)
    asked = client.post(
        "/api/v1/exports/", {**CSV, "criteria": {"text": "1กข*"}, "case_number": "7"}
    )
    assert asked.status_code == 201, asked.json()
    assert (asked.json()["state"], asked.json()["file_url"]) == ("queued", None)

    make_export(asked.json()["id"])

    url = f"/api/v1/exports/{asked.json()['id']}/"
    told = client.get(url).json()
    assert (told["state"], told["rows_count"], told["case_number"]) == ("done", 1, "7")
    answer = client.get(told["file_url"])
    assert answer.status_code == 200
    assert body_of(answer).decode("utf-8-sig") == "number\r\n1กข1234\r\n"
    assert "detections-" in answer["Content-Disposition"]
    assert client.get(f"{url}file/").json()["error"]["code"] == "link_refused"
    assert client.delete(url).status_code == 204
    assert client.get(told["file_url"]).json()["error"]["code"] == "export_gone"


def test_file_is_nobody_elses(
    client_of: ClientOf, analyst: User, staff: User, camera: Camera
) -> None:
    export = ask_export(analyst)
    made_file(export)
    url = client_of(analyst).get(f"/api/v1/exports/{export.pk}/").json()["file_url"]

    # The manager may make such exports, and has no part in this one.
    for path in (url, f"/api/v1/exports/{export.pk}/"):
        assert client_of(staff).get(path).status_code == 404
    assert client_of(staff).get("/api/v1/exports/").json()["results"] == []


@pytest.mark.parametrize(
    ("role", "detections", "audit", "evidence"),
    [
        (Role.OWNER, 201, 201, 201),
        (Role.MANAGER, 201, 403, 201),
        (Role.OPERATOR, 403, 403, 403),
        (Role.ANALYST, 201, 403, 201),
        (Role.AUDITOR, 403, 201, 403),
        (Role.VIEWER, 403, 403, 403),
    ],
)
def test_each_role_takes_away_what_it_may(
    client_of: ClientOf,
    organization: Organization,
    camera: Camera,
    role: Role,
    detections: int,
    audit: int,
    evidence: int,
) -> None:
    client = client_of(make_member(organization, role))
    pack = {"detections": [str(make_detection(camera).pk)], "reason": "theft"}

    assert client.post("/api/v1/exports/", CSV).status_code == detections
    assert (
        client.post("/api/v1/exports/", {"kind": "audit_trail", "format": "csv"}).status_code
        == audit
    )
    assert client.post("/api/v1/evidence-packs/", pack).status_code == evidence
    direct = client.post("/api/v1/exports/direct/", CSV)
    assert direct.status_code == (200 if detections == 201 else 403)


def test_outsider_exports_nothing_of_others(
    client_of: ClientOf, outsider: User, organization: Organization, camera: Camera
) -> None:
    detection = make_detection(camera)
    client = client_of(outsider)

    direct = client.post("/api/v1/exports/direct/", CSV)
    assert body_of(direct).decode("utf-8-sig") == "number\r\n"
    refused = client.post("/api/v1/exports/", {**CSV, "organization": organization.slug})
    assert refused.status_code == 400
    assert "organization" in refused.json()["error"]["detail"]
    for pk in (detection.pk, uuid7()):  # what is hidden is told like what is not there
        pack = {"detections": [str(pk)], "reason": "curiosity"}
        answer = client.post("/api/v1/evidence-packs/", pack)
        assert answer.status_code == 400
        assert answer.json()["error"]["detail"] == {
            "detections": ["1 of these detections is gone, or you may not see it."]
        }
    assert not Export.objects.exists()


def test_pack_over_rest_is_sound(
    client_of: ClientOf, analyst: User, camera: Camera, jpeg: bytes, tmp_path: Any
) -> None:
    detection = make_detection(camera, frame=jpeg)
    client = client_of(analyst)
    asked = client.post(
        "/api/v1/evidence-packs/", {"detections": [str(detection.pk)], "reason": "theft"}
    ).json()
    make_export(asked["id"])
    told = client.get(f"/api/v1/evidence-packs/{asked['id']}/").json()

    answer = client.get(told["file_url"], headers={"Accept": "application/zip"})

    content = body_of(answer)
    [key] = client.get("/api/v1/signing-keys/").json()
    assert key["key_id"] == told["key_id"]
    assert verify(io.BytesIO(content), [bytes.fromhex(key["public_key"])]).code == SOUND
    assert int(answer["Content-Length"]) == len(content) == told["size_bytes"]
    # A pack is no table, and a table no pack.
    assert client.get(f"/api/v1/exports/{asked['id']}/").status_code == 404
    (tmp_path / "pack.zip").write_bytes(content)
    call_command("verify_evidence", str(tmp_path / "pack.zip"), stdout=io.StringIO())


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"format": "pdf"}, 400, "invalid"),
        ({"format": "csv", "columns": ["secret"]}, 400, "export_refused"),
        ({"format": "csv", "criteria": {"since": "2026", "until": {}}}, 400, "invalid"),
        ({"format": "geojson", "kind": "audit_trail"}, 400, "export_refused"),
        ({"format": "csv", "criteria": [1]}, 400, "invalid"),
        ({"format": "csv", "kind": "audit_trail", "criteria": {"since": {}}}, 201, ""),
        (
            {"format": "csv", "kind": "audit_trail", "criteria": {"since": "x"}},
            400,
            "export_refused",
        ),
    ],
)
def test_wrong_questions_are_answered_with_what_is_wrong(
    client_of: ClientOf, organization: Organization, asked: dict[str, Any], status: int, code: str
) -> None:
    owner = make_member(organization, Role.OWNER)

    answer = client_of(owner).post("/api/v1/exports/", asked)

    assert answer.status_code == status, answer.json()
    if code:
        assert answer.json()["error"]["code"] == code
        assert answer.json()["error"]["message"]


def test_evidence_needs_a_reason(client_of: ClientOf, analyst: User, camera: Camera) -> None:
    detections = [str(make_detection(camera).pk)]
    client = client_of(analyst)

    for body in ({"detections": detections}, {"detections": detections, "reason": "  "}):
        answer = client.post("/api/v1/evidence-packs/", body)
        assert answer.status_code == 400
        assert "reason" in answer.json()["error"]["detail"]


def test_too_many_rows_are_not_sent_at_once(
    client_of: ClientOf, analyst: User, camera: Camera, settings: Settings
) -> None:
    make_detection(camera)
    settings.EXPORT_DIRECT_ROWS = 0

    answer = client_of(analyst).post("/api/v1/exports/direct/", CSV)

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "export_too_large"


def test_key_exports_as_its_own_account(organization: Organization, camera: Camera) -> None:
    make_detection(camera, text="1กข1234")
    key, secret = make_api_key(organization, Scope.DETECTIONS_EXPORT, role=Role.ANALYST)
    client = APIClient(headers={"Authorization": f"Bearer {secret}"})

    asked = client.post("/api/v1/exports/", {**CSV, "format": "jsonl"}).json()
    make_export(asked["id"])
    told = client.get(f"/api/v1/exports/{asked['id']}/").json()

    assert Export.objects.get().created_by == key.user
    assert json.loads(body_of(client.get(told["file_url"]))) == {"number": "1กข1234"}
    # Without the key the link opens nothing.
    assert APIClient().get(told["file_url"]).status_code == 401


def test_keys_are_listed_newest_first(client_of: ClientOf, analyst: User) -> None:
    SigningKey.objects.create(key_id="a" * 16, public_key="ab" * 32, retired_at=timezone.now())

    [key] = client_of(analyst).get("/api/v1/signing-keys/").json()

    assert key["retired_at"]
