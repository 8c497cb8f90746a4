"""Holds a feed's table against its list, and applies what differs as a whole or not at all."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from uuid import uuid4

import structlog
from django.core.files import File
from django.core.files.storage import storages
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, User
from accounts.services import record_audit_event
from alerts.errors import FeedRefusedError
from alerts.models import Feed, FeedRun, Watchlist
from alerts.services.changes import sign_changes
from alerts.services.entries import check_patterns
from alerts.services.feeds.fetching import fetch, sha256_of
from alerts.services.feeds.files import table_of
from alerts.services.feeds.tables import Problem, Row, read_rows
from alerts.services.watchlists import check_size
from lpr_project.common.errors import LprError
from lpr_project.common.models import uuid7
from lpr_project.common.outgoing import OutgoingError

log = structlog.get_logger(__name__)

SHRINKS_TO = 0.5
"""An update that leaves less than this share of a feed's entries waits for a person."""
SHRINK_FROM = 20
"""Entries from which on that is asked: small lists come and go."""
SHOWN = 20
KEPT_DAYS = 7
"""How long the file of a dry run waits to be agreed to."""
State = FeedRun.State


class Counts(NamedTuple):
    """How a table differs from its list."""

    rows: int
    added: int
    changed: int
    removed: int
    unchanged: int
    kept: int


_STAGE = """
DROP TABLE IF EXISTS pg_temp.feed_row, pg_temp.feed_mark;
CREATE TEMP TABLE feed_row (
    line integer, id uuid, number text, country text, province text, vehicle text, reason text,
    case_number text, source text, confidence text, effective_from timestamptz,
    expires_at timestamptz
) ON COMMIT DROP
"""
_REPEATED = """
SELECT line, first, number FROM (
    SELECT line, number, min(line) OVER same AS first FROM feed_row
    WINDOW same AS (PARTITION BY number, country, province)
) AS repeated WHERE line > first ORDER BY line
"""
_SAME = (
    "entry.watchlist_id = %(list)s AND entry.number = row.number"
    " AND entry.country = row.country AND entry.province = row.province"
)
_TEXTS = ("vehicle", "reason", "case_number", "source", "confidence")
# What a table does not say stays as it is.
_DIFFERS = (
    "(" + " OR ".join(f"entry.{name} <> row.{name}" for name in _TEXTS) + ""
    " OR entry.effective_from <> coalesce(row.effective_from, entry.effective_from)"
    " OR entry.expires_at IS DISTINCT FROM coalesce(row.expires_at, entry.expires_at))"
)
_MARK = f"""
CREATE TEMP TABLE feed_mark ON COMMIT DROP AS
SELECT row.line, entry.id AS entry_id,
    CASE WHEN entry.id IS NULL THEN 'added'
        WHEN entry.feed_id IS DISTINCT FROM %(feed)s THEN 'kept'
        WHEN {_DIFFERS} THEN 'changed'
        ELSE 'unchanged' END AS mark
FROM feed_row AS row LEFT JOIN alerts_entry AS entry ON {_SAME}
"""  # noqa: S608  # names of columns that stand above
_GONE = """
FROM alerts_entry AS entry
WHERE entry.feed_id = %(feed)s AND NOT EXISTS (
    SELECT FROM feed_mark WHERE feed_mark.entry_id = entry.id
)
"""
_SOME_GONE = "SELECT entry.number, entry.province, entry.reason " + _GONE + " LIMIT %(most)s"
_COUNT_GONE = "SELECT count(*) " + _GONE
_TAKE_AWAY = "DELETE FROM alerts_entry WHERE id IN (SELECT entry.id " + _GONE + ")"  # noqa: S608  # stands above
_DROP_REPEATED = (
    "DELETE FROM feed_row USING (" + _REPEATED + ") AS again"  # noqa: S608  # stands above
    " WHERE feed_row.line = again.line"
)
_ADD = """
INSERT INTO alerts_entry (id, organization_id, watchlist_id, feed_id, number, country, province,
    vehicle, reason, case_number, source, confidence, effective_from, expires_at, variants,
    created_at, updated_at)
SELECT row.id, %(organization)s, %(list)s, %(feed)s, row.number, row.country, row.province,
    row.vehicle, row.reason, row.case_number, row.source, row.confidence,
    coalesce(row.effective_from, now()), coalesce(row.expires_at, %(ends)s), '{}', now(), now()
FROM feed_row AS row JOIN feed_mark AS mark USING (line) WHERE mark.mark = 'added'
"""
_CHANGE = f"""
UPDATE alerts_entry AS entry SET {", ".join(f"{name} = row.{name}" for name in _TEXTS)},
    effective_from = coalesce(row.effective_from, entry.effective_from),
    expires_at = coalesce(row.expires_at, entry.expires_at), updated_at = now()
FROM feed_row AS row JOIN feed_mark AS mark USING (line)
WHERE mark.mark = 'changed' AND entry.id = mark.entry_id
"""  # noqa: S608  # names of columns that stand above


def run_feed(*, feed: Feed, actor: User | None = None) -> FeedRun:
    """Fetch a feed and apply what differs; what went wrong is said in the run, and nothing done."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "feed"
        try:
            fetched = fetch(feed, path)
            digest = "" if fetched.is_unchanged else sha256_of(path)
        except (FeedRefusedError, OutgoingError) as error:
            return _failed(feed, actor, error)
        if fetched.is_unchanged or digest == feed.content_sha256:
            _succeeded(feed)
            return _run(feed, actor, State.UNCHANGED, _("The file is the same as last time."))
        run = update_from(feed=feed, path=path, actor=actor)
        if run.state == State.APPLIED:
            feed.etag, feed.last_modified = fetched.etag, fetched.last_modified
            feed.content_sha256 = digest
            feed.save(update_fields=["etag", "last_modified", "content_sha256"])
        return run


def try_feed(*, feed: Feed, actor: User) -> FeedRun:
    """Fetch a feed and say what it would change; the file is kept, so that it may be applied."""
    # The whole file is wanted, also where it is the one of last time.
    feed.etag = feed.last_modified = ""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "feed"
        try:
            fetch(feed, path)
        except (FeedRefusedError, OutgoingError) as error:
            return _failed(feed, actor, error)
        return update_from(feed=feed, path=path, actor=actor, is_dry=True)


def update_from(
    *,
    feed: Feed,
    path: Path,
    actor: User | None,
    is_dry: bool = False,
    is_agreed: bool = False,
) -> FeedRun:
    """Apply a table, or say only what it would do.

    Args:
        is_dry: Nothing is changed; the file is kept, so that a person may apply it.
        is_agreed: A person has seen that the list shrinks.
    """
    try:
        return _update(feed, table_of(feed, path), path, actor, is_dry=is_dry, is_agreed=is_agreed)
    except LprError as error:
        return _failed(feed, actor, error)


def apply_run(*, run: FeedRun, actor: User) -> FeedRun:
    """Apply what a person has seen in a dry run, or what waits because the list shrinks.

    Raises:
        FeedRefusedError: It was applied or is too old.
    """
    if not run.can_be_applied:
        raise FeedRefusedError(_("This update was applied, or its file is gone. Start anew."))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "feed"
        storage = storages["uploads"]
        try:
            with storage.open(run.stored_name) as stored, path.open("wb") as file:
                for piece in stored.chunks():
                    file.write(piece)
        except FileNotFoundError as error:
            raise FeedRefusedError(_("The file of this update is gone. Start anew.")) from error
        applied = update_from(feed=run.feed, path=path, actor=actor, is_agreed=True)
    if applied.state == State.APPLIED:
        storage.delete(run.stored_name)
        FeedRun.objects.filter(pk=run.pk).update(stored_name="")
    return applied


@transaction.atomic
def _update(
    feed: Feed, table: Path, file: Path, actor: User | None, *, is_dry: bool, is_agreed: bool
) -> FeedRun:
    # Two updates of one list are one after the other, and hold nothing that matching waits for.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"feed:{feed.watchlist_id}"]
        )
    problems, count = _stage(feed, table)
    if count > feed.problems_most and not is_dry:
        line, sentence = problems[0]
        message = _("Nothing was changed: %(count)d lines are wrong. Line %(line)d: %(sentence)s")
        raise FeedRefusedError(message % {"count": count, "line": line, "sentence": sentence})
    counts = _compare(feed)
    run = FeedRun(
        feed=feed,
        actor=actor,
        finished_at=timezone.now(),
        problems=[list(problem) for problem in problems],
        problems_count=count,
        sample=_sample(feed),
        **counts._asdict(),
    )
    shrinks = _shrinks(feed, counts)
    if is_dry or (shrinks and not is_agreed):
        run.state = State.TRIED if is_dry else State.WAITING
        run.sentence = _shrinking(counts) if shrinks else ""
        run.stored_name = _store(file)
        run.save()
        return run
    _apply(feed, actor)
    run.state = State.APPLIED
    run.save()
    _succeeded(feed)
    record_audit_event(
        action=AuditEvent.Action.CHANGED,
        actor=actor,
        actor_label="" if actor else f"feed {feed.name}"[:254],
        target=feed,
        detail=counts._asdict(),
    )
    return run


def _stage(feed: Feed, table: Path) -> tuple[list[Problem], int]:
    """Bring the table into a temporary one by COPY; gives the first problems and their number."""
    problems: list[Problem] = []
    count = 0
    zone = feed.organization.zone
    with connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy("COPY feed_row FROM STDIN") as copy:
            for found in read_rows(feed, table, zone):
                if isinstance(found, Row):
                    copy.write_row((found.line, uuid7(), *found[1:]))
                    continue
                count += 1
                if len(problems) < SHOWN:
                    problems.append(found)
        cursor.execute(_REPEATED)
        for line, first, number in cursor.fetchmany(SHOWN):
            sentence = _("%(number)s stands in line %(first)d already.")
            problems.append(Problem(line, sentence % {"number": number, "first": first}))
        # Not deleted one by one: the first of each stays.
        cursor.execute(_DROP_REPEATED)
        count += cursor.rowcount
        cursor.execute("ANALYZE feed_row")
    return sorted(problems)[:SHOWN], count


def _values(feed: Feed) -> dict[str, Any]:
    watchlist = feed.watchlist
    # What the feed takes away itself needs no end.
    ends = None
    if not feed.removes_missing and watchlist.entry_days is not None:
        ends = timezone.now() + timedelta(days=watchlist.entry_days)
    return {
        "feed": feed.pk,
        "list": feed.watchlist_id,
        "organization": feed.organization_id,
        "ends": ends,
    }


def _compare(feed: Feed) -> Counts:
    values = _values(feed)
    with connection.cursor() as cursor:
        cursor.execute(_MARK, values)
        cursor.execute("CREATE INDEX ON feed_mark (entry_id)")
        cursor.execute("SELECT mark, count(*) FROM feed_mark GROUP BY mark")
        marks = dict(cursor.fetchall())
        gone = 0
        if feed.removes_missing:
            cursor.execute(_COUNT_GONE, values)
            [gone] = cursor.fetchone()
    counted = {name: marks.get(name, 0) for name in ("added", "changed", "unchanged", "kept")}
    return Counts(rows=sum(counted.values()), removed=gone, **counted)


def _sample(feed: Feed) -> dict[str, list[list[str]]]:
    """Some lines of each kind, for people to look at."""
    values = {**_values(feed), "most": SHOWN}
    sample: dict[str, list[list[str]]] = {}
    with connection.cursor() as cursor:
        for mark in ("added", "changed", "kept"):
            cursor.execute(
                "SELECT row.number, row.province, row.reason FROM feed_row AS row"
                " JOIN feed_mark AS mark USING (line) WHERE mark.mark = %s ORDER BY line LIMIT %s",
                [mark, SHOWN],
            )
            sample[mark] = [list(line) for line in cursor.fetchall()]
        if feed.removes_missing:
            cursor.execute(_SOME_GONE, values)
            sample["removed"] = [list(line) for line in cursor.fetchall()]
    return sample


def _shrinks(feed: Feed, counts: Counts) -> bool:
    stays = counts.changed + counts.unchanged + counts.added
    before = counts.changed + counts.unchanged + counts.removed
    return feed.removes_missing and before >= SHRINK_FROM and stays < before * SHRINKS_TO


def _shrinking(counts: Counts) -> str:
    before = counts.changed + counts.unchanged + counts.removed
    return _(
        "Of %(before)d entries %(removed)d would be deleted. If that is right, a person must "
        "apply it."
    ) % {"before": before, "removed": counts.removed}


def _apply(feed: Feed, actor: User | None) -> None:
    values = _values(feed)
    sign_changes(
        actor=actor,
        label=f"feed {feed.name}",
        reason=_("update of feed %(name)s") % {"name": feed.name},
    )
    with connection.cursor() as cursor:
        if feed.removes_missing:
            cursor.execute(_TAKE_AWAY, values)
        cursor.execute(_CHANGE, values)
        cursor.execute(_ADD, values)
    watchlist = Watchlist.objects.get(pk=feed.watchlist_id)
    check_size(watchlist=watchlist)
    check_patterns(watchlist=watchlist)


def _store(path: Path) -> str:
    with path.open("rb") as file:
        return storages["uploads"].save(f"feeds/{uuid4()}", File(file))


def _failed(feed: Feed, actor: User | None, error: LprError) -> FeedRun:
    log.warning("feed_refused", feed_id=str(feed.pk), code=error.code)
    return _run(feed, actor, State.FAILED, str(error)[:500])


def _run(feed: Feed, actor: User | None, state: FeedRun.State, sentence: str) -> FeedRun:
    return FeedRun.objects.create(
        feed=feed, actor=actor, state=state, sentence=sentence, finished_at=timezone.now()
    )


def _succeeded(feed: Feed) -> None:
    feed.succeeded_at = timezone.now()
    feed.save(update_fields=["succeeded_at"])


def forget_files() -> int:
    """Delete the files of dry runs that nobody agreed to; gives how many."""
    old = FeedRun.objects.filter(started_at__lt=timezone.now() - timedelta(days=KEPT_DAYS)).exclude(
        stored_name=""
    )
    names = list(old.values_list("pk", "stored_name"))
    for pk, name in names:
        FeedRun.objects.filter(pk=pk).update(stored_name="")
        transaction.on_commit(partial(storages["uploads"].delete, name))
    return len(names)
