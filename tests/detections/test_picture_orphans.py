"""Pictures and detections without each other are found and mended; altered ones are reported."""

import os
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.utils import timezone

from cameras.models import Camera
from detections.models import Detection
from tests.detections.factories import make_detection

OLD = timedelta(hours=30)


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    """Files of other tests are nobody's here."""
    options = {**settings.STORAGES["pictures"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "pictures": options}


def check(**options: Any) -> str:
    told = StringIO()
    call_command("check_pictures", **options, stdout=told)
    return told.getvalue()


def age(name: str) -> None:
    moment = (timezone.now() - OLD).timestamp()
    os.utime(storages["pictures"].path(name), (moment, moment))


def test_nothing_is_found_where_all_is_well(camera: Camera, jpeg: bytes) -> None:
    make_detection(camera, frame=jpeg, crop=jpeg)
    make_detection(camera)

    assert check(hashes=True).startswith("Every picture has its detection")


def test_files_without_rows_are_deleted_once_they_are_settled(
    camera: Camera, jpeg: bytes, tmp_path: Path
) -> None:
    at = timezone.now() - OLD
    gone = make_detection(camera, captured_at=at, frame=jpeg, crop=jpeg)
    kept = make_detection(camera, frame=jpeg)
    folder = kept.frame_name.rpartition("/")[0]
    strange = storages["pictures"].save(f"{folder}/strange.jpg", ContentFile(jpeg))
    new = storages["pictures"].save(f"{folder}/{gone.pk}-frame.jpg", ContentFile(jpeg))
    Detection.objects.filter(pk=gone.pk).delete()
    for name in (gone.frame_name, gone.crop_name, strange):
        age(name)

    with pytest.raises(CommandError, match="no detection names it: 3"):
        check()
    assert storages["pictures"].exists(strange)
    check(repair=True)

    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {
        Path(kept.frame_name).name,
        Path(new).name,
    }
    # The day's folder went with its last picture.
    assert not (tmp_path / gone.frame_name).parent.exists()


def test_row_without_file_names_it_no_more_and_keeps_its_hash(camera: Camera, jpeg: bytes) -> None:
    lost = make_detection(camera, frame=jpeg, crop=jpeg, evidence={"readings": []})
    storages["pictures"].delete(lost.frame_name)

    with pytest.raises(CommandError, match="it is not there: 1"):
        check()
    assert "Mended" in check(repair=True)

    row = Detection.objects.get(pk=lost.pk)
    assert (row.frame_name, row.frame_sha256) == ("", lost.frame_sha256)
    assert row.crop_name == lost.crop_name
    assert row.evidence == {"readings": [], "lost_pictures": {"frame": lost.frame_name}}


def test_altered_picture_is_reported_and_left(camera: Camera, jpeg: bytes, tmp_path: Path) -> None:
    detection = make_detection(camera, frame=jpeg)
    path = tmp_path / detection.frame_name
    path.write_bytes(jpeg + b"\0")

    assert check().startswith("Every picture")
    for repair in (False, True):
        with pytest.raises(CommandError, match="not what was recorded: 1"):
            check(hashes=True, repair=repair)
    assert path.exists()
    assert Detection.objects.get(pk=detection.pk).frame_name == detection.frame_name
