"""Holds a feed's table against its list, and applies what differs as a whole or not at all."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
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
from alerts.services.feeds.files import table_of
from alerts.services.feeds.tables import Problem, Row, read_rows
from alerts.services.watchlists import check_size
from lpr_project.common.errors import LprError
from lpr_project.common.models import uuid7

log = structlog.get_logger(__name__)

SHRINKS_TO = 0.5
"""An update that leaves less than this share of a feed's entries waits for a person."""
SHRINK_FROM = 20
"""Entries from which on that is asked: small lists come and go."""
SHOWN = 20
KEPT_DAYS = 7
REPORT_EVERY = 2_000
SENTENCE_MOST = 500
"""How long the file of a dry run waits to be agreed to."""
State = FeedRun.State
Report = Callable[[int], None]
"""Is told how many lines were read."""


def say_nothing(_lines: int) -> None:
    """Nobody watches."""


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
    -- What ended before it was heard of began before it ended.
    coalesce(row.effective_from, least(now(), row.expires_at - interval '1 ms')),
    coalesce(row.expires_at, coalesce(row.effective_from, now()) + %(lasts)s::interval),
    '{}', now(), now()
FROM feed_row AS row JOIN feed_mark AS mark USING (line) WHERE mark.mark = 'added'
"""
_CHANGE = f"""
UPDATE alerts_entry AS entry SET {", ".join(f"{name} = row.{name}" for name in _TEXTS)},
    effective_from = coalesce(
        row.effective_from, least(entry.effective_from, row.expires_at - interval '1 ms')),
    expires_at = CASE WHEN row.expires_at IS NULL AND row.effective_from >= entry.expires_at
        THEN row.effective_from + %(lasts)s::interval
        ELSE coalesce(row.expires_at, entry.expires_at) END,
    updated_at = now()
FROM feed_row AS row JOIN feed_mark AS mark USING (line)
WHERE mark.mark = 'changed' AND entry.id = mark.entry_id
"""  # noqa: S608  # names of columns that stand above


def update_from(
    *,
    feed: Feed,
    path: Path,
    actor: User | None,
    run: FeedRun | None = None,
    is_dry: bool = False,
    is_agreed: bool = False,
    report: Report = say_nothing,
) -> FeedRun:
    """Apply a table, or say only what it would do.

    Args:
        run: Is to say what became of it; a new one otherwise.
        is_dry: Nothing is changed; the file is kept, so that a person may apply it.
        is_agreed: A person has seen that the list shrinks.
    """
    run = run or FeedRun(feed=feed, actor=actor)
    try:
        table = table_of(feed, path)
        return _update(run, table, path, report, is_dry=is_dry, is_agreed=is_agreed)
    except LprError as error:
        return fail_run(run, error)


@transaction.atomic
def _update(
    run: FeedRun, table: Path, file: Path, report: Report, *, is_dry: bool, is_agreed: bool
) -> FeedRun:
    feed, actor = run.feed, run.actor
    # Two updates of one list are one after the other, and hold nothing that matching waits for.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"feed:{feed.watchlist_id}"]
        )
    problems, count = _stage(feed, table, report)
    if count > feed.problems_most and not is_dry:
        line, sentence = problems[0]
        message = _("Nothing was changed: %(count)d lines are wrong. Line %(line)d: %(sentence)s")
        raise FeedRefusedError(message % {"count": count, "line": line, "sentence": sentence})
    counts = _compare(feed)
    run.problems = [list(problem) for problem in problems]
    run.problems_count = count
    run.sample = _sample(feed)
    for name, value in counts._asdict().items():
        setattr(run, name, value)
    shrinks = _shrinks(feed, counts)
    if is_dry or (shrinks and not is_agreed):
        run.stored_name = run.stored_name or _store(file)
        sentence = _shrinking(counts) if shrinks else ""
        return end_run(run, State.TRIED if is_dry else State.WAITING, sentence)
    _apply(feed, actor)
    end_run(run, State.APPLIED)
    note_success(feed)
    record_audit_event(
        action=AuditEvent.Action.CHANGED,
        actor=actor,
        actor_label="" if actor else f"feed {feed.name}"[:254],
        target=feed,
        detail=counts._asdict(),
    )
    return run


def _stage(feed: Feed, table: Path, report: Report) -> tuple[list[Problem], int]:
    """Bring the table into a temporary one by COPY; gives the first problems and their number."""
    problems: list[Problem] = []
    count = 0
    zone = feed.organization.zone
    with connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy("COPY feed_row FROM STDIN") as copy:
            for place, found in enumerate(read_rows(feed, table, zone)):
                if place % REPORT_EVERY == 0:
                    report(place)
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
    lasts = None
    if not feed.removes_missing and watchlist.entry_days is not None:
        lasts = timedelta(days=watchlist.entry_days)
    return {
        "feed": feed.pk,
        "list": feed.watchlist_id,
        "organization": feed.organization_id,
        "lasts": lasts,
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


def fail_run(run: FeedRun, error: LprError) -> FeedRun:
    """Say in a run what went wrong; nothing was changed."""
    log.warning("feed_refused", feed_id=str(run.feed_id), code=error.code)
    return end_run(run, State.FAILED, error.message)


def end_run(run: FeedRun, state: FeedRun.State, sentence: str = "") -> FeedRun:
    """Say in a run what became of it."""
    run.state, run.sentence = state, sentence[:SENTENCE_MOST]
    run.finished_at = timezone.now()
    run.save()
    return run


def note_success(feed: Feed) -> None:
    """A feed is fresh again, and may be told as stale again."""
    feed.succeeded_at, feed.stale_told_at = timezone.now(), None
    feed.save(update_fields=["succeeded_at", "stale_told_at"])


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
