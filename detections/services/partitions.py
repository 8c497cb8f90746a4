"""Monthly partitions of the detections table: made ahead, and on demand for older pictures."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
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
