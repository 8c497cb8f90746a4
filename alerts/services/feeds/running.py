"""Feeds are worked on in the background: queued, taken up once, and again where a worker died."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import structlog
from django.core.cache import cache
from django.core.files import File
from django.core.files.storage import storages
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from accounts.models import User
from alerts.errors import FeedRefusedError
from alerts.models import Feed, FeedRun, Watchlist
from alerts.services.feeds.fetching import fetch, sha256_of
from alerts.services.feeds.files import check_size
from alerts.services.feeds.setting_up import upload_feed
from alerts.services.feeds.updating import end_run, fail_run, note_success, update_from
from lpr_project.common.errors import LprError

log = structlog.get_logger(__name__)

TRIES_MOST = 3
QUEUED_AGAIN_AFTER = timedelta(minutes=1)

_PROGRESS_S = 3600
# A message that was lost or is this old is sent again.
_QUEUED_MOST_S = 86_400.0
State, Work = FeedRun.State, FeedRun.Work
UNDER_WAY = (State.QUEUED, State.RUNNING)


@transaction.atomic
def queue_run(*, feed: Feed, actor: User | None, work: FeedRun.Work) -> FeedRun:
    """Let a worker fetch a feed; gives the update that is under way where there is one."""
    Feed.objects.select_for_update(of=("self",)).get(pk=feed.pk)
    running = feed.runs.filter(state__in=UNDER_WAY).first()
    if running is not None:
        return running
    return _queued(FeedRun(feed=feed, actor=actor, work=work))


@transaction.atomic
def queue_upload(
    *, watchlist: Watchlist, file: "File[bytes]", actor: User, **fields: object
) -> FeedRun:
    """Let a worker say what a file would change; what was shown of an earlier one is forgotten.

    Raises:
        FeedRefusedError: It is too large, or another one is being read.
    """
    check_size(file.size)
    feed = upload_feed(watchlist=watchlist, actor=actor, **fields)
    Feed.objects.select_for_update(of=("self",)).get(pk=feed.pk)
    if feed.runs.filter(state__in=UNDER_WAY).exists():
        raise FeedRefusedError(
            _("Another file of this list is being read. Wait until that is done.")
        )
    for earlier in feed.runs.exclude(stored_name=""):
        _forget_file(earlier)
    name = storages["uploads"].save(f"feeds/{uuid4()}", file)
    return _queued(FeedRun(feed=feed, actor=actor, work=Work.TRY, stored_name=name))


@transaction.atomic
def queue_apply(*, run: FeedRun, actor: User) -> FeedRun:
    """Let a worker apply what a person has seen, or what waits because the list shrinks.

    Raises:
        FeedRefusedError: It was applied or is too old.
    """
    locked = FeedRun.objects.select_for_update(of=("self",)).select_related("feed").get(pk=run.pk)
    if not locked.can_be_applied:
        raise FeedRefusedError(_("This update was applied, or its file is gone. Start anew."))
    locked.work, locked.actor, locked.tries = Work.APPLY, actor, 0
    return _queued(locked)


def _queued(run: FeedRun) -> FeedRun:
    run.state, run.sentence, run.finished_at = State.QUEUED, "", None
    run.save()
    transaction.on_commit(partial(_wake, run.pk))
    return run


def _wake(pk: UUID, *, expires_s: float = _QUEUED_MOST_S) -> None:
    from alerts.tasks import work_on_feed  # noqa: PLC0415  # tasks call services

    try:
        work_on_feed.apply_async(args=(str(pk),), expires=expires_s)
    except OSError:
        log.warning("feed_not_queued_yet", run_id=str(pk), exc_info=True)


def work_on(*, run_id: UUID) -> None:
    """Do what an update asks for, unless another worker is at it or it is done."""
    run = FeedRun.objects.select_related("feed__watchlist__organization", "actor").get(pk=run_id)
    with _held(run) as is_mine:
        if not is_mine:
            return
        run.refresh_from_db(fields=["state", "tries"])
        if run.is_under_way:
            _work(run)


@contextmanager
def _held(run: FeedRun) -> Iterator[bool]:
    """Whether this process has an update; the database lets go of it when the process dies."""
    name = f"feed run {run.pk}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        [is_mine] = cursor.fetchone()
    try:
        yield is_mine
    finally:
        if is_mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


def _work(run: FeedRun) -> None:
    if run.tries >= TRIES_MOST:
        message = _("The worker ended %(count)d times while it was at this. Nothing was changed.")
        fail_run(run, FeedRefusedError(message % {"count": run.tries}))
        return
    # What is RUNNING and held by nobody died before it changed anything: it begins anew.
    run.state, run.tries = State.RUNNING, run.tries + 1
    run.save(update_fields=["state", "tries"])
    with TemporaryDirectory() as folder:
        try:
            _WORKS[Work(run.work)](run, Path(folder) / "feed")
        except LprError as error:
            fail_run(run, error)
    if run.state == State.APPLIED or (run.work == Work.TRY and run.state == State.FAILED):
        _forget_file(run)


def _try(run: FeedRun, path: Path) -> None:
    if run.stored_name:
        _bring(run, path)
    else:
        # The whole file is wanted, also where it is the one of last time.
        run.feed.etag = run.feed.last_modified = ""
        fetch(run.feed, path)
    update_from(
        feed=run.feed, path=path, actor=run.actor, run=run, is_dry=True, report=_reporting(run)
    )


def _fetch(run: FeedRun, path: Path) -> None:
    feed = run.feed
    fetched = fetch(feed, path)
    digest = "" if fetched.is_unchanged else sha256_of(path)
    if fetched.is_unchanged or digest == feed.content_sha256:
        note_success(feed)
        end_run(run, State.UNCHANGED, _("The file is the same as last time."))
        return
    update_from(feed=feed, path=path, actor=run.actor, run=run, report=_reporting(run))
    if run.state == State.APPLIED:
        feed.etag, feed.last_modified = fetched.etag, fetched.last_modified
        feed.content_sha256 = digest
        feed.save(update_fields=["etag", "last_modified", "content_sha256"])


def _apply(run: FeedRun, path: Path) -> None:
    _bring(run, path)
    update_from(
        feed=run.feed, path=path, actor=run.actor, run=run, is_agreed=True, report=_reporting(run)
    )


_WORKS = {Work.TRY: _try, Work.FETCH: _fetch, Work.APPLY: _apply}


def _bring(run: FeedRun, path: Path) -> None:
    try:
        with storages["uploads"].open(run.stored_name) as stored, path.open("wb") as file:
            for piece in stored.chunks():
                file.write(piece)
    except FileNotFoundError as error:
        run.stored_name = ""
        raise FeedRefusedError(_("The file of this update is gone. Start anew.")) from error


def _forget_file(run: FeedRun) -> None:
    if run.stored_name:
        transaction.on_commit(partial(storages["uploads"].delete, run.stored_name))
        run.stored_name = ""
        run.save(update_fields=["stored_name"])


def _reporting(run: FeedRun) -> "partial[None]":
    return partial(_report, run.pk)


def _report(pk: UUID, lines: int) -> None:
    # Redis, not the table: the update is one transaction, of which nobody sees anything yet.
    with suppress(RedisError):
        cache.set(f"feed-run:{pk}", lines, _PROGRESS_S)


def lines_read(run: FeedRun) -> int:
    """How many lines a worker has read of an update that is under way, as far as it said."""
    with suppress(RedisError):
        return int(cache.get(f"feed-run:{run.pk}") or 0)
    return 0


def resume_lost() -> int:
    """Queue again what no worker took up, or whose worker died; gives how many."""
    since = timezone.now() - QUEUED_AGAIN_AFTER
    lost = 0
    for run in FeedRun.objects.filter(state__in=UNDER_WAY, started_at__lt=since)[:100]:
        with _held(run) as is_mine:
            pass
        if is_mine:
            lost += 1
            # A long queue does not fill up with calls for the same.
            _wake(run.pk, expires_s=QUEUED_AGAIN_AFTER.total_seconds())
    return lost
