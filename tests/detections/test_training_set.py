"""Reviewed crops leave as a training set: only where it is allowed, and noted."""

import csv
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent, Organization, User
from cameras.models import Camera
from detections.errors import TrainingExportError
from detections.models import RejectReason
from detections.recognition.evaluation.labels import load_labels
from detections.services.reviewing import (
    confirm_detection,
    correct_detection,
    reject_detection,
)
from detections.services.training_set import export_training_set
from tests.detections.factories import make_detection

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def reviewed(
    organization: Organization, camera: Camera, second_camera: Camera, operator: User, jpeg: bytes
) -> Organization:
    """One confirmed and one corrected, one on camera 2, one no plate, one nobody looked at."""
    organization.allows_training = True
    organization.save()
    for place in (camera, second_camera):
        detection = make_detection(place, text="1กข 1234", crop=jpeg)
        confirm_detection(detection_id=detection.pk, actor=operator)
    wrong = make_detection(camera, text="2กข 1", country="TH", province="TH-10", crop=jpeg)
    correct_detection(
        detection_id=wrong.pk, actor=operator, number="2กข 7", country="TH", province="TH-50"
    )
    no_plate = make_detection(camera, crop=jpeg)
    reject_detection(detection_id=no_plate.pk, actor=operator, reject_reason=RejectReason.NO_PLATE)
    make_detection(camera, crop=jpeg)
    return organization


def rows_of(folder: Path) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for name in ("train.csv", "validation.csv"):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            rows += csv.DictReader(file)
    return rows


def test_export_holds_what_people_said_and_is_noted(reviewed: Organization, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    call_command("export_training_set", str(folder), "--organization", reviewed.slug)
    rows = rows_of(folder)
    assert sorted((row["plate_text"], row["plate_region"]) for row in rows) == [
        ("1กข1234", "TH-10"),
        ("1กข1234", "TH-10"),
        ("2กข7", "TH-50"),
    ]
    assert all((folder / row["image_path"]).stat().st_size for row in rows)
    labels = [
        json.loads(line) for line in (folder / "labels.jsonl").read_text("utf-8").splitlines()
    ]
    assert {label["image"] for label in labels} == {row["image_path"] for row in rows}
    assert labels[0]["plates"][0]["bbox"] == [0, 0, 320, 180]
    assert not list((folder / "rejected").iterdir())
    event = AuditEvent.objects.get(action=AuditEvent.Action.EXPORTED)
    assert event.organization == reviewed
    assert event.detail["with_rejected"] is False


def test_labels_are_those_that_evaluation_reads(reviewed: Organization, tmp_path: Path) -> None:
    export_training_set(folder=tmp_path / "set", organization=reviewed)
    pictures = load_labels(tmp_path / "set" / "labels.jsonl")
    assert {plate.text for picture in pictures for plate in picture.plates} == {"1กข1234", "2กข7"}


def test_export_of_one_camera_with_rejected(
    reviewed: Organization, second_camera: Camera, camera: Camera, tmp_path: Path
) -> None:
    export_training_set(folder=tmp_path / "two", organization=reviewed, cameras=[second_camera])
    assert len(rows_of(tmp_path / "two")) == 1
    exported = export_training_set(
        folder=tmp_path / "one", organization=reviewed, cameras=[camera], with_rejected=True
    )
    assert (exported.train + exported.validation, exported.rejected) == (2, 1)
    assert len(list((tmp_path / "one" / "rejected").iterdir())) == 1


def test_one_plate_is_either_learnt_or_checked(reviewed: Organization, tmp_path: Path) -> None:
    export_training_set(folder=tmp_path / "set", organization=reviewed)
    sides = {
        name: {row.split(",")[1] for row in (tmp_path / "set" / name).read_text().splitlines()[1:]}
        for name in ("train.csv", "validation.csv")
    }
    assert not sides["train.csv"] & sides["validation.csv"]


def test_export_is_refused_where_it_is_not_allowed(
    reviewed: Organization, other_organization: Organization, other_camera: Camera, tmp_path: Path
) -> None:
    with pytest.raises(TrainingExportError, match="does not allow"):
        export_training_set(folder=tmp_path / "set", organization=other_organization)
    with pytest.raises(TrainingExportError, match="cameras of Harbour"):
        export_training_set(folder=tmp_path / "set", organization=reviewed, cameras=[other_camera])
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(TrainingExportError, match="not empty"):
        export_training_set(folder=tmp_path, organization=reviewed)
    for arguments in (
        ["--organization", "nobody"],
        ["--organization", reviewed.slug, "--camera", "X"],
    ):
        with pytest.raises(CommandError):
            call_command("export_training_set", str(tmp_path / "set"), *arguments)
    assert not AuditEvent.objects.filter(action=AuditEvent.Action.EXPORTED).exists()


def test_lists_hold_what_the_shipped_reader_can_answer(
    reviewed: Organization, camera: Camera, operator: User, jpeg: bytes, tmp_path: Path
) -> None:
    plates = {
        "AB-123-CD": ("FR", "EU"),
        "AB12CDE": ("GB", "GB"),
        "ABC1D23": ("BR", "BR"),
        "SBA1234G": ("SG", "unknown"),
        "9กก 9": ("TH", "unknown"),
        "ກກ1111": ("LA", None),
        "ABCDE123456": ("", None),
        "สิริ 9": ("TH", None),
    }
    for number, (country, _) in plates.items():
        detection = make_detection(camera, text=number, country=country, province="", crop=jpeg)
        confirm_detection(detection_id=detection.pk, actor=operator)
    folder = tmp_path / "set"
    exported = export_training_set(folder=folder, organization=reviewed)
    regions = {row["plate_text"]: row["plate_region"] for row in rows_of(folder)}
    for number, (_, region) in plates.items():
        assert regions.get(number.replace("-", "").replace(" ", "")) == region
    assert exported.unreadable == 3
    lines = {
        name: set((folder / f"{name}.jsonl").read_text("utf-8").splitlines())
        for name in ("labels", "validation")
    }
    assert len(lines["labels"]) == 3 + len(plates)
    assert len(lines["validation"]) == exported.validation + exported.unreadable
    assert lines["validation"] < lines["labels"]


def test_command_says_what_is_in_neither_list(
    reviewed: Organization,
    camera: Camera,
    operator: User,
    jpeg: bytes,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    detection = make_detection(camera, text="ABCDE123456", country="", province="", crop=jpeg)
    confirm_detection(detection_id=detection.pk, actor=operator)
    call_command("export_training_set", str(tmp_path / "set"), "--organization", reviewed.slug)
    assert "1 crops are in neither list: their plates have more" in capsys.readouterr().out
