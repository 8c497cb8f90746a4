"""Keeping: what hits, holds and retention say, what goes, and what proves it."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import ForeignObjectRel
from django.utils import timezone

from accounts.models import AuditEvent, Organization, Role, User
from cameras.models import Camera, PurposeRetention
from cameras.selectors import retentions_of
from detections.errors import HoldEndedError, HoldRefusedError
from detections.models import (
    DeletionCertificate,
    Detection,
    LegalHold,
    ReviewEntry,
    Upload,
)
from detections.selectors.keeping import active_holds, holds_on
from detections.services.keeping import mark_hits
from detections.services.keeping.certificates import close_certificate, open_certificate
from detections.services.keeping.holds import Span, create_hold, end_expired_holds, lift_hold
from detections.services.keeping.retention import purge_expired
from detections.services.partitions import (
    drop_empty_partitions,
    ensure_partitions,
    existing_partitions,
    month_of,
    partition_name,
)
from detections.services.passes import merge_detections
from detections.services.reviewing import correct_detection
from detections.services.rollups import reconcile
from detections.signals import detections_removed
from lpr_project.common.errors import NotAllowedError
from tests.accounts.factories import make_member
from tests.cameras.factories import make_camera
from tests.detections.factories import make_detection
from vehicles.models import Plate, Vehicle

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def ago(**span: float) -> datetime:
    return timezone.now() - timedelta(**span)


def purge(**options: Any) -> int:
    return purge_expired(**{"rest": 0, "batch": 2, **options})


def left() -> set[UUID]:
    return set(Detection.objects.values_list("pk", flat=True))


@pytest.fixture
def manager(organization: Organization) -> User:
    return make_member(organization, Role.MANAGER, email="manager@example.org")


@pytest.fixture
def removed() -> Iterator[list[UUID]]:
    told: list[UUID] = []

    def listen(ids: list[UUID], **_kwargs: Any) -> None:
        told.extend(ids)

    detections_removed.connect(listen)
    yield told
    detections_removed.disconnect(listen)


def test_mark_hits_marks_once_and_passes_over_what_is_gone(camera: Camera) -> None:
    hit, other = make_detection(camera), make_detection(camera)
    assert not hit.is_hit

    assert mark_hits(detection_ids=[hit.pk, hit.pk, uuid4()]) == 1
    assert mark_hits(detection_ids=[hit.pk]) == 0

    assert mark_hits(detection_ids=[]) == 0
    assert list(Detection.objects.filter(is_hit=True)) == [hit]
    assert list(Detection.objects.filter(is_hit=False)) == [other]


@pytest.mark.parametrize(
    ("organization_says", "purpose_says", "camera_says", "holds"),
    [
        ((720, None), None, (None, None), (720, 720, "organization", "organization")),
        ((720, 8760), None, (None, None), (720, 8760, "organization", "organization")),
        ((720, 8760), (24, None), (None, None), (24, 8760, "purpose", "organization")),
        ((720, 8760), (24, 48), (6, None), (6, 48, "camera", "purpose")),
        ((720, None), (None, 900), (6, 7), (6, 7, "camera", "camera")),
        # Hits are never kept shorter than others.
        ((720, 24), None, (None, None), (720, 720, "organization", "organization")),
    ],
)
def test_retention_is_the_cameras_else_the_purposes_else_the_organizations(
    camera: Camera,
    organization_says: tuple[int, int | None],
    purpose_says: tuple[int | None, int | None] | None,
    camera_says: tuple[int | None, int | None],
    holds: tuple[int, int, str, str],
) -> None:
    organization = camera.organization
    organization.retention_hours, organization.hit_retention_hours = organization_says
    camera.retention_hours, camera.hit_retention_hours = camera_says
    if purpose_says:
        PurposeRetention.objects.create(
            organization=organization,
            purpose=camera.purpose,
            retention_hours=purpose_says[0],
            hit_retention_hours=purpose_says[1],
        )
    PurposeRetention.objects.create(
        organization=organization, purpose=Camera.Purpose.TOLL, retention_hours=1
    )

    [retention] = retentions_of([camera])

    assert (retention.hours, retention.hit_hours, retention.rule, retention.hit_rule) == holds


@committed
def test_purge_deletes_to_the_hour_and_lets_hits_and_others_stay(
    camera: Camera, second_camera: Camera, other_camera: Camera, jpeg: bytes, removed: list[UUID]
) -> None:
    organization = camera.organization
    organization.retention_hours, organization.hit_retention_hours = 6, 24
    organization.save()
    Camera.objects.filter(pk=second_camera.pk).update(retention_hours=48)
    gone = [make_detection(camera, captured_at=ago(hours=7), frame=jpeg, crop=jpeg)]
    gone += [make_detection(camera, captured_at=ago(hours=hours)) for hours in (8, 30, 900)]
    old_hit = make_detection(camera, captured_at=ago(hours=25))
    stays = [
        make_detection(camera, captured_at=ago(hours=5.9), frame=jpeg),
        make_detection(camera, captured_at=ago(hours=23)),
        make_detection(second_camera, captured_at=ago(hours=47)),
        make_detection(other_camera, captured_at=ago(hours=700)),
    ]
    mark_hits(detection_ids=[old_hit.pk, stays[1].pk])

    assert purge() == 5

    assert left() == {detection.pk for detection in stays}
    assert storages["pictures"].exists(stays[0].frame_name)
    for name in (gone[0].frame_name, gone[0].crop_name):
        assert name
        assert not storages["pictures"].exists(name)
    assert set(removed) == {old_hit.pk, *(detection.pk for detection in gone)}
    assert purge() == 0


def test_purge_corrects_plates_counts_and_history(camera: Camera, staff: User) -> None:
    Camera.objects.update(retention_hours=24)
    old, older, new = ago(hours=30), ago(hours=40), ago(hours=1)
    for at in (older, old, new):
        make_detection(camera, text="1กข 1234", captured_at=at)
    gone = make_detection(camera, text="2ขค 99", captured_at=old)
    named = make_detection(camera, text="3คง 5", captured_at=old)
    assert named.plate is not None
    named.plate.vehicle = Vehicle.objects.create(organization=camera.organization)
    named.plate.save()
    correct_detection(
        detection_id=gone.pk, actor=staff, number="9กข9999", country="TH", province="TH-10"
    )

    assert purge() == 4

    plates = {plate.number: plate for plate in Plate.objects.all()}
    # "2ขค99" was left without detections by the correction and goes at night.
    assert set(plates) == {"1กข1234", "2ขค99", "3คง5"}
    seen = plates["1กข1234"]
    assert (seen.detections_count, seen.first_seen_at, seen.last_seen_at) == (1, new, new)
    assert plates["3คง5"].detections_count == 0
    assert not ReviewEntry.objects.exists()
    assert reconcile(since=ago(hours=50), until=timezone.now() + HOUR, repairs=False) == []
    certificate = DeletionCertificate.objects.get()
    assert (certificate.detections, certificate.plates, certificate.review_entries) == (4, 1, 1)


def test_purge_lets_old_uploads_go_with_their_files(camera: Camera, operator: User) -> None:
    Camera.objects.update(retention_hours=24)
    uploads = {}
    for name, finished, captured in (("old", 30, 30), ("late", 2, 30), ("read", 30, 30)):
        stored = storages["uploads"].save(f"test/{name}", ContentFile(b"video"))
        uploads[name] = Upload.objects.create(
            organization=camera.organization,
            camera=camera,
            original_name=name,
            stored_name=stored,
            sha256=name * 10,
            size_bytes=5,
            kind=Upload.Kind.VIDEO,
            captured_at=ago(hours=captured),
            finished_at=ago(hours=finished),
            state=Upload.State.DONE,
        )
    make_detection(camera, upload_id=uploads["read"].pk)

    purge()

    assert set(Upload.objects.values_list("original_name", flat=True)) == {"late", "read"}
    assert not storages["uploads"].exists(uploads["old"].stored_name)
    assert DeletionCertificate.objects.get().uploads == 1
    for name in ("late", "read"):
        storages["uploads"].delete(uploads[name].stored_name)


def test_certificate_proves_what_went(camera: Camera, second_camera: Camera, jpeg: bytes) -> None:
    Camera.objects.update(retention_hours=24)
    Camera.objects.filter(pk=second_camera.pk).update(retention_hours=48)
    gone = [
        make_detection(camera, captured_at=ago(hours=30 + number), frame=jpeg)
        for number in range(5)
    ]
    gone += [make_detection(second_camera, captured_at=ago(hours=60))]

    purge()

    certificate = DeletionCertificate.objects.get()
    assert certificate.is_whole
    assert certificate.ended_at is not None
    assert (certificate.detections, certificate.pictures) == (6, 5)
    assert (certificate.oldest_at, certificate.newest_at) == (
        gone[-1].captured_at,
        gone[0].captured_at,
    )
    assert [(rule["camera"], rule["hours"], rule["detections"]) for rule in certificate.rules] == [
        (str(row.pk), hours, count)
        for row, hours, count in sorted(
            [(camera, 24, 5), (second_camera, 48, 1)], key=lambda item: item[0].pk.int
        )
    ]
    digest = "0" * 64
    for row in sorted(gone, key=lambda row: (row.camera_id.int, row.pk.int)):
        line = f"{row.camera_id} {row.pk} {row.frame_sha256} {row.crop_sha256}\n"
        digest = hashlib.sha256((digest + line).encode()).hexdigest()
    assert certificate.digest == digest


@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET detections = 0", "DELETE FROM {}"], ids=["update", "delete"]
)
def test_finished_certificate_cannot_be_changed(camera: Camera, statement: str) -> None:
    Camera.objects.update(retention_hours=24)
    make_detection(camera, captured_at=ago(hours=30))
    purge()

    with (
        connection.cursor() as cursor,
        pytest.raises(IntegrityError, match="append-only"),
    ):
        cursor.execute(statement.format("detections_deletioncertificate"))


def test_purge_that_died_leaves_a_certificate_of_what_went(camera: Camera) -> None:
    Camera.objects.update(retention_hours=24)
    died = open_certificate(
        organization=camera.organization, kind=DeletionCertificate.Kind.RETENTION
    )
    died.detections = 3
    died.save()

    purge()

    died.refresh_from_db()
    assert died.ended_at is not None
    assert not died.is_whole


def test_purge_out_of_time_goes_on_in_the_next_run(camera: Camera) -> None:
    Camera.objects.update(retention_hours=24)
    for number in range(5):
        make_detection(camera, captured_at=ago(hours=30 + number))

    assert purge(longest_seconds=0) == 2
    assert [row.is_whole for row in DeletionCertificate.objects.all()] == [False]
    assert purge() == 3
    assert [row.is_whole for row in DeletionCertificate.objects.order_by("id")] == [False, True]


@committed
def test_purge_passes_over_rows_that_somebody_holds(camera: Camera) -> None:
    Camera.objects.update(retention_hours=24)
    held = make_detection(camera, captured_at=ago(hours=30))
    make_detection(camera, captured_at=ago(hours=31))
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM detections_detection WHERE id = %s FOR UPDATE", [held.pk])
            assert purge() == 1
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    assert left() == {held.pk}
    assert purge() == 1


@committed
def test_only_one_purge_runs_at_a_time(camera: Camera) -> None:
    Camera.objects.update(retention_hours=24)
    make_detection(camera, captured_at=ago(hours=30))
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(4707003)")
            assert purge() == 0
            cursor.execute("SELECT pg_advisory_unlock(4707003)")
    finally:
        other.close()
    assert purge() == 1


@committed
def test_partition_without_rows_is_dropped_and_one_with_a_held_row_stays(
    camera: Camera, manager: User
) -> None:
    Camera.objects.update(retention_hours=24)
    old, held_month = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 2, 5, tzinfo=UTC)
    make_detection(camera, captured_at=old)
    make_detection(camera, captured_at=held_month)
    kept = make_detection(camera, captured_at=held_month + HOUR)
    hold(camera, manager, detection_ids=[kept.pk])
    assert {partition_name(month_of(old)), partition_name(month_of(held_month))} <= (
        existing_partitions()
    )

    purge()
    drop_empty_partitions(before=timezone.now())

    assert partition_name(month_of(old)) not in existing_partitions()
    assert partition_name(month_of(held_month)) in existing_partitions()
    assert partition_name(month_of(timezone.now())) in existing_partitions()
    assert left() == {kept.pk}
    # Late news of a dropped month makes it again.
    make_detection(camera, captured_at=old)
    assert partition_name(month_of(old)) in existing_partitions()


@committed
def test_partition_that_was_being_detached_by_a_run_that_died_is_finished() -> None:
    month = datetime(2026, 1, 1, tzinfo=UTC)
    ensure_partitions(months={month})
    name = partition_name(month)
    other = connection.copy()
    try:
        with other.cursor() as reader, connection.cursor() as cursor:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM detections_detection")
            cursor.execute("SET statement_timeout = '300ms'")
            # It waits for the reader, and is broken off.
            with pytest.raises(OperationalError, match="timeout"):
                cursor.execute(
                    f"ALTER TABLE detections_detection DETACH PARTITION {name} CONCURRENTLY"
                )
            cursor.execute("RESET statement_timeout")
            reader.execute("ROLLBACK")
    finally:
        other.close()

    drop_empty_partitions(before=timezone.now())

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [name])
        assert cursor.fetchone() == (None,)


def hold(camera: Camera, actor: User, **fields: Any) -> LegalHold:
    return create_hold(
        **{
            "organization": camera.organization,
            "actor": actor,
            "reason": "court order",
            "case_number": "A 1/26",
            **fields,
        }
    )


def test_hold_keeps_what_it_names_until_it_is_lifted(camera: Camera, manager: User) -> None:
    Camera.objects.update(retention_hours=24)
    by_itself, by_plate, by_plate_too, by_span, _gone, after_span = (
        make_detection(camera, text=text, captured_at=ago(hours=hours))
        for text, hours in (
            ("1กข 1", 30),
            ("2ขค 2", 31),
            ("2ขค 2", 51),
            ("3คง 3", 40),
            ("4งจ 4", 32),
            ("5จฉ 5", 39),
        )
    )
    assert by_plate.plate is not None
    kept = hold(
        camera,
        manager,
        detection_ids=[by_itself.pk],
        plate_ids=[by_plate.plate.pk],
        spans=[Span(camera_id=camera.pk, since=by_span.captured_at, until=after_span.captured_at)],
    )

    assert purge() == 2
    assert left() == {by_itself.pk, by_plate.pk, by_plate_too.pk, by_span.pk}
    assert list(holds_on(by_plate_too)) == [kept]
    assert list(holds_on(by_span)) == [kept]

    lift_hold(hold=kept, actor=manager, reason="case closed")

    assert not holds_on(by_itself).exists()
    # The plate stays named, and so does its row.
    assert purge() == 4
    assert set(Plate.objects.values_list("number", flat=True)) == {"2ขค2"}
    assert [
        (event.action, event.case_number, event.target_id)
        for event in AuditEvent.objects.filter(target_type="detections.legalhold").order_by("id")
    ] == [("created", "A 1/26", str(kept.pk)), ("changed", "A 1/26", str(kept.pk))]


def test_hold_on_a_pass_keeps_what_was_merged_into_it_and_rejected_rows_still_go(
    camera: Camera, manager: User
) -> None:
    Camera.objects.update(retention_hours=24)
    kept, absorbed, rejected, other = (
        make_detection(camera, captured_at=ago(hours=30, minutes=minutes)) for minutes in range(4)
    )
    merge_detections(kept_id=kept.pk, absorbed_id=absorbed.pk, actor=manager)
    Detection.objects.filter(pk=rejected.pk).update(plate=None)
    assert other.plate is not None
    hold(camera, manager, detection_ids=[kept.pk], plate_ids=[other.plate.pk])

    assert purge() == 1

    assert left() == {kept.pk, absorbed.pk, other.pk}


def test_hold_ends_by_itself(camera: Camera, manager: User) -> None:
    Camera.objects.update(retention_hours=24)
    detection = make_detection(camera, captured_at=ago(hours=30))
    kept = hold(camera, manager, detection_ids=[detection.pk], ends_at=timezone.now() + HOUR)
    assert end_expired_holds() == 0
    assert active_holds(camera.organization) == [kept.pk]

    end = ago(minutes=1)
    LegalHold.objects.update(ends_at=end)

    assert active_holds(camera.organization) == []
    assert (end_expired_holds(), end_expired_holds()) == (1, 0)
    kept.refresh_from_db()
    assert kept.lifted_at == end
    assert AuditEvent.objects.filter(target_id=str(kept.pk), actor=None).count() == 1
    assert purge() == 1
    with pytest.raises(HoldEndedError):
        lift_hold(hold=kept, actor=manager, reason="late")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"ends_at": NEW_YEAR}, "ends_at"),
        ({"detection_ids": []}, "detections"),
        ({"detection_ids": [uuid4()]}, "detections"),
        ({"detection_ids": [uuid4() for _ in range(1001)]}, "detections"),
        ({"plate_ids": [uuid4()]}, "plates"),
        (
            {"spans": [Span(camera_id=uuid4(), since=ago(hours=2), until=ago(hours=1))]},
            "cameras",
        ),
        ({"spans": [Span(camera_id=uuid4(), since=NEW_YEAR, until=NEW_YEAR)]}, "spans"),
    ],
)
def test_hold_that_says_too_little_is_refused(
    camera: Camera, manager: User, fields: dict[str, Any], field: str
) -> None:
    detection = make_detection(camera)
    with pytest.raises(HoldRefusedError) as refusal:
        hold(camera, manager, **{"detection_ids": [detection.pk], **fields})
    assert refusal.value.detail["field"] == field
    assert not LegalHold.objects.exists()


def test_hold_is_for_managers_and_for_their_own_organization(
    camera: Camera, other_camera: Camera, operator: User, manager: User
) -> None:
    own, foreign = make_detection(camera), make_detection(other_camera)
    with pytest.raises(NotAllowedError):
        hold(camera, operator, detection_ids=[own.pk])
    with pytest.raises(NotAllowedError):
        hold(other_camera, manager, detection_ids=[foreign.pk])
    with pytest.raises(HoldRefusedError):
        hold(camera, manager, detection_ids=[own.pk, foreign.pk])
    kept = hold(camera, manager, detection_ids=[own.pk])
    with pytest.raises(NotAllowedError):
        lift_hold(hold=kept, actor=operator, reason="why not")


@committed
def test_making_a_hold_waits_for_the_batch_that_goes(camera: Camera, manager: User) -> None:
    """What a hold was answered for cannot be in a batch that began before it."""
    detection = make_detection(camera)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_advisory_xact_lock_shared(4707002)")
            with transaction.atomic(), connection.cursor() as own:
                own.execute("SET LOCAL lock_timeout = '100ms'")
                with pytest.raises(Exception, match="lock timeout"):
                    hold(camera, manager, detection_ids=[detection.pk])
                transaction.set_rollback(True)
    finally:
        other.close()


def test_nothing_that_points_at_a_detection_is_bound_to_it_by_the_database() -> None:
    """Detections go by SQL, in batches or with their whole partition, and must not be refused."""
    for relation in Detection._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel):
            assert not relation.field.db_constraint, relation.related_model  # type: ignore[attr-defined]  # a key


def test_certificate_of_nothing_is_not_kept(organization: Organization) -> None:
    nothing = open_certificate(organization=organization, kind=DeletionCertificate.Kind.RETENTION)
    close_certificate(certificate=nothing, is_whole=True)
    purge()
    assert not DeletionCertificate.objects.exists()
    assert make_camera(organization).organization == organization
