"""Monthly partitions of the detections table: made ahead and on demand, dropped when empty."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import LiteralString

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from lpr_project.common.models import uuid7_floor

PARENT = "detections_detection"
MONTHS_AHEAD = 3
# Any number; held while a partition is made, so that two makers do not collide.
LOCK = 4_707_001


def month_of(moment: datetime) -> datetime:
    """The first instant of a moment's month, UTC."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(month: datetime) -> datetime:
    """The first instant of the month after."""
    return (month + timedelta(days=32)).replace(day=1)


def partition_name(month: datetime) -> str:
    """The table that holds a month.

    >>> partition_name(datetime(2026, 3, 1, tzinfo=UTC))
    'detections_detection_2026_03'
    """
    return f"{PARENT}_{month:%Y_%m}"


def existing_partitions() -> set[str]:
    """Names of the tables attached to the parent."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass",
            [PARENT],
        )
        return {name for (name,) in cursor.fetchall()}


def ensure_partitions(*, months: Iterable[datetime]) -> list[str]:
    """Make the partitions of some months where they are missing; returns the names of the new ones.

    A table is made beside its parent and then attached, which does not stop readers or writers of
    the others; `CREATE TABLE ... PARTITION OF` would.
    """
    wanted = {partition_name(month): month for month in months}
    missing = sorted(wanted.keys() - existing_partitions())
    if not missing:
        return []
    made = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        for name in sorted(set(missing) - existing_partitions()):
            month = wanted[name]
            table, parent = sql.Identifier(name), sql.Identifier(PARENT)
            bounds = [sql.Literal(str(uuid7_floor(edge))) for edge in (month, next_month(month))]
            cursor.execute(
                sql.SQL(
                    "CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
                ).format(table, parent)
            )
            cursor.execute(
                sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                    parent, table, *bounds
                )
            )
            made.append(name)
    return made


def months_ahead(now: datetime) -> list[datetime]:
    """The current month and the next three."""
    months = [month_of(now)]
    for _ in range(MONTHS_AHEAD):
        months.append(next_month(months[-1]))
    return months


def drop_empty_partitions(*, before: datetime) -> list[str]:
    """Drop the partitions of months that ended before a moment and hold no rows; gives their names.

    A partition is detached without stopping readers or writers, looked at once more, and dropped,
    or attached again should a row have come in meanwhile. Must not run in a transaction.
    """
    dropped = []
    with connection.cursor() as cursor:
        # Nobody makes a partition of the same name meanwhile.
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            _finish_detaching(cursor)
            for name in sorted(existing_partitions()):
                month = month_named(name)
                if month is None or next_month(month) > before or not _is_empty(cursor, name):
                    continue
                if _detach_and_drop(cursor, name, month):
                    dropped.append(name)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    return dropped


def month_named(name: str) -> datetime | None:
    """The month whose rows a partition holds; None for a table that was named by somebody else.

    >>> month_named("detections_detection_2026_03").month
    3
    >>> month_named("detections_detection_other") is None
    True
    """
    try:
        return datetime.strptime(name.removeprefix(f"{PARENT}_"), "%Y_%m").replace(tzinfo=UTC)
    except ValueError:
        return None


def _finish_detaching(cursor: CursorWrapper) -> None:
    """End what a run that died began."""
    cursor.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits"
        " WHERE inhparent = %s::regclass AND inhdetachpending",
        [PARENT],
    )
    for (name,) in cursor.fetchall():
        cursor.execute(_alter("DETACH PARTITION {} FINALIZE", name))
        month = month_named(name)
        if month is not None:
            _drop_or_attach(cursor, name, month)


def _detach_and_drop(cursor: CursorWrapper, name: str, month: datetime) -> bool:
    cursor.execute(_alter("DETACH PARTITION {} CONCURRENTLY", name))
    return _drop_or_attach(cursor, name, month)


def _drop_or_attach(cursor: CursorWrapper, name: str, month: datetime) -> bool:
    if _is_empty(cursor, name):
        cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
        return True
    bounds = [sql.Literal(str(uuid7_floor(edge))) for edge in (month, next_month(month))]
    cursor.execute(
        sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
            sql.Identifier(PARENT), sql.Identifier(name), *bounds
        )
    )
    return False


def _is_empty(cursor: CursorWrapper, name: str) -> bool:
    cursor.execute(sql.SQL("SELECT NOT EXISTS (SELECT FROM {})").format(sql.Identifier(name)))
    [(is_empty,)] = cursor.fetchall()
    return bool(is_empty)


def _alter(what: LiteralString, name: str) -> sql.Composed:
    return sql.SQL("ALTER TABLE {} ").format(sql.Identifier(PARENT)) + sql.SQL(what).format(
        sql.Identifier(name)
    )
