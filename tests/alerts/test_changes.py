"""Every change of lists and entries is noted with before and after, and can be taken back."""

from typing import Any

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from alerts.errors import ChangeRefusedError
from alerts.models import Entry, ListChange, Watchlist
from alerts.selectors.watchlists import changes_visible_to
from alerts.services.changes import undo_change
from alerts.services.entries import add_entry, delete_entry, update_entry
from alerts.services.watchlists import update_watchlist
from cameras.models import Camera
from tests.alerts.factories import make_entry, make_watchlist, see


@pytest.fixture
def watchlist(camera: Camera) -> Watchlist:
    return make_watchlist(camera.organization)


def last(**fields: Any) -> ListChange:
    return ListChange.objects.filter(**fields).order_by("-id")[0]


def test_change_says_who_why_and_what_stood_before(watchlist: Watchlist, staff: User) -> None:
    entry = add_entry(watchlist=watchlist, number="AB123", actor=staff, change_reason="call 7")
    update_entry(entry=entry, actor=staff, change_reason="typo", vehicle="red car")

    added, changed = ListChange.objects.filter(subject="entry").order_by("id")
    assert (added.actor_id, added.actor_label, added.reason) == (staff.pk, staff.email, "call 7")
    assert added.before is None
    assert added.after is not None
    assert added.after["number"] == "AB123"
    assert "variants" not in added.after
    assert (changed.before, changed.after) == ({"vehicle": ""}, {"vehicle": "red car"})
    assert changed.reason == "typo"
    assert changed.organization_id == watchlist.organization_id


def test_sql_by_hand_is_noted_too(watchlist: Watchlist) -> None:
    make_entry(watchlist, "AB123")
    make_entry(watchlist, "AB124")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lpr.actor_label', '', true)")
        cursor.execute("UPDATE alerts_entry SET reason = 'by hand' WHERE number = 'AB123'")

    change = last(operation="UPDATE")
    assert change.after == {"reason": "by hand"}
    assert change.actor_label.startswith("database: ")
    assert ListChange.objects.filter(operation="UPDATE").count() == 1


def test_trail_cannot_be_changed(watchlist: Watchlist) -> None:
    for statement in ("UPDATE alerts_listchange SET reason = 'x'", "DELETE FROM alerts_listchange"):
        with (
            pytest.raises(DatabaseError, match="neither changed nor deleted"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_deleted_entry_comes_back_as_it_was(
    watchlist: Watchlist, staff: User, camera: Camera
) -> None:
    entry = make_entry(watchlist, "1กข1234", case_number="C-7", country="TH", responsible=staff)
    before = Entry.objects.filter(pk=entry.pk).values().get()
    delete_entry(entry=Entry.objects.get(pk=entry.pk), actor=staff)
    assert see(camera)[1] == []

    undo_change(change=last(operation="DELETE"), actor=staff, reason="wrong one")

    after = Entry.objects.filter(pk=entry.pk).values().get()
    skipped = {"created_at", "updated_at"}
    assert {k: v for k, v in after.items() if k not in skipped} == {
        k: v for k, v in before.items() if k not in skipped
    }
    assert len(see(camera)[1]) == 1
    assert last(subject="entry").reason == "wrong one"


def test_added_entry_is_taken_back(watchlist: Watchlist, staff: User) -> None:
    make_entry(watchlist, "AB123")

    undo_change(change=last(operation="INSERT", subject="entry"), actor=staff)

    assert not Entry.objects.exists()


def test_changed_list_is_taken_back_with_area_and_cameras(
    watchlist: Watchlist, staff: User, camera: Camera
) -> None:
    area = MultiPolygon(Polygon.from_bbox((100, 13, 101, 14)))
    update_watchlist(watchlist=watchlist, actor=staff, area=area, priority=90, cameras=[camera])
    of_list, of_camera = last(subject="list"), last(subject="camera")
    update_watchlist(watchlist=watchlist, actor=staff, area=None, cameras=[])

    undo_change(change=last(subject="camera"), actor=staff)
    undo_change(change=last(subject="list"), actor=staff)
    watchlist.refresh_from_db()
    assert watchlist.area is not None
    assert watchlist.area.equals(area)
    assert watchlist.cameras.get() == camera
    undo_change(change=of_list, actor=staff)
    undo_change(change=of_camera, actor=staff)
    watchlist = Watchlist.objects.get(pk=watchlist.pk)
    assert (watchlist.area, watchlist.priority, watchlist.cameras.count()) == (None, 50, 0)


def test_change_that_was_changed_again_is_not_taken_back(watchlist: Watchlist, staff: User) -> None:
    update_watchlist(watchlist=watchlist, actor=staff, priority=90)
    first = last(subject="list")
    update_watchlist(watchlist=watchlist, actor=staff, priority=10)

    with pytest.raises(ChangeRefusedError, match="changed again"):
        undo_change(change=first, actor=staff)


def test_outsider_and_analyst_see_no_changes(
    watchlist: Watchlist, staff: User, outsider: User, viewer: User
) -> None:
    make_entry(watchlist)

    assert changes_visible_to(staff).exists()
    assert not changes_visible_to(outsider).exists()
    assert not changes_visible_to(viewer).exists()


def test_many_changes_after_one_are_noted_in_time(watchlist: Watchlist) -> None:
    """A connection keeps the plan of its first change; one by nested loops would take minutes."""
    entry = make_entry(watchlist, "AA1234")
    update_entry(entry=entry, actor=None, reason="a single one")
    Entry.objects.bulk_create(
        Entry(
            organization=watchlist.organization,
            watchlist=watchlist,
            number=f"AB{number:05}",
            effective_from=entry.effective_from,
        )
        for number in range(2_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT proconfig FROM pg_proc WHERE proname = 'alerts_note_update'")
        assert cursor.fetchone() == (["enable_nestloop=off"],)
        cursor.execute("SET LOCAL statement_timeout = '60s'")

    Entry.objects.filter(watchlist=watchlist).update(vehicle="red car")

    assert ListChange.objects.filter(after={"vehicle": "red car"}).count() == 2_001
