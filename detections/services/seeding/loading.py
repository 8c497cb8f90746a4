"""COPY of a month's detections into a table of its own, which then joins the others.

Indexes are built and keys are checked once for the whole table when it is attached, at a fraction
of what they cost row by row.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import datetime
from types import TracebackType
from typing import Self

from django.db import connection
from psycopg import Copy, sql

from detections.services.partitions import (
    PARENT,
    existing_partitions,
    next_month,
    partition_name,
)
from lpr_project.common.models import uuid7_floor


class MonthLoader:
    """One month's table while it is filled; `join` makes it a part of the detections.

    Must be used within one transaction.
    """

    def __init__(self, month: datetime, columns: Sequence[str]) -> None:
        self._month = month
        self._name = partition_name(month)
        self._loose = sql.Identifier(f"{self._name}_seeded")
        self._columns = sql.SQL(", ").join(map(sql.Identifier, columns))
        self._stack = ExitStack()
        self._copy: Copy

    def __enter__(self) -> Self:
        cursor = self._stack.enter_context(connection.cursor())
        cursor.execute(
            sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)").format(
                self._loose, sql.Identifier(PARENT)
            )
        )
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(self._loose, self._columns)
        self._copy = self._stack.enter_context(cursor.copy(statement))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def write(self, lines: Iterable[str]) -> None:
        """Add rows, each a line of COPY's text format with its newline."""
        self._copy.write("".join(lines))

    def join(self) -> None:
        """Let the rows be seen with the others; a month that holds rows takes them one by one."""
        with connection.cursor() as cursor:
            if self._name in existing_partitions():
                part = sql.Identifier(self._name)
                cursor.execute(sql.SQL("LOCK TABLE {}").format(part))
                cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(part))
                if cursor.fetchone() == (True,):
                    cursor.execute(
                        sql.SQL("INSERT INTO {} ({columns}) SELECT {columns} FROM {}").format(
                            sql.Identifier(PARENT), self._loose, columns=self._columns
                        )
                    )
                    cursor.execute(sql.SQL("DROP TABLE {}").format(self._loose))
                    return
                cursor.execute(sql.SQL("DROP TABLE {}").format(part))
            cursor.execute(
                sql.SQL("ALTER TABLE {} RENAME TO {}").format(
                    self._loose, sql.Identifier(self._name)
                )
            )
            bounds = [
                sql.Literal(str(uuid7_floor(edge)))
                for edge in (self._month, next_month(self._month))
            ]
            cursor.execute(
                sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                    sql.Identifier(PARENT), sql.Identifier(self._name), *bounds
                )
            )
