"""Evidence packs with real pictures, PDF and signature, made by the task that makes them."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.core.management import call_command

from accounts.models import AuditEvent, Role, User
from accounts.services import record_audit_event
from cameras.models import Camera
from detections.models import Detection
from detections.services.reviewing import correct_detection
from reports.documents.verifier import CHANGED, NO_KEY, OTHER_KEY, SOUND, sentences, verify
from reports.models import Export, SigningKey
from reports.services.keys import rotate_key
from reports.services.making import make_export
from tests.detections.factories import make_detection
from tests.pictures import draw_picture
from tests.reports.factories import ask_export, made_file

EVIDENCE = {
    "readings": [
        {"t": 0.1, "text": "1กข1284", "confidence": 0.71},
        {"t": 0.2, "text": "1กข1234", "confidence": 0.93},
    ],
    "candidates": [{"text": "1กข1234", "share": 0.8, "frames": 4}],
    "checks": [{"rule": "accept_confidence", "value": 0.93, "limit": 0.7, "passed": True}],
    "models": {
        "set": "default",
        "detector": "plate",
        "detector_sha256": "ab" * 32,
        "reader": "cct",
    },
}


@pytest.fixture
def detections(camera: Camera) -> list[Detection]:
    return [
        make_detection(
            camera,
            text=f"1กข 123{number}",
            frame=draw_picture(size=(1280, 720)),
            crop=draw_picture(size=(240, 80), codec="WEBP"),
            evidence=EVIDENCE,
        )
        for number in range(2)
    ]


def ask(user: User, *detections: Detection) -> Export:
    return ask_export(
        user,
        kind=Export.Kind.EVIDENCE,
        format=Export.Format.ZIP,
        criteria={"detections": [str(row.pk) for row in detections]},
        reason="hit and run <b>on</b> Rama IV",
        case_number="2569/1",
    )


def keys() -> list[bytes]:
    return [bytes.fromhex(key.public_key) for key in SigningKey.objects.all()]


def test_pack_holds_all_that_is_known_and_is_sound(
    analyst: User, operator: User, camera: Camera, detections: list[Detection]
) -> None:
    record_audit_event(action=AuditEvent.Action.VIEWED, actor=operator, target=detections[0])

    content = made_file(ask(analyst, *detections))

    report = verify(io.BytesIO(content), keys())
    assert (report.code, report.problems) == (SOUND, [])
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    names = archive.namelist()
    for detection in detections:
        folder = f"detections/{detection.pk}"
        assert {f"{folder}/{name}" for name in ("frame.jpg", "crop.webp", "detection.json")} <= {
            *names
        }
    said = json.loads(archive.read(f"detections/{detections[0].pk}/detection.json"))
    assert said["plate"]["number"] == "1กข1230"
    assert said["evidence"]["readings"] == EVIDENCE["readings"]
    assert said["camera"]["name"] == camera.name
    assert said["pictures"]["frame"]["verdict"] == "intact"
    events = [json.loads(line)["event"] for line in archive.read("audit/events.jsonl").splitlines()]
    assert [event["action"] for event in events] == ["viewed", "exported"]
    assert events[1]["case_number"] == "2569/1"
    manifest = json.loads(archive.read("manifest.json"))
    assert manifest["reason"] == "hit and run <b>on</b> Rama IV"
    assert manifest["warnings"] == []
    for language in ("en", "th"):
        assert archive.read(f"report.{language}.pdf").startswith(b"%PDF-")
    assert SigningKey.objects.get().key_id == Export.objects.get().key_id


def test_pack_altered_by_one_byte_is_refused_by_both_verifiers(
    analyst: User, detections: list[Detection], tmp_path: Path
) -> None:
    content = made_file(ask(analyst, detections[0]))
    picture = zipfile.ZipFile(io.BytesIO(content)).getinfo(
        f"detections/{detections[0].pk}/frame.jpg"
    )
    altered = bytearray(content)
    altered[picture.header_offset + 30 + len(picture.filename) + 400] ^= 1
    (tmp_path / "sound.zip").write_bytes(content)
    (tmp_path / "altered.zip").write_bytes(altered)
    program = tmp_path / "verify_evidence.py"
    program.write_bytes(zipfile.ZipFile(io.BytesIO(content)).read("verify_evidence.py"))

    def run(name: str) -> "subprocess.CompletedProcess[str]":
        key = SigningKey.objects.get().public_key
        # Isolated and without site-packages: nothing but the standard library.
        command = [sys.executable, "-I", "-S", str(program), str(tmp_path / name), "--key", key]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert run("sound.zip").returncode == SOUND
    refused = run("altered.zip")
    assert refused.returncode == CHANGED
    assert f"changed: {picture.filename}." in refused.stdout
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify_evidence", str(tmp_path / "altered.zip"), stdout=out)
    assert ended.value.code == CHANGED
    assert picture.filename in out.getvalue()
    call_command("verify_evidence", str(tmp_path / "sound.zip"), stdout=out)


def test_pack_of_altered_and_missing_pictures_says_so(
    analyst: User, detections: list[Detection]
) -> None:
    store = storages["pictures"]
    Path(store.path(detections[0].frame_name)).write_bytes(b"<svg onload=evil()>")
    store.delete(detections[1].crop_name)

    export = ask(analyst, *detections)
    content = made_file(export)

    report = verify(io.BytesIO(content), keys())
    assert report.code == SOUND
    assert export.warnings == [
        f"The frame of detection {detections[0].pk} is not the one that was recorded.",
        f"The crop of detection {detections[1].pk} is missing.",
    ]
    assert sum("Noted when it was made" in sentence for sentence in sentences(report)) == 2
    archive = zipfile.ZipFile(io.BytesIO(content))
    said = json.loads(archive.read(f"detections/{detections[0].pk}/detection.json"))
    frame = said["pictures"]["frame"]
    assert frame["verdict"] == "altered"
    assert frame["found_sha256"] != frame["recorded_sha256"] == detections[0].frame_sha256


def test_pack_of_before_the_key_was_turned_is_still_sound(
    analyst: User, detections: list[Detection]
) -> None:
    old = made_file(ask(analyst, detections[0]))
    rotate_key()
    new = made_file(ask(analyst, detections[0]))

    assert verify(io.BytesIO(old), keys()).code == SOUND
    assert verify(io.BytesIO(new), keys()).code == SOUND
    present = SigningKey.objects.get(retired_at=None)
    assert verify(io.BytesIO(old), [bytes.fromhex(present.public_key)]).code == OTHER_KEY
    assert verify(io.BytesIO(old), []).code == NO_KEY


def test_pack_of_what_is_no_longer_seen_is_refused(
    analyst: User, camera: Camera, detections: list[Detection]
) -> None:
    export = ask(analyst, *detections)
    analyst.memberships.update(role=Role.VIEWER)
    analyst.groups.clear()

    make_export(export.pk)

    export.refresh_from_db()
    assert export.state == Export.State.FAILED
    assert "2 of these detections" in export.error
    assert not export.stored_name


def test_pack_tells_what_people_decided(analyst: User, detections: list[Detection]) -> None:
    correct_detection(
        detection_id=detections[0].pk,
        actor=analyst,
        number="1กข1284",
        country="TH",
        province="TH-10",
        reason="8, not 3",
    )

    archive = zipfile.ZipFile(io.BytesIO(made_file(ask(analyst, detections[0]))))

    said = json.loads(archive.read(f"detections/{detections[0].pk}/detection.json"))
    assert said["plate"]["number"] == "1กข1284"
    assert said["read"]["number"] == "1กข1230"
    [decision] = said["decisions"]
    assert (decision["kind"], decision["reason"]) == ("corrected", "8, not 3")
    assert decision["actor"] == analyst.email
