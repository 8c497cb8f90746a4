"""Hits are written once, never forgotten, follow corrections, and are seen by whom they concern."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Organization, Role, User
from alerts.models import Entry, Hit, PendingMatch, Watchlist, WatchlistGrant
from alerts.selectors.watchlists import (
    entries_visible_to,
    hits_visible_to,
    watchlists_changeable_by,
    watchlists_visible_to,
)
from alerts.services.entries import delete_entry
from alerts.services.hits import LOST_AFTER, match_pending, match_recorded
from alerts.services.watchlists import grant_watchlist, revoke_watchlist
from alerts.signals import hits_recorded, hits_recording, hits_withdrawn
from cameras.models import Camera
from detections.models import Detection
from detections.services.recording import record_detections
from detections.services.reviewing import (
    confirm_detection,
    correct_detection,
    reject_detection,
    undo_entry,
)
from detections.signals import detections_recorded
from tests.accounts.factories import make_member
from tests.alerts.factories import make_entry, make_watchlist, see
from tests.detections.factories import make_detection, new_detection

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heard() -> Iterator[dict[str, list[Hit]]]:
    """Hits that each signal brought."""
    heard: dict[str, list[Hit]] = {"recording": [], "recorded": [], "withdrawn": []}
    signals = {"recording": hits_recording, "recorded": hits_recorded, "withdrawn": hits_withdrawn}
    listeners = []
    for name, signal in signals.items():

        def listen(hits: list[Hit], name: str = name, **_kwargs: Any) -> None:
            heard[name].extend(hits)

        signal.connect(listen)
        listeners.append((signal, listen))
    yield heard
    for signal, listener in listeners:
        signal.disconnect(listener)


@pytest.fixture
def entry(camera: Camera) -> Entry:
    return make_entry(make_watchlist(camera.organization), "1กข1234")


@pytest.fixture
def _dies_before_matching() -> Iterator[None]:
    """As if the process ended between commit and matching."""
    receivers = detections_recorded.receivers
    detections_recorded.receivers = []
    detections_recorded.sender_receivers_cache.clear()
    yield
    detections_recorded.receivers = receivers
    detections_recorded.sender_receivers_cache.clear()


def in_thread(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_recording_makes_hits_on_commit(
    camera: Camera, entry: Entry, heard: dict[str, list[Hit]]
) -> None:
    detection = make_detection(camera, text="1กข1234")

    hit = Hit.objects.get()
    assert (hit.detection_id, hit.entry_id) == (detection.pk, entry.pk)
    assert heard["recording"] == heard["recorded"] == [hit]
    assert heard["recorded"][0].detection.plate is not None
    assert not PendingMatch.objects.exists()


def test_matching_again_changes_nothing(
    camera: Camera, entry: Entry, heard: dict[str, list[Hit]]
) -> None:
    detection, [hit] = see(camera)

    assert match_recorded(detections=[detection]) == []
    assert list(Hit.objects.values_list("pk", "matched_at")) == [(hit.pk, hit.matched_at)]
    assert len(heard["recorded"]) == 1


@pytest.mark.usefixtures("_dies_before_matching")
def test_forgotten_detections_are_matched_later(
    camera: Camera, entry: Entry, heard: dict[str, list[Hit]]
) -> None:
    record_detections(items=[new_detection(camera, text=text) for text in ("1กข1234", "2กข9999")])
    assert match_pending() == 0
    PendingMatch.objects.update(created_at=timezone.now() - LOST_AFTER - timedelta(seconds=1))

    assert match_pending() == 1
    assert match_pending() == 0
    assert Hit.objects.get().entry == entry
    assert len(heard["recorded"]) == 1


@pytest.mark.usefixtures("_dies_before_matching")
def test_entry_deleted_before_the_sweep_does_not_hit(camera: Camera, entry: Entry) -> None:
    make_detection(camera, text="1กข1234")
    delete_entry(entry=entry, actor=None)
    PendingMatch.objects.update(created_at=timezone.now() - LOST_AFTER - timedelta(seconds=1))

    assert match_pending() == 1
    assert not Hit.objects.exists()


def test_error_of_a_listener_undoes_the_hits_and_keeps_the_note(
    camera: Camera, entry: Entry
) -> None:
    def fail(**_kwargs: Any) -> None:
        raise RuntimeError

    hits_recording.connect(fail)
    try:
        detection = make_detection(camera, text="1กข1234")
    finally:
        hits_recording.disconnect(fail)

    assert not Hit.objects.exists()
    assert PendingMatch.objects.get().detection_ids == [detection.pk]


def test_entry_being_deleted_holds_recording_up_for_nothing_and_does_not_hit(
    camera: Camera, entry: Entry
) -> None:
    deleted, recorded = threading.Event(), threading.Event()

    def delete() -> None:
        with transaction.atomic():
            delete_entry(entry=Entry.objects.get(pk=entry.pk), actor=None)
            deleted.set()
            assert recorded.wait(120)

    thread = in_thread(delete)
    assert deleted.wait(60)
    # The deletion is not committed: recording goes on, and leaves this one for later.
    make_detection(camera, text="1กข1234")
    assert not Hit.objects.exists()
    assert PendingMatch.objects.count() == 1
    recorded.set()
    thread.join()

    PendingMatch.objects.update(created_at=timezone.now() - LOST_AFTER - timedelta(seconds=1))
    assert match_pending() == 1
    assert not Hit.objects.exists()


def test_deletion_that_is_undone_leaves_the_hit_for_the_sweep(camera: Camera, entry: Entry) -> None:
    deleted, recorded = threading.Event(), threading.Event()

    def delete_and_undo() -> None:
        with transaction.atomic():
            delete_entry(entry=Entry.objects.get(pk=entry.pk), actor=None)
            deleted.set()
            assert recorded.wait(120)
            transaction.set_rollback(True)

    thread = in_thread(delete_and_undo)
    assert deleted.wait(60)
    make_detection(camera, text="1กข1234")
    recorded.set()
    thread.join()
    PendingMatch.objects.update(created_at=timezone.now() - LOST_AFTER - timedelta(seconds=1))

    assert match_pending() == 1
    assert Hit.objects.get().entry == entry


def test_no_hit_is_written_after_its_entry_was_deleted(camera: Camera) -> None:
    watchlist = make_watchlist(camera.organization)
    late: list[Hit] = []
    for _ in range(15):
        entry = make_entry(watchlist)
        start = threading.Barrier(2)
        gone_at: list[Any] = []

        def delete(entry: Entry = entry, start: Any = start, gone_at: Any = gone_at) -> None:
            start.wait()
            delete_entry(entry=entry, actor=None)
            gone_at.append(timezone.now())

        thread = in_thread(delete)
        start.wait()
        detections = [make_detection(camera, text="1กข1234") for _ in range(4)]
        thread.join()
        hits = Hit.objects.filter(detection__in=detections)
        late += [hit for hit in hits if hit.matched_at > gone_at[0]]
        # What was seen after the deletion was committed hit nothing, whatever waits.
        seen_after = [d.pk for d in detections if d.recorded_at > gone_at[0]]
        assert not hits.filter(detection__in=seen_after).exists()

    assert late == []


def test_same_event_recorded_at_once_hits_once(camera: Camera, entry: Entry) -> None:
    item = new_detection(camera, text="1กข1234")
    threads = [in_thread(lambda: record_detections(items=[item])) for _ in range(4)]
    for thread in threads:
        thread.join()

    assert Hit.objects.count() == 1


def test_correction_withdraws_and_finds_hits_and_undoing_brings_them_back(
    camera: Camera, entry: Entry, operator: User, heard: dict[str, list[Hit]]
) -> None:
    other = make_entry(entry.watchlist, "9กก5555")
    detection, [hit] = see(camera)
    correction = correct_detection(
        detection_id=detection.pk,
        actor=operator,
        number="9กก5555",
        country="TH",
        province="TH-10",
    )

    hit.refresh_from_db()
    new = Hit.objects.get(entry=other)
    assert hit.withdrawn_at is not None
    assert (new.number, new.origin) == ("9กก5555", Hit.Origin.CORRECTION)
    assert heard["withdrawn"] == [hit]

    undo_entry(entry=correction, actor=operator)
    hit = Hit.objects.get(pk=hit.pk)
    new = Hit.objects.get(pk=new.pk)
    assert hit.withdrawn_at is None
    assert new.withdrawn_at is not None
    assert [one.pk for one in heard["recorded"]] == [hit.pk, new.pk, hit.pk]


def test_rejecting_withdraws_and_confirming_keeps_hits(
    camera: Camera, entry: Entry, operator: User
) -> None:
    rejected, [gone] = see(camera)
    confirmed, [kept] = see(camera)
    delete_entry(entry=entry, actor=None)

    reject_detection(detection_id=rejected.pk, actor=operator, reject_reason="no_plate")  # type: ignore[arg-type]  # as forms send it
    confirm_detection(detection_id=confirmed.pk, actor=operator)

    assert Hit.objects.get(pk=gone.pk).withdrawn_at is not None
    assert Hit.objects.get(pk=kept.pk).withdrawn_at is None


def test_review_that_was_forgotten_is_followed_later(
    camera: Camera, entry: Entry, operator: User
) -> None:
    detection, [hit] = see(camera)
    Detection.objects.filter(pk=detection.pk).update(plate=None)
    PendingMatch.objects.create(
        pk=entry.pk, kind=PendingMatch.Kind.REVIEWED, detection_ids=[detection.pk]
    )
    PendingMatch.objects.update(created_at=timezone.now() - LOST_AFTER - timedelta(seconds=1))

    assert match_pending() == 1
    hit.refresh_from_db()
    assert hit.withdrawn_at is not None


def test_people_see_lists_entries_and_hits_as_the_list_says(
    camera: Camera, second_camera: Camera, organization: Organization, viewer: User, outsider: User
) -> None:
    analyst = make_member(organization, Role.ANALYST)
    manager = make_member(organization, Role.MANAGER)
    owner = make_member(organization, Role.OWNER)
    keeper = make_member(organization, Role.VIEWER)
    watchlist = make_watchlist(
        organization,
        owner=keeper,
        list_roles=[Role.ANALYST],
        entry_roles=[],
        hit_roles=[Role.ANALYST, Role.VIEWER],
    )
    make_entry(watchlist)
    for place in (camera, second_camera):
        see(place)

    def visible(user: User) -> tuple[int, int, int, int]:
        return (
            watchlists_visible_to(user).count(),
            entries_visible_to(user).count(),
            hits_visible_to(user).count(),
            watchlists_changeable_by(user).count(),
        )

    assert visible(analyst) == (1, 0, 2, 0)
    assert visible(viewer) == (0, 0, 1, 0)
    assert visible(manager) == (0, 0, 0, 0)
    assert visible(owner) == (1, 1, 2, 1)
    assert visible(keeper) == (1, 1, 0, 1)
    assert visible(outsider) == (0, 0, 0, 0)


def test_grant_shows_one_person_one_thing_more_while_a_member(
    camera: Camera, viewer: User, outsider: User
) -> None:
    watchlist = make_watchlist(camera.organization)
    make_entry(watchlist)
    see(camera)
    grant = grant_watchlist(
        watchlist=watchlist, user=viewer, sees=WatchlistGrant.Sees.ENTRIES, actor=None
    )
    WatchlistGrant.objects.create(
        watchlist=watchlist, user=outsider, sees=WatchlistGrant.Sees.ENTRIES
    )

    assert watchlists_visible_to(viewer).get() == watchlist
    assert entries_visible_to(viewer).count() == 1
    assert not hits_visible_to(viewer).exists()
    assert not entries_visible_to(outsider).exists()
    revoke_watchlist(grant=grant, actor=None)
    assert not entries_visible_to(viewer).exists()


def test_archived_list_is_gone_and_its_hits_stay(camera: Camera, operator: User) -> None:
    watchlist = make_watchlist(camera.organization)
    make_entry(watchlist)
    see(camera)
    Watchlist.objects.filter(pk=watchlist.pk).update(is_archived=True)

    assert not watchlists_visible_to(operator).exists()
    assert hits_visible_to(operator).count() == 1
