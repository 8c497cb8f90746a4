"""Updates of feeds are worked on in the background: once each, and again where a worker died."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.mail import EmailMessage
from django.db import connection
from django.utils import timezone

from accounts.models import User
from alerts import tasks
from alerts.errors import FeedRefusedError
from alerts.models import Alert, Entry, Feed, FeedRun, Rule, Watchlist
from alerts.services.feeds import running
from alerts.services.feeds.running import (
    lines_read,
    queue_apply,
    queue_run,
    queue_upload,
    resume_lost,
    work_on,
)
from alerts.services.feeds.telling import tell_stale
from alerts.services.rules.conditions import ConditionError, check_conditions
from alerts.services.rules.firing import fire_for_states
from cameras.models import Camera
from tests.alerts.factories import make_watchlist, run_feed
from tests.alerts.test_feeds import make_feed

State, Work = FeedRun.State, FeedRun.Work
Queued = list[tuple[str, ...]]


@pytest.fixture
def watchlist(camera: Camera, staff: User) -> Watchlist:
    return make_watchlist(camera.organization, owner=staff)


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> Queued:
    """What was queued for workers, who do not run here."""
    calls: Queued = []
    monkeypatch.setattr(tasks.work_on_feed, "apply_async", lambda *, args, **_: calls.append(args))
    return calls


def upload(watchlist: Watchlist, actor: User, text: str) -> FeedRun:
    file = ContentFile(text.encode())
    return queue_upload(
        watchlist=watchlist, file=file, actor=actor, format="csv", encoding="utf-8-sig"
    )


def test_one_update_of_a_feed_is_under_way_at_a_time(
    watchlist: Watchlist,
    queued: Queued,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    feed = make_feed(watchlist)
    with django_capture_on_commit_callbacks(execute=True):
        first = queue_run(feed=feed, actor=None, work=Work.FETCH)
        second = queue_run(feed=feed, actor=None, work=Work.TRY)

    assert (first, queued) == (second, [(str(first.pk),)])
    tasks.work_on_feed(str(first.pk))
    ended = FeedRun.objects.get()
    assert (ended.state, ended.tries) == (State.FAILED, 1)
    tasks.work_on_feed(str(first.pk))
    assert FeedRun.objects.get().tries == 1
    tasks.run_feed(str(feed.pk))
    assert FeedRun.objects.filter(state=State.QUEUED).count() == 1


def test_file_is_tried_again_with_a_newer_one_which_forgets_the_first(
    watchlist: Watchlist, staff: User
) -> None:
    first = upload(watchlist, staff, "plate\nAB123\n")
    with pytest.raises(FeedRefusedError, match="being read"):
        upload(watchlist, staff, "plate\nAB124\n")
    work_on(run_id=first.pk)
    second = upload(watchlist, staff, "plate\nAB125\n")
    work_on(run_id=second.pk)

    with pytest.raises(FeedRefusedError, match="file is gone"):
        queue_apply(run=first, actor=staff)
    queue_apply(run=second, actor=staff)
    work_on(run_id=second.pk)
    assert Entry.objects.get().number == "AB125"
    run = FeedRun.objects.get(pk=second.pk)
    assert (run.state, run.actor, run.can_be_applied) == (State.APPLIED, staff, False)


def test_what_a_dead_worker_left_is_done_anew_but_not_for_ever(
    watchlist: Watchlist, staff: User, queued: Queued
) -> None:
    run = upload(watchlist, staff, "plate\nAB123\n")
    old = timezone.now() - timedelta(minutes=2)
    FeedRun.objects.filter(pk=run.pk).update(state=State.RUNNING, tries=1, started_at=old)

    assert resume_lost() == 1
    assert queued == [(str(run.pk),)]
    work_on(run_id=run.pk)
    assert FeedRun.objects.get().state == State.TRIED
    assert resume_lost() == 0

    FeedRun.objects.update(state=State.RUNNING, tries=running.TRIES_MOST)
    work_on(run_id=run.pk)
    assert "ended 3 times" in FeedRun.objects.get().sentence


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_not_do_the_same(watchlist: Watchlist, staff: User, queued: Queued) -> None:
    run = upload(watchlist, staff, "plate\nAB123\n")
    FeedRun.objects.update(started_at=timezone.now() - timedelta(minutes=2))
    other, name = connection.copy(), f"feed run {run.pk}"
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
            work_on(run_id=run.pk)
            assert FeedRun.objects.get().state == State.QUEUED
            assert resume_lost() == 0
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
    finally:
        other.close()
    assert resume_lost() == 1


def test_progress_is_told_while_lines_are_read(
    watchlist: Watchlist, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.services.feeds.updating.REPORT_EVERY", 2)
    run = upload(watchlist, staff, "plate\n" + "".join(f"AB1{n}\n" for n in range(5)))
    assert lines_read(run) == 0
    work_on(run_id=run.pk)
    assert lines_read(run) == 4


def stale_feed(watchlist: Watchlist, **fields: Any) -> Feed:
    feed = make_feed(watchlist, every_minutes=15, stale_after_hours=2, **fields)
    Feed.objects.filter(pk=feed.pk).update(created_at=timezone.now() - timedelta(hours=3))
    return feed


def test_owner_is_told_once_that_a_feed_is_stale_until_it_is_good_again(
    watchlist: Watchlist, staff: User, mailoutbox: list[EmailMessage], settings: Any, tmp_path: Any
) -> None:
    feed = stale_feed(watchlist)
    make_feed(watchlist, name="Fresh", every_minutes=15)

    assert (tell_stale(), tell_stale()) == (1, 0)
    [mail] = mailoutbox
    assert mail.to == [staff.email]
    assert "Police" in mail.body
    assert "2 hours" in mail.body

    settings.SOURCES_DIR = tmp_path
    folder = tmp_path / "feeds" / watchlist.organization.slug
    folder.mkdir(parents=True)
    (folder / "feed.csv").write_text("plate\nAB123\n")
    assert run_feed(feed=feed).state == State.APPLIED
    Feed.objects.update(succeeded_at=timezone.now() - timedelta(hours=3))
    assert tell_stale() == 1


def test_rule_raises_one_alert_for_a_feed_that_is_stale(
    watchlist: Watchlist, camera: Camera
) -> None:
    other = make_watchlist(camera.organization, category="staff")
    stale_feed(watchlist)
    stale_feed(other, name="Staff")
    paused = make_watchlist(camera.organization)
    stale_feed(paused, name="Paused", is_active=False)
    of_list = {"all": [{"kind": "list", "values": [str(watchlist.pk)]}]}
    for name, conditions in (("Any", {}), ("One", of_list)):
        Rule.objects.create(
            organization=camera.organization,
            name=name,
            trigger=Rule.Trigger.FEED_STALE,
            conditions=conditions,
            is_shadow=False,
        )
    fire_for_states()
    fire_for_states()

    raised = Alert.objects.values_list("rule__name", "watchlist_id", "passes")
    assert sorted(raised) == sorted(
        [("Any", watchlist.pk, 1), ("Any", other.pk, 1), ("One", watchlist.pk, 1)]
    )
    alert = Alert.objects.get(rule__name="One")
    assert "Police" in alert.title
    assert "2 hours" in alert.facts["reason"]


@pytest.mark.parametrize("kind", ["camera", "plate", "seen"])
def test_what_a_feed_does_not_have_is_not_asked_of_it(kind: str, camera: Camera) -> None:
    tree = {"all": [{"kind": kind, "values": [str(camera.pk)]}]}
    with pytest.raises(ConditionError, match="cannot be asked"):
        check_conditions(
            tree, trigger=Rule.Trigger.FEED_STALE, organization_id=camera.organization_id
        )
