"""Reviewers decide: readings stay, plates and counts follow, history only grows."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import AuditEvent, Organization, Role, User
from cameras.models import Camera
from detections.errors import AlreadyReviewedError, ReviewRefusedError
from detections.models import Detection, NumberMatch, RejectReason, ReviewEntry
from detections.selectors import accuracy_of, history_of, review_entries_visible_to
from detections.services.corrections import (
    Wanted,
    correct_batch,
    create_rule,
    preview_correction,
    switch_off_rule,
    undo_batch,
)
from detections.services.decisions import forget_orphaned_entries
from detections.services.passes import merge_detections, split_detection
from detections.services.queueing import (
    CLAIM,
    claim_detection,
    claim_next,
    count_waiting,
    release_detections,
)
from detections.services.recording import detection_id
from detections.services.reviewing import (
    confirm_detection,
    correct_detection,
    reject_detection,
    undo_entry,
)
from detections.services.sampling import is_sampled
from detections.signals import detections_reviewed
from lpr_project.common.errors import NotAllowedError
from lpr_project.common.models import uuid7
from tests.accounts.factories import make_member
from tests.detections.factories import make_detection
from vehicles.models import Plate

pytestmark = pytest.mark.django_db(transaction=True)
PENDING = Detection.Review.PENDING


@pytest.fixture(autouse=True)
def _no_chance(organization: Organization) -> None:
    """Nothing is sampled where a test does not say so."""
    organization.review_sample_rate = 0.0
    organization.save()


@pytest.fixture
def analyst(organization: Organization) -> User:
    return make_member(organization, Role.ANALYST, email="analyst@example.org")


def pending(camera: Camera, text: str = "1กข 1234", **fields: Any) -> Detection:
    return make_detection(camera, text=text, confidence=0.5, review=PENDING, **fields)


def fresh(detection: Detection) -> Detection:
    return Detection.objects.select_related("plate").get(pk=detection.pk)


def correct(detection: Detection, actor: User, number: str, **fields: Any) -> ReviewEntry:
    defaults = {"country": "TH", "province": "TH-10"}
    return correct_detection(
        detection_id=detection.pk, actor=actor, number=number, **{**defaults, **fields}
    )


def counts() -> dict[str, int]:
    return dict(Plate.objects.values_list("number", "detections_count"))


def test_confirm_keeps_the_plate_and_says_the_reading_was_right(
    camera: Camera, operator: User
) -> None:
    detection = pending(camera)
    entry = confirm_detection(detection_id=detection.pk, actor=operator, seen="pending")
    stands = fresh(detection)
    assert (stands.review, stands.verdict) == ("confirmed", "right")
    assert counts() == {"1กข1234": 1}
    assert (entry.before["review"], entry.after["review"]) == ("pending", "confirmed")
    event = AuditEvent.objects.get(action=AuditEvent.Action.REVIEWED)
    assert (event.actor, event.target_id) == (operator, str(detection.pk))


def test_correction_moves_plate_counts_and_times_and_leaves_the_reading(
    camera: Camera, operator: User
) -> None:
    now = timezone.now()
    old, new = now - timedelta(hours=5), now - timedelta(hours=1)
    first = make_detection(camera, text="1กข 1284", captured_at=old)
    make_detection(camera, text="1กข 1284", captured_at=new)
    make_detection(camera, text="1กข 1234", captured_at=new)
    correct(first, operator, "1กข-1234", province="กรุงเทพมหานคร", reason="blurred")
    stands = fresh(first)
    assert (stands.read_number, stands.shown_number) == ("1กข1284", "1กข1234")
    assert (stands.review, stands.verdict) == ("corrected", "wrong")
    assert counts() == {"1กข1284": 1, "1กข1234": 2}
    left, won = Plate.objects.get(number="1กข1284"), Plate.objects.get(number="1กข1234")
    assert (left.first_seen_at, left.last_seen_at) == (new, new)
    assert (won.first_seen_at, won.last_seen_at) == (old, new)


def test_reading_is_corrected_to_a_word_with_its_vowels(camera: Camera, operator: User) -> None:
    detection = make_detection(camera, text="สร 9999")
    correct(detection, operator, "สิริ ๙๙๙๙", province="กรุงเทพมหานคร")
    stands = fresh(detection)
    assert (stands.read_number, stands.shown_number) == ("สร9999", "สิริ9999")
    assert (stands.review, stands.verdict) == ("corrected", "wrong")
    assert counts() == {"สร9999": 0, "สิริ9999": 1}
    assert Plate.objects.get(number="สิริ9999").country == "TH"
    with pytest.raises(ReviewRefusedError, match="doubled"):
        correct(fresh(detection), operator, "สิิริ 9999")


def test_correction_of_the_place_alone_is_told_apart(camera: Camera, operator: User) -> None:
    detection = pending(camera)
    correct(detection, operator, "1กข1234", province="TH-50")
    assert fresh(detection).verdict == "place"
    correct(detection, operator, "1กข1234")
    assert (fresh(detection).review, fresh(detection).verdict) == ("confirmed", "right")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"number": "<b>"}, "number"),
        ({"number": "1กข1234", "country": "Atlantis"}, "country"),
        ({"number": "1กข1234", "province": "Atlantis"}, "province"),
    ],
)
def test_correction_to_what_stands_on_no_plate_is_refused(
    camera: Camera, operator: User, fields: dict[str, str], field: str
) -> None:
    detection = pending(camera)
    with pytest.raises(ReviewRefusedError) as refusal:
        correct(detection, operator, **fields)
    assert refusal.value.detail["field"] == field
    assert not ReviewEntry.objects.exists()


def test_rejected_is_not_found_by_its_plate_and_not_counted(camera: Camera, operator: User) -> None:
    detection = pending(camera)
    reject_detection(detection_id=detection.pk, actor=operator, reject_reason=RejectReason.NO_PLATE)
    stands = fresh(detection)
    assert (stands.plate, stands.review, stands.verdict) == (None, "rejected", "no_plate")
    assert counts() == {"1กข1234": 0}
    with pytest.raises(ReviewRefusedError, match="in words"):
        reject_detection(
            detection_id=detection.pk, actor=operator, reject_reason=RejectReason.OTHER
        )


def test_undo_is_an_entry_that_brings_everything_back(camera: Camera, operator: User) -> None:
    detection = pending(camera)
    seen_at = detection.captured_at
    first = correct(detection, operator, "9กข9999")
    second = reject_detection(
        detection_id=detection.pk, actor=operator, reject_reason=RejectReason.UNREADABLE
    )
    with pytest.raises(AlreadyReviewedError, match="since"):
        undo_entry(entry=first, actor=operator)
    undo_entry(entry=second, actor=operator)
    assert counts() == {"1กข1234": 0, "9กข9999": 1}
    undone = ReviewEntry.objects.first()
    assert undone is not None
    assert undone.undoes == second
    redone = undo_entry(entry=undone, actor=operator)
    assert fresh(detection).review == "rejected"
    undo_entry(entry=redone, actor=operator)
    assert fresh(detection).shown_number == "9กข9999"
    assert Plate.objects.get(number="9กข9999").first_seen_at == seen_at
    assert ReviewEntry.objects.filter(detection=detection).count() == 5


def test_undo_of_somebody_else_needs_a_manager(
    camera: Camera, operator: User, analyst: User, staff: User
) -> None:
    entry = confirm_detection(detection_id=pending(camera).pk, actor=operator)
    with pytest.raises(NotAllowedError, match="manager"):
        undo_entry(entry=entry, actor=analyst)
    undo_entry(entry=entry, actor=staff)


@pytest.mark.parametrize("statement", ["UPDATE {} SET reason = 'none'", "DELETE FROM {}"])
def test_history_cannot_be_changed(camera: Camera, operator: User, statement: str) -> None:
    confirm_detection(detection_id=pending(camera).pk, actor=operator)
    with (
        connection.cursor() as cursor,
        pytest.raises(IntegrityError, match="append-only"),
    ):
        cursor.execute(statement.format("detections_reviewentry"))


def test_history_goes_once_its_detection_is_gone(camera: Camera, operator: User) -> None:
    kept, gone = pending(camera), pending(camera)
    for detection in (kept, gone):
        confirm_detection(detection_id=detection.pk, actor=operator)
    assert forget_orphaned_entries() == 0
    Detection.objects.filter(pk=gone.pk).delete()
    assert forget_orphaned_entries() == 1
    assert ReviewEntry.objects.get().detection_id == kept.pk


@pytest.mark.parametrize("role", Role)
def test_roles_that_review(organization: Organization, camera: Camera, role: Role) -> None:
    user, detection = make_member(organization, role), pending(camera)
    if role in {Role.AUDITOR, Role.VIEWER}:
        with pytest.raises(NotAllowedError):
            confirm_detection(detection_id=detection.pk, actor=user)
        assert claim_next(actor=user) is None
    else:
        claimed = claim_next(actor=user)
        assert claimed is not None
        assert claimed.pk == detection.pk
        confirm_detection(detection_id=detection.pk, actor=user)
    reads_history = role != Role.VIEWER
    assert review_entries_visible_to(user).exists() == (reads_history and role != Role.AUDITOR)


def test_another_organization_reviews_and_sees_nothing(
    camera: Camera, operator: User, outsider: User
) -> None:
    detection = pending(camera)
    entry = confirm_detection(detection_id=detection.pk, actor=operator)
    for act in (
        lambda: confirm_detection(detection_id=detection.pk, actor=outsider),
        lambda: claim_detection(detection_id=detection.pk, actor=outsider),
        lambda: undo_entry(entry=entry, actor=outsider),
    ):
        with pytest.raises(NotAllowedError):
            act()
    assert claim_next(actor=outsider) is None
    assert not history_of(outsider, detection).exists()


def test_who_looks_at_what_changed_meanwhile_is_told(
    camera: Camera, operator: User, analyst: User
) -> None:
    detection = pending(camera)
    confirm_detection(detection_id=detection.pk, actor=operator, seen="pending")
    with pytest.raises(AlreadyReviewedError, match="confirmed"):
        confirm_detection(detection_id=detection.pk, actor=analyst, seen="pending")


def test_two_connections_are_given_different_detections_without_waiting(
    camera: Camera, operator: User, analyst: User
) -> None:
    newest = pending(camera, "1กข 2", captured_at=timezone.now())
    oldest = pending(camera, "1กข 1", captured_at=timezone.now() - timedelta(minutes=1))
    given: list[Detection | None] = []
    holds, done = threading.Event(), threading.Event()

    def hold_first() -> None:
        try:
            with transaction.atomic():
                given.append(claim_next(actor=operator))
                holds.set()
                assert done.wait(120)
        finally:
            connection.close()

    other = threading.Thread(target=hold_first)
    other.start()
    try:
        assert holds.wait(60)
        # The claim of the other connection is not committed: only its row lock tells of it.
        second = claim_next(actor=analyst)
        third = claim_next(actor=analyst, passed_over=[oldest.pk])
    finally:
        done.set()
        other.join()
    assert given[0] is not None
    assert second is not None
    assert (given[0].pk, second.pk, third) == (newest.pk, oldest.pk, None)


def test_many_reviewers_at_once_empty_the_queue_without_a_double(
    organization: Organization, camera: Camera
) -> None:
    for number in range(12):
        pending(camera, f"1กข {number + 1}")
    people = [make_member(organization, Role.OPERATOR) for _ in range(4)]
    given: list[Any] = []

    def work(user: User) -> None:
        try:
            while detection := claim_next(actor=user):
                given.append(detection.pk)
                confirm_detection(detection_id=detection.pk, actor=user, seen="pending")
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == len(set(given)) == 12


def test_claim_expires_and_is_given_back(camera: Camera, operator: User, analyst: User) -> None:
    detection = pending(camera)
    assert claim_next(actor=operator) == detection
    assert claim_next(actor=operator) == detection
    assert claim_next(actor=analyst) is None
    with pytest.raises(AlreadyReviewedError):
        confirm_detection(detection_id=detection.pk, actor=analyst)
    Detection.objects.update(claimed_until=timezone.now() - CLAIM)
    assert claim_next(actor=analyst) == detection
    assert release_detections(detection_ids=[detection.pk], actor=operator) == 0
    assert release_detections(detection_ids=[detection.pk], actor=analyst) == 1
    assert claim_next(actor=operator) == detection


def test_queue_holds_the_doubtful_and_the_sample(
    organization: Organization, camera: Camera, second_camera: Camera, operator: User
) -> None:
    camera.review_sample_rate = 1.0
    camera.save()
    sampled = make_detection(camera, confidence=0.99)
    make_detection(second_camera, confidence=0.99)
    doubtful = pending(second_camera)
    cameras = Camera.objects.filter(organization=organization)
    assert (sampled.is_sampled, sampled.is_waiting) == (True, True)
    assert count_waiting(cameras, most=10) == 2
    assert count_waiting(cameras, most=1) == 1
    assert count_waiting(cameras.filter(pk=camera.pk), most=10) == 1
    assert count_waiting(cameras.none(), most=10) == 0
    assert claim_next(actor=operator, only_sample=True) == sampled
    assert claim_next(actor=operator, camera_ids=[second_camera.pk]) == doubtful
    assert claim_next(actor=operator, camera_ids=[second_camera.pk], only_sample=True) is None
    assert claim_next(actor=operator) == max(sampled, doubtful, key=lambda row: row.pk)
    assert claim_next(actor=operator, passed_over=[sampled.pk, doubtful.pk]) is None


def test_chance_is_fair_and_decided_once() -> None:
    camera_id, now = uuid7(), timezone.now()
    ids = [
        detection_id(camera_id=camera_id, key=str(number), captured_at=now)
        for number in range(4000)
    ]
    share = sum(is_sampled(pk, 0.25) for pk in ids) / len(ids)
    assert 0.21 < share < 0.29
    assert not any(is_sampled(pk, 0.0) for pk in ids)
    assert all(is_sampled(pk, 1.0) for pk in ids)


def test_merged_pass_is_counted_once_and_can_be_two_again(camera: Camera, operator: User) -> None:
    now = timezone.now()
    kept = make_detection(camera, text="1กข 1234", captured_at=now)
    lost = pending(camera, "1กข 1284", captured_at=now - timedelta(seconds=4))
    entry = merge_detections(kept_id=kept.pk, absorbed_id=lost.pk, actor=operator)
    stands = fresh(lost)
    assert (stands.review, stands.merged_into_id, stands.plate) == ("merged", kept.pk, None)
    assert counts() == {"1กข1234": 1, "1กข1284": 0}
    assert [row.pk for row in history_of(operator, kept)] == [entry.pk]
    assert claim_next(actor=operator) is None
    with pytest.raises(ReviewRefusedError, match="merged"):
        confirm_detection(detection_id=lost.pk, actor=operator)
    undo_entry(entry=entry, actor=operator)
    assert counts() == {"1กข1234": 1, "1กข1284": 1}
    assert claim_next(actor=operator) == lost


def test_passes_of_two_cameras_or_two_times_are_not_merged(
    camera: Camera, second_camera: Camera, operator: User
) -> None:
    kept = make_detection(camera)
    elsewhere = make_detection(second_camera)
    earlier = make_detection(camera, captured_at=timezone.now() - timedelta(hours=1))
    for other in (elsewhere, earlier, kept):
        with pytest.raises(ReviewRefusedError):
            merge_detections(kept_id=kept.pk, absorbed_id=other.pk, actor=operator)


def test_split_gives_the_second_vehicle_a_detection_of_its_own(
    camera: Camera, operator: User, jpeg: bytes
) -> None:
    readings = [
        {"t": 0.0, "text": "1กข1234", "confidence": 0.9},
        {"t": 1.5, "text": "2กข999", "confidence": 0.6},
    ]
    first = make_detection(
        camera, text="1กข1234", frame=jpeg, crop=jpeg, evidence={"readings": readings}
    )
    entry = split_detection(
        detection_id=first.pk, actor=operator, number="2กข 9999", country="TH", readings=[1]
    )
    second = Detection.objects.select_related("plate").get(pk=entry.detection_id)
    assert (second.read_number, second.shown_number) == ("2กข999", "2กข9999")
    assert second.captured_at == first.captured_at + timedelta(seconds=1.5)
    assert second.id_time.replace(microsecond=0) == second.captured_at.replace(microsecond=0)
    assert second.frame_name != first.frame_name
    assert second.frame_sha256 == first.frame_sha256
    assert storages["pictures"].exists(second.frame_name)
    assert counts() == {"1กข1234": 1, "2กข9999": 1}
    assert fresh(first).review == "accepted"
    undo_entry(entry=entry, actor=operator)
    assert fresh(second).merged_into_id == first.pk
    assert counts() == {"1กข1234": 1, "2กข9999": 0}
    with pytest.raises(ReviewRefusedError, match="no such reading"):
        split_detection(detection_id=first.pk, actor=operator, number="X1", readings=[7])


def wanted(camera: Camera, **fields: Any) -> Wanted:
    defaults: dict[str, Any] = {
        "match": NumberMatch.WHOLE,
        "read_number": "0 ABC",
        "number": "OABC",
        "reason": "always so",
    }
    return Wanted(camera=camera, **{**defaults, **fields})


def test_batch_shows_corrects_and_takes_back(
    camera: Camera, second_camera: Camera, staff: User, operator: User
) -> None:
    plain = {"country": "", "province": ""}
    first, second = (make_detection(camera, text="0ABC", **plain) for _ in range(2))
    decided = make_detection(camera, text="0ABC", **plain)
    confirm_detection(detection_id=decided.pk, actor=operator)
    make_detection(second_camera, text="0ABC", **plain)
    make_detection(camera, text="0ABCD", **plain)
    proposals = preview_correction(wanted=wanted(camera), actor=staff)
    assert {row.detection.pk: row.after.number for row in proposals} == {
        first.pk: "OABC",
        second.pk: "OABC",
    }
    batch = correct_batch(wanted=wanted(camera), actor=staff)
    assert batch.detections_count == 2
    assert counts() == {"0ABC": 2, "OABC": 2, "0ABCD": 1}
    assert fresh(first).read_number == "0ABC"
    with pytest.raises(ReviewRefusedError, match="Nothing"):
        correct_batch(wanted=wanted(camera), actor=staff)
    correct(second, operator, "0ABX", **plain)
    undone = undo_batch(batch=batch, actor=staff)
    assert (undone.detections_count, undone.undoes) == (1, batch)
    assert fresh(first).review == "accepted"
    assert fresh(second).shown_number == "0ABX"
    with pytest.raises(AlreadyReviewedError):
        undo_batch(batch=batch, actor=staff)


def test_batch_by_beginning_within_a_time(camera: Camera, staff: User) -> None:
    now = timezone.now()
    early = make_detection(camera, text="0AB12", captured_at=now - timedelta(hours=3))
    late = make_detection(camera, text="0AB13", captured_at=now)
    asked = wanted(
        camera,
        match=NumberMatch.BEGINNING,
        read_number="0A",
        number="OA",
        since=now - timedelta(hours=1),
    )
    correct_batch(wanted=asked, actor=staff)
    assert [fresh(row).shown_number for row in (early, late)] == ["0AB12", "OAB13"]


def test_batches_and_rules_are_not_for_operators(camera: Camera, operator: User) -> None:
    for act in (preview_correction, correct_batch, create_rule):
        with pytest.raises(NotAllowedError):
            act(wanted=wanted(camera), actor=operator)


def test_rule_corrects_what_is_read_from_now_on(
    camera: Camera, second_camera: Camera, staff: User
) -> None:
    rule = create_rule(wanted=wanted(camera), actor=staff)
    create_rule(
        wanted=wanted(camera, match=NumberMatch.BEGINNING, read_number="0", number="Q"),
        actor=staff,
    )
    with pytest.raises(ReviewRefusedError, match="Switch it off"):
        create_rule(wanted=wanted(camera, number="XABC"), actor=staff)
    exact, longer = make_detection(camera, text="0ABC"), make_detection(camera, text="0XYZ")
    elsewhere = make_detection(second_camera, text="0ABC")
    numbers = [fresh(row).shown_number for row in (exact, longer, elsewhere)]
    assert numbers == ["OABC", "QXYZ", "0ABC"]
    assert fresh(exact).read_number == "0ABC"
    assert fresh(exact).evidence["rule"] == {"id": rule.pk, "read": "0ABC", "number": "OABC"}
    assert counts() == {"OABC": 1, "QXYZ": 1, "0ABC": 1}
    confirm_detection(detection_id=exact.pk, actor=staff)
    assert fresh(exact).verdict == "wrong"  # the plate is right, the reading was not
    switch_off_rule(rule=rule, actor=staff)
    assert fresh(make_detection(camera, text="0ABC")).shown_number == "QABC"


def test_accuracy_is_told_for_the_sample_and_for_all_reviewed(
    camera: Camera, operator: User
) -> None:
    since = timezone.now() - timedelta(days=1)
    doubtful = [pending(camera, f"1กข {n}", model_set="default") for n in range(1, 4)]
    for detection in doubtful:
        correct(detection, operator, f"9{detection.read_number}")
    camera.review_sample_rate = 1.0
    camera.save()
    sampled = [make_detection(camera, model_set="default") for _ in range(4)]
    for detection in sampled[:3]:
        confirm_detection(detection_id=detection.pk, actor=operator)
    reject_detection(
        detection_id=sampled[3].pk, actor=operator, reject_reason=RejectReason.UNREADABLE
    )
    [found] = accuracy_of([camera.pk], since=since)
    assert (found.camera_id, found.model_set) == (camera.pk, "default")
    assert (found.sample.count, found.sample.total) == (3, 3)  # the unreadable tells nothing
    assert (found.reviewed.count, found.reviewed.total) == (3, 6)
    assert found.sample.interval is not None
    assert found.sample.interval[0] < 0.5


def test_news_of_a_review_goes_out_once_it_is_true(
    camera: Camera, operator: User, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    heard: list[tuple[str | None, str | None]] = []

    def listen(sender: object, changes: list[ReviewEntry], **kwargs: Any) -> None:
        heard.extend((entry.before["number"], entry.after["number"]) for entry in changes)

    detections_reviewed.connect(listen)
    try:
        detection = pending(camera)
        with transaction.atomic():
            correct(detection, operator, "9กข9999")
            assert heard == []
        assert heard == [("1กข1234", "9กข9999")]
    finally:
        detections_reviewed.disconnect(listen)
