"""Recording: idempotent, whole or not at all, for each organization by itself."""

import hashlib
import resource
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import storages
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Organization
from cameras.models import Camera
from detections.errors import DetectionRefusedError, RepeatedKeyError
from detections.models import Detection
from detections.services.recording import (
    NewDetection,
    Recorded,
    detection_id,
    record_detection,
    record_detections,
)
from detections.signals import detections_recorded
from lpr_project.common.models import uuid7_time
from tests.cameras.factories import make_camera
from tests.detections.factories import make_detection, new_detection
from vehicles.models import Plate

NOON = datetime(2026, 1, 2, 12, 0, 0, 108_900, tzinfo=UTC)


@pytest.fixture
def announced() -> Iterator[list[Detection]]:
    """What the signal told the apps above."""
    told: list[Detection] = []

    def listen(detections: list[Detection], **_kwargs: Any) -> None:
        told.extend(detections)

    detections_recorded.connect(listen)
    yield told
    detections_recorded.disconnect(listen)


def pictures() -> set[Path]:
    folder = Path(storages["pictures"].location)  # type: ignore[attr-defined]  # a folder under test
    return {path for path in folder.rglob("*") if path.is_file()}


def test_detection_id_carries_the_moment_and_nothing_else_that_changes(camera: Camera) -> None:
    first = detection_id(camera_id=camera.pk, key="a", captured_at=NOON)

    assert first == detection_id(camera_id=camera.pk, key="a", captured_at=NOON)
    assert first != detection_id(camera_id=camera.pk, key="b", captured_at=NOON)
    assert first != detection_id(camera_id=uuid4(), key="a", captured_at=NOON)
    assert first.version == 7
    assert uuid7_time(first) == NOON.replace(microsecond=108_000)


def test_record_detection_keeps_what_was_read(camera: Camera) -> None:
    now = timezone.now()
    item = new_detection(
        camera,
        captured_at=now,
        text="1กข-1234",
        box=(10, 20, 30, 40),
        frame_size=(1920, 1080),
        evidence={"readings": [{"text": "1กข1234"}]},
    )

    recorded = record_detection(item=item)

    detection = Detection.objects.get(pk=recorded.id)
    assert recorded.is_new
    assert detection.organization == camera.organization
    assert (detection.read_text, detection.read_number) == ("1กข-1234", "1กข1234")
    assert (detection.box_x, detection.box_height) == (10, 40)
    assert detection.frame_width_px == 1920
    assert detection.captured_at == now
    assert detection.readings == [{"text": "1กข1234"}]
    assert detection.plate is not None
    assert (detection.plate.number, detection.plate.province) == ("1กข1234", "TH-10")


def test_record_detection_drops_characters_that_would_not_be_seen(camera: Camera) -> None:
    recorded = record_detection(item=new_detection(camera, text="AB\u202e12\u200b"))

    assert Detection.objects.get(pk=recorded.id).read_text == "AB12"


def test_record_detections_keeps_whatever_characters_came(camera: Camera) -> None:
    odd = "a\tb\\N\nc\rd"
    items = [
        new_detection(camera, vehicle_kind=odd, evidence={"said": f'{odd}"ก'}, travel_degrees=90),
        new_detection(camera, vehicle_kind="\\N", box=(1, 2, 3, 4), confidence=1e-7),
        new_detection(camera, evidence={"vote": [1, None, True, {"N": "\\."}]}),
    ]

    outcomes = record_detections(items=items)

    kept = [Detection.objects.get(pk=one.id) for one in outcomes if isinstance(one, Recorded)]
    for item, detection in zip(items, kept, strict=True):
        assert detection.vehicle_kind == item.vehicle_kind
        assert detection.evidence == item.evidence
        assert detection.confidence == item.confidence
        assert detection.travel_degrees == item.travel_degrees
        assert detection.box_x == (item.box[0] if item.box else None)
    assert kept[0].origin in Detection.Origin.values
    assert kept[0].upload_id is None


def test_record_detections_repeated_changes_nothing(
    camera: Camera,
    jpeg: bytes,
    announced: list[Detection],
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    items = [new_detection(camera, frame=jpeg, crop=jpeg) for _ in range(3)]
    with django_capture_on_commit_callbacks(execute=True):
        first = record_detections(items=items)
    kept = pictures()

    with django_capture_on_commit_callbacks(execute=True):
        second = record_detections(items=[*items, new_detection(camera)])

    assert [outcome.is_new for outcome in first if isinstance(outcome, Recorded)] == [True] * 3
    assert second[:3] == [Recorded(id=outcome.id, is_new=False) for outcome in first]  # type: ignore[union-attr]  # checked above
    assert isinstance(second[3], Recorded)
    assert second[3].is_new
    assert pictures() == kept
    assert [detection.pk for detection in announced] == [
        *sorted(outcome.id for outcome in first if isinstance(outcome, Recorded)),
        second[3].id,
    ]
    assert set(Plate.objects.values_list("detections_count", flat=True)) == {1}


def test_record_detections_takes_an_event_that_stands_twice_in_a_batch_once(camera: Camera) -> None:
    item = new_detection(camera)

    outcomes = record_detections(items=[item, item])

    assert [outcome.is_new for outcome in outcomes if isinstance(outcome, Recorded)] == [
        True,
        False,
    ]
    assert Plate.objects.get().detections_count == 1


def test_record_detections_refuses_a_key_that_came_with_another_plate(camera: Camera) -> None:
    item = new_detection(camera, key="k", captured_at=NOON, text="AB 12")
    other = new_detection(camera, key="k", captured_at=NOON, text="CD 34")
    record_detection(item=item)

    refused, fine = record_detections(items=[other, new_detection(camera)])

    assert isinstance(refused, RepeatedKeyError)
    assert refused.status == 409
    assert isinstance(fine, Recorded)
    assert not Plate.objects.filter(number="CD34").exists()


def test_record_detections_refuses_a_key_used_twice_within_a_batch(camera: Camera) -> None:
    items = [
        new_detection(camera, key="k", captured_at=NOON, text="AB 12"),
        new_detection(camera, key="k", captured_at=NOON, text="CD 34"),
    ]

    first, second = record_detections(items=items)

    assert isinstance(first, Recorded)
    assert isinstance(second, RepeatedKeyError)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("captured_at", {"captured_at": datetime(1970, 1, 1, tzinfo=UTC)}),
        ("captured_at", {"captured_at": timezone.now() + timedelta(days=1)}),
        ("text", {"text": "<b>AB12</b>"}),
        ("text", {"text": " - "}),
        ("text", {"text": "A" * 17}),
        ("confidence", {"confidence": 1.01}),
        ("confidence", {"confidence": float("nan")}),
        ("key", {"key": ""}),
        ("key", {"key": "k" * 201}),
        ("country", {"country": "THA"}),
        ("number", {"number": "1" * 17}),
    ],
)
def test_record_detections_refuses_one_item_and_keeps_the_others(
    camera: Camera, field: str, changes: dict[str, Any]
) -> None:
    refused, fine = record_detections(
        items=[new_detection(camera, **changes), new_detection(camera)]
    )

    assert isinstance(refused, DetectionRefusedError)
    assert refused.detail["field"] == field
    assert isinstance(fine, Recorded)
    assert Detection.objects.count() == 1


def test_record_detection_raises_what_is_refused(camera: Camera) -> None:
    with pytest.raises(DetectionRefusedError, match="future"):
        record_detection(
            item=new_detection(camera, captured_at=timezone.now() + timedelta(minutes=6))
        )


def test_record_detections_keeps_organizations_apart(camera: Camera, other_camera: Camera) -> None:
    record_detections(
        items=[new_detection(one, text="AB 12", key="k") for one in (camera, other_camera)]
    )

    plates = {plate.organization_id: plate for plate in Plate.objects.all()}
    assert plates.keys() == {camera.organization_id, other_camera.organization_id}
    for detection in Detection.objects.select_related("plate"):
        assert detection.plate is not None
        assert detection.plate.organization_id == detection.organization_id
        assert detection.plate.detections_count == 1


def test_record_detections_counts_each_plate(camera: Camera, second_camera: Camera) -> None:
    now = timezone.now()
    moments = [now - timedelta(minutes=minutes) for minutes in (5, 9, 1)]
    record_detections(
        items=[new_detection(camera, text="AB 12", captured_at=moment) for moment in moments]
    )
    record_detection(
        item=new_detection(second_camera, text="ab12", captured_at=now - timedelta(minutes=3))
    )

    plate = Plate.objects.get()
    assert plate.detections_count == 4
    assert (plate.first_seen_at, plate.last_seen_at) == (moments[1], moments[2])


def test_record_detection_writes_pictures_that_match_their_hashes(
    camera: Camera, jpeg: bytes, webp: bytes
) -> None:
    recorded = record_detection(item=new_detection(camera, frame=webp, crop=jpeg))

    detection = Detection.objects.get(pk=recorded.id)
    for name, sha256, suffix in (
        (detection.frame_name, detection.frame_sha256, ".webp"),
        (detection.crop_name, detection.crop_sha256, ".jpg"),
    ):
        assert name.endswith(suffix)
        with storages["pictures"].open(name) as stored:
            assert hashlib.sha256(stored.read()).hexdigest() == sha256


def test_record_detections_takes_pictures_away_when_the_rows_fail(
    camera: Camera, jpeg: bytes
) -> None:
    before = pictures()
    broken = new_detection(camera, frame=jpeg, upload_id="no uuid")

    with pytest.raises(DataError, match="uuid"):
        record_detections(items=[new_detection(camera, frame=jpeg), broken])

    assert pictures() == before
    assert not Detection.objects.exists()


def test_record_detections_leaves_nothing_when_a_picture_cannot_be_written(
    camera: Camera, jpeg: bytes
) -> None:
    before = pictures()
    item = new_detection(camera, frame=jpeg)
    day = Path(storages["pictures"].location) / str(camera.organization_id)  # type: ignore[attr-defined]  # a folder under test
    day.parent.mkdir(parents=True, exist_ok=True)
    day.write_text("a file where a folder should be")
    try:
        with pytest.raises(OSError, match=r"exists|directory"):
            record_detections(items=[item])
    finally:
        day.unlink()

    assert pictures() == before
    assert not Detection.objects.exists()


def test_record_detections_leaves_no_half_picture_on_a_full_disk(camera: Camera) -> None:
    before, limits = pictures(), resource.getrlimit(resource.RLIMIT_FSIZE)
    # The kernel cuts files off here, as it would where the disk ends.
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            record_detection(item=new_detection(camera, frame=b"\xff\xd8\xff" + bytes(200_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert pictures() == before
    assert not Detection.objects.exists()


def test_record_detections_must_not_run_within_another_transaction(
    transactional_db: None, organization: Organization
) -> None:
    camera = make_camera(organization)

    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        record_detections(items=[new_detection(camera)])


def test_record_detections_fails_on_a_row_that_points_nowhere(
    transactional_db: None, organization: Organization
) -> None:
    camera = make_camera(organization)
    Camera.objects.filter(pk=camera.pk).delete()

    with pytest.raises(IntegrityError):
        record_detections(items=[new_detection(camera)])

    assert not Plate.objects.exists()


def _in_threads(batches: list[list[NewDetection]]) -> list[list[Any]]:
    def record(batch: list[NewDetection]) -> list[Any]:
        try:
            return record_detections(items=batch)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(batches)) as pool:
        return list(pool.map(record, batches))


def test_record_detections_by_many_at_once_makes_each_event_once(
    transactional_db: None, organization: Organization, jpeg: bytes
) -> None:
    cameras = [make_camera(organization) for _ in range(2)]
    items = [
        new_detection(cameras[number % 2], text=f"AB {number % 7}", frame=jpeg)
        for number in range(40)
    ]
    before = pictures()

    answers = _in_threads([items, items[::-1], items[10:30], items])

    made = [outcome for answer in answers for outcome in answer if outcome.is_new]
    assert len(made) == len({outcome.id for outcome in made}) == 40
    assert Detection.objects.count() == 40
    assert sum(Plate.objects.values_list("detections_count", flat=True)) == 40
    assert len(pictures() - before) == 40
    names = {
        Path(storages["pictures"].path(name))
        for name in Detection.objects.values_list("frame_name", flat=True)
    }
    assert names == pictures() - before


def test_record_detections_by_many_at_once_makes_one_partition(
    transactional_db: None, organization: Organization
) -> None:
    camera = make_camera(organization)
    long_ago = timezone.now() - timedelta(days=3 * 366)
    name = f"detections_detection_{long_ago.astimezone(UTC):%Y_%m}"

    answers = _in_threads(
        [[new_detection(camera, captured_at=long_ago, text=f"AB {n}")] for n in range(4)]
    )

    try:
        assert all(outcome.is_new for answer in answers for outcome in answer)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {name}")  # noqa: S608  # a month of our own
            assert cursor.fetchone() == (4,)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {name}")


def test_number_without_country_joins_the_one_known_of_it(
    camera: Camera, other_camera: Camera
) -> None:
    known = make_detection(camera, text="KTR4827", country="BR", province="")
    unplaced = make_detection(camera, text="KTR-4827", country="", province="")
    elsewhere = make_detection(other_camera, text="KTR4827", country="", province="")

    assert unplaced.plate_id == known.plate_id
    assert (unplaced.read_country, unplaced.read_number) == ("", "KTR4827")
    assert elsewhere.plate is not None
    assert (elsewhere.organization_id != known.organization_id) == (elsewhere.plate.country == "")


def test_number_without_country_stays_alone_where_it_could_be_of_two_or_is_short(
    camera: Camera,
) -> None:
    for country in ("BR", "AR"):
        make_detection(camera, text="KTR4827", country=country, province="")
    make_detection(camera, text="AB12", country="GB", province="")

    for text in ("KTR4827", "AB12"):
        unplaced = make_detection(camera, text=text, country="", province="")
        assert unplaced.plate is not None
        assert unplaced.plate.country == ""
