import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from time import monotonic, sleep
from uuid import UUID

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AuditEvent, Organization, Role, User
from cameras.models import Camera
from detections.errors import UploadRefusedError
from detections.models import Detection, Upload
from detections.services import uploads
from detections.services.inference import PATIENCE_SECONDS
from detections.services.reading import read_upload
from detections.services.recording import NewDetection, record_detection
from detections.services.uploads import claim_upload, create_upload, kind_of
from tests.accounts.factories import make_member
from tests.cameras.clips import jpeg as encoded_jpeg
from tests.cameras.clips import quarters, write_clip
from tests.detections.conftest import TOLLGATE_PLATES, assert_pictures_are_whole
from tests.recognition.street import draw_street


def send(user: User, camera: Camera, content: bytes, name: str = "gate.jpg") -> Upload:
    return create_upload(
        user=user,
        camera=camera,
        file=ContentFile(content, name),
        original_name=name,
        captured_at=timezone.now() - timedelta(hours=1),
    )


def png_of_claimed_size(width: int, height: int) -> bytes:
    """A PNG whose header claims a size that its few bytes cannot hold."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"", "file"),
        (b"#!/bin/sh\nrm -rf /", "file"),
        (b"%PDF-1.7 " + bytes(100), "file"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "file"),
    ],
)
def test_create_upload_of_no_picture_or_video_is_refused_and_leaves_nothing(
    operator: User, camera: Camera, content: bytes, field: str
) -> None:
    with pytest.raises(UploadRefusedError) as refused:
        send(operator, camera, content)
    assert refused.value.detail == {"field": field}
    assert not Upload.objects.exists()


def test_create_upload_by_viewer_is_refused(viewer: User, camera: Camera, jpeg: bytes) -> None:
    with pytest.raises(UploadRefusedError):
        send(viewer, camera, jpeg)


def test_create_upload_to_a_foreign_camera_is_refused(
    outsider: User, camera: Camera, jpeg: bytes
) -> None:
    with pytest.raises(UploadRefusedError):
        send(outsider, camera, jpeg)


@pytest.mark.parametrize("away", [timedelta(days=1), timedelta(days=-365 * 57)])
def test_create_upload_of_an_impossible_moment_is_refused(
    operator: User, camera: Camera, jpeg: bytes, away: timedelta
) -> None:
    with pytest.raises(UploadRefusedError) as refused:
        create_upload(
            user=operator,
            camera=camera,
            file=ContentFile(jpeg),
            original_name="a.jpg",
            captured_at=timezone.now() + away,
        )
    assert refused.value.detail == {"field": "captured_at"}


def test_create_upload_larger_than_allowed_is_refused(
    operator: User, camera: Camera, jpeg: bytes, settings: object
) -> None:
    settings.UPLOAD_MAX_BYTES = len(jpeg) - 1  # type: ignore[attr-defined]
    with pytest.raises(UploadRefusedError):
        send(operator, camera, jpeg)


def test_create_upload_that_would_fill_the_disk_is_refused_and_leaves_nothing(
    operator: User, camera: Camera, jpeg: bytes, settings: Settings
) -> None:
    settings.STORAGE_RESERVE_BYTES = 2**60
    with pytest.raises(UploadRefusedError, match="nearly full"):
        send(operator, camera, jpeg)
    assert not Upload.objects.exists()


def test_create_upload_twice_is_one_upload(operator: User, camera: Camera, jpeg: bytes) -> None:
    moment = timezone.now()
    first, second = (
        create_upload(
            user=operator,
            camera=camera,
            file=ContentFile(jpeg),
            original_name="a.jpg",
            captured_at=moment,
        )
        for _ in range(2)
    )
    assert first.pk == second.pk


def test_create_upload_by_many_at_once_is_one_upload(
    transactional_db: None, organization: Organization, camera: Camera, jpeg: bytes
) -> None:
    moment = timezone.now()
    user = make_member(organization, Role.OPERATOR)
    ready = Barrier(4)

    def create(_: int) -> Upload:
        try:
            ready.wait(10)
            return create_upload(
                user=user,
                camera=camera,
                file=ContentFile(jpeg),
                original_name="a.jpg",
                captured_at=moment,
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(create, range(4)))

    assert {upload.pk for upload in made} == {Upload.objects.get().pk}
    _, files = storages["uploads"].listdir(str(organization.pk))
    assert files == [str(made[0].pk)]


def test_create_upload_keeps_only_the_name_of_the_file_and_is_audited(
    operator: User, camera: Camera, jpeg: bytes
) -> None:
    upload = send(operator, camera, jpeg, name="../../etc/passwd.jpg")
    assert upload.original_name == "passwd.jpg"
    with storages["uploads"].open(upload.stored_name) as stored:
        assert stored.read() == jpeg
    event = AuditEvent.objects.get(action=AuditEvent.Action.UPLOADED)
    assert (event.actor, event.target_id) == (operator, str(upload.pk))


def test_claim_upload_by_a_second_worker_finds_it_taken(
    operator: User, camera: Camera, jpeg: bytes
) -> None:
    upload = send(operator, camera, jpeg)
    assert claim_upload(upload_id=upload.pk) is not None
    assert claim_upload(upload_id=upload.pk) is None


def test_upload_whose_reader_died_is_resumed_and_given_up_after_three_tries(
    operator: User, camera: Camera, jpeg: bytes
) -> None:
    upload = send(operator, camera, jpeg)
    for _ in range(uploads.ATTEMPTS_MOST):
        assert claim_upload(upload_id=upload.pk) is not None
        long_ago = timezone.now() - 2 * uploads.SILENT_AFTER
        Upload.objects.filter(pk=upload.pk).update(heartbeat_at=long_ago, updated_at=long_ago)
        assert uploads.uploads_to_resume() == [upload.pk]
    assert claim_upload(upload_id=upload.pk) is None
    upload.refresh_from_db()
    assert upload.state == Upload.State.FAILED
    assert "stopped the worker 3 times" in upload.error


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xd8\xff\xe0" + bytes(2000), "picture"),
        (encoded_jpeg(quarters())[:-400], "damaged or cut off"),
        (bytes(4) + b"ftypisom" + bytes(5000), "video"),
        (png_of_claimed_size(30_000, 30_000), "pixels"),
    ],
)
def test_read_upload_of_a_damaged_file_fails_in_words(
    operator: User, camera: Camera, content: bytes, sentence: str
) -> None:
    upload = send(operator, camera, content)
    read_upload(upload.pk)
    upload.refresh_from_db()
    assert upload.state == Upload.State.FAILED
    assert sentence in upload.error.lower()
    assert not Detection.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_read_upload_without_a_recognition_worker_waits_for_one(
    operator: User, camera: Camera, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert PATIENCE_SECONDS > 1
    monkeypatch.setattr("detections.services.inference.PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr("detections.services.inference.ANSWER_WITHIN_SECONDS", 0.2)
    upload = send(operator, camera, jpeg)
    read_upload(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.attempts) == (Upload.State.QUEUED, 0)


@pytest.mark.django_db(transaction=True)
def test_read_upload_waits_as_long_as_recognition_is_only_slow(
    operator: User, camera: Camera, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("detections.services.inference.PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr("detections.services.inference.ANSWER_WITHIN_SECONDS", 0.2)
    # A worker that says that it lives, and never comes to answer within the time of this test.
    cache.set("alive:recognition", "a worker", timeout=600)
    upload = send(operator, camera, jpeg)
    reading = Thread(target=_read_and_close, args=(upload.pk,), daemon=True)
    reading.start()
    beats: set[datetime | None] = set()
    until = monotonic() + 60
    while len(beats) < 3 and monotonic() < until:
        upload.refresh_from_db()
        beats.add(upload.heartbeat_at)
        sleep(0.2)
    assert (upload.state, upload.attempts) == (Upload.State.READING, 1)
    assert len(beats) >= 3
    cache.delete("alive:recognition")
    reading.join(60)
    upload.refresh_from_db()
    assert (upload.state, upload.attempts) == (Upload.State.QUEUED, 0)


def _read_and_close(upload_id: UUID) -> None:
    try:
        read_upload(upload_id)
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("moment_s", "box", "count"),
    [
        (0.4, (506, 426, 138, 40), 1),
        (0.4, (200, 430, 140, 32), 2),
        (30.0, (500, 430, 140, 32), 2),
    ],
    ids=["the same", "beside it", "later"],
)
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("recognition_worker")
def test_read_upload_again_leaves_what_an_earlier_run_recorded_by_another_frame(
    operator: User,
    camera: Camera,
    tmp_path: Path,
    moment_s: float,
    box: tuple[int, int, int, int],
    count: int,
) -> None:
    clip = write_clip(tmp_path / "street.mp4", [draw_street()] * 12, fps=10)
    upload = send(operator, camera, clip.read_bytes(), name=clip.name)
    earlier = NewDetection(
        camera=camera,
        key=f"upload:{upload.pk}:7",
        captured_at=upload.captured_at + timedelta(seconds=moment_s),
        text="34AB561",
        confidence=0.8,
        origin=Detection.Origin.UPLOAD,
        box=box,
        upload_id=upload.pk,
    )
    record_detection(item=earlier)
    read_upload(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.error) == (Upload.State.DONE, "")
    assert Detection.objects.count() == count
    assert upload.detections_count == count - 1


@pytest.mark.realdata
@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("recognition_worker")
def test_read_upload_of_the_toll_gate_gives_its_three_plates_once_each(
    operator: User, camera: Camera, tollgate: Path
) -> None:
    upload = send(operator, camera, tollgate.read_bytes(), name="tollgate.mp4")
    read_upload(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.error) == (Upload.State.DONE, "")
    numbers = sorted(Detection.objects.values_list("read_number", flat=True))
    assert numbers == sorted(TOLLGATE_PLATES)
    assert upload.detections_count == len(TOLLGATE_PLATES)
    assert_pictures_are_whole()

    # The same upload read again records nothing twice.
    Upload.objects.update(state=Upload.State.QUEUED, heartbeat_at=None)
    read_upload(upload.pk)
    assert Detection.objects.count() == len(TOLLGATE_PLATES)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0" + bytes(12), Upload.Kind.PICTURE),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", Upload.Kind.PICTURE),
        (b"RIFF\x10\x00\x00\x00AVI LIST", Upload.Kind.VIDEO),
        (b"\x00\x00\x00\x20ftypisom\x00\x00", Upload.Kind.VIDEO),
        (b"\x1a\x45\xdf\xa3" + bytes(12), Upload.Kind.VIDEO),
        (b"GIF89a" + bytes(10), None),
        (b"", None),
    ],
)
def test_kind_of_goes_by_the_first_bytes(head: bytes, kind: Upload.Kind | None) -> None:
    assert kind_of(head) == kind
