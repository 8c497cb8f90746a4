"""Pages of feeds: setting one up, trying it, applying what waits, and who may."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from alerts.models import Entry, Feed, FeedRun, Watchlist
from alerts.services.feeds.running import queue_run, work_on
from alerts.services.feeds.setting_up import create_feed
from cameras.models import Camera
from tests.alerts.factories import make_watchlist

ClientOf = Callable[[User], APIClient]
FIELDS = {
    "name": "Police",
    "kind": "folder",
    "address": "police.csv",
    "format": "csv",
    "encoding": "utf-8-sig",
    "every_minutes": 60,
    "stale_after_hours": 24,
    "problems_most": 0,
    "removes_missing": "on",
    "is_active": "on",
}


@pytest.fixture
def watchlist(camera: Camera) -> Watchlist:
    return make_watchlist(camera.organization, name="Stolen cars")


def make_feed(watchlist: Watchlist) -> Feed:
    return create_feed(
        watchlist=watchlist,
        actor=None,
        name="Police",
        kind="folder",
        address="police.csv",
        format="csv",
        password="secret of the police",  # of a test
    )


def post(client: APIClient, page_name: str, /, *args: Any, **data: Any) -> Any:
    return client.post(reverse(f"alerts:{page_name}", args=args), data, format="multipart")


def test_only_those_who_may_change_the_list_reach_its_feeds(
    watchlist: Watchlist, outsider: User, operator: User, client_of: ClientOf
) -> None:
    feed = make_feed(watchlist)
    for who in (outsider, operator):
        client = client_of(who)
        assert client.get(reverse("alerts:feed", args=[feed.pk])).status_code == 404
        assert client.get(reverse("alerts:feed-new", args=[watchlist.pk])).status_code == 404
        assert post(client, "feed-new", watchlist.pk, **FIELDS).status_code == 404
        for name in ("feed", "feed-try", "feed-fetch", "feed-delete"):
            assert post(client, name, feed.pk, **FIELDS).status_code == 404, name
    assert Feed.objects.get() == feed
    assert not FeedRun.objects.exists()


def test_feed_is_set_up_tried_and_applied(
    watchlist: Watchlist, staff: User, client_of: ClientOf, tmp_path: Path, settings: Any
) -> None:
    settings.SOURCES_DIR = tmp_path
    folder = tmp_path / "feeds" / watchlist.organization.slug
    folder.mkdir(parents=True)
    (folder / "police.csv").write_text("Kennzeichen,Grund\nAB123,theft\nCD456,fuel\n")
    client = client_of(staff)
    columns = {"column_number": "Kennzeichen", "column_reason": "Grund"}
    answer = post(client, "feed-new", watchlist.pk, **FIELDS, **columns)
    feed = Feed.objects.get()
    assert answer.url == reverse("alerts:feed", args=[feed.pk])
    assert feed.mapping == {"number": "Kennzeichen", "reason": "Grund"}
    assert feed.periodic_task is not None

    answer = post(client, "feed-try", feed.pk)
    run = FeedRun.objects.get()
    assert answer.url == reverse("alerts:run", args=[run.pk])
    waits = client.get(answer.url).content.decode()
    assert "waits for a worker" in waits
    assert 'hx-trigger="every 1s"' in waits
    work_on(run_id=run.pk)
    tried = client.get(answer.url).content.decode()
    assert "What it would change" in tried
    assert "AB123" in tried
    assert "every 1s" not in tried
    assert not Entry.objects.exists()

    answer = post(client, "run-apply", run.pk)
    assert answer.url == reverse("alerts:run", args=[run.pk])
    work_on(run_id=run.pk)
    assert "2 entries added" in client.get(answer.url).content.decode()
    assert set(Entry.objects.values_list("number", "reason")) == {
        ("AB123", "theft"),
        ("CD456", "fuel"),
    }
    shown = client.get(reverse("alerts:feed", args=[feed.pk])).content.decode()
    assert "applied" in shown
    assert 'value="Kennzeichen"' in shown


def test_update_is_shown_to_those_who_see_the_entries_only(
    watchlist: Watchlist, outsider: User, viewer: User, operator: User, client_of: ClientOf
) -> None:
    run = queue_run(feed=make_feed(watchlist), actor=None, work=FeedRun.Work.TRY)
    work_on(run_id=run.pk)
    address = reverse("alerts:run", args=[run.pk])
    for who, status in ((outsider, 404), (viewer, 404), (operator, 200)):
        assert client_of(who).get(address).status_code == status
        assert post(client_of(who), "run-apply", run.pk).status_code == 404
    shown = client_of(operator).get(address).content.decode()
    assert "There is no file police.csv" in shown


def test_password_is_kept_and_never_shown_until_the_address_changes(
    watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    feed = make_feed(watchlist)
    client = client_of(staff)
    shown = client.get(reverse("alerts:feed", args=[feed.pk])).content.decode()
    assert "secret of the police" not in shown
    post(client, "feed", feed.pk, **FIELDS)
    feed.refresh_from_db()
    assert feed.password == "secret of the police"  # of a test
    post(client, "feed", feed.pk, **(FIELDS | {"address": "other.csv"}))
    feed.refresh_from_db()
    assert (feed.address, feed.password) == ("other.csv", "")


def test_what_is_wrong_is_said_at_its_field(
    watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    client = client_of(staff)
    fixed = post(
        client, "feed-new", watchlist.pk, **(FIELDS | {"format": "fixed"}), column_number="1 to 8"
    )
    assert fixed.status_code == 422
    assert fixed.context["form"].errors.keys() == {"column_number"}
    unplaced = post(client, "feed-new", watchlist.pk, **FIELDS, column_reason="Grund")
    assert unplaced.context["form"].errors.keys() == {"column_number"}
    nowhere = post(client, "feed-new", watchlist.pk, **(FIELDS | {"address": ""}))
    assert nowhere.context["form"].errors.keys() == {"address"}
    assert not Feed.objects.exists()


def test_fixed_width_takes_positions_and_the_feed_goes(
    watchlist: Watchlist, staff: User, client_of: ClientOf
) -> None:
    client = client_of(staff)
    post(client, "feed-new", watchlist.pk, **(FIELDS | {"format": "fixed"}), column_number="1-8")
    feed = Feed.objects.get()
    assert feed.mapping == {"number": [1, 8]}
    assert 'value="1-8"' in client.get(reverse("alerts:feed", args=[feed.pk])).content.decode()
    post(client, "feed-delete", feed.pk)
    assert not Feed.objects.exists()
