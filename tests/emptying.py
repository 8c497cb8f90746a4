"""Empties the database after a test with transactions of its own.

Django truncates every table and fills those of content types and permissions anew. With a hundred
tables that takes longer than most tests; here only tables that hold rows are emptied.
"""

from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.test import TransactionTestCase
from psycopg.errors import DeadlockDetected
from psycopg.sql import SQL, Composable, Identifier, Literal

KEPT = "as_migrated"
"""Schema of copies of the tables that migrations fill."""


def empty_quickly() -> None:
    """Let tests with transactions of their own clean up by emptying what holds rows.

    Where the database does not let its role pass over triggers, Django's way stays.
    """
    is_left = _is_left_by_a_run_that_was_killed()
    if not _may_pass_over_triggers():
        if is_left:
            call_command("flush", verbosity=0, interactive=False)
        return
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    if is_left and (kept := _kept()):
        _empty([table for table in tables if table not in kept], [])
    filled = _filled(tables)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {KEPT} CASCADE; CREATE SCHEMA {KEPT}")
        for table in filled:
            now, then = Identifier("public", table), Identifier(KEPT, table)
            cursor.execute(SQL("CREATE TABLE {} AS TABLE {}").format(then, now))

    def empty(_test: TransactionTestCase) -> None:
        _empty_in_spite_of_others([table for table in tables if table not in filled], filled)

    TransactionTestCase._fixture_teardown = empty  # type: ignore[attr-defined]


def _may_pass_over_triggers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int >= 150000")
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(
            "SELECT has_parameter_privilege(current_user, 'session_replication_role', 'SET')"
        )
        return bool(cursor.fetchone()[0])


def _is_left_by_a_run_that_was_killed() -> bool:
    """Whether a database that is used again holds rows: no migration makes an organization."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM accounts_organization)")
        return bool(cursor.fetchone()[0])


def _kept() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [KEPT])
        return {table for (table,) in cursor.fetchall()}


def _filled(tables: list[str]) -> list[str]:
    looks = [
        SQL("(SELECT {} FROM {} LIMIT 1)").format(Literal(table), Identifier(table))
        for table in tables
    ]
    with connection.cursor() as cursor:
        cursor.execute(SQL(" UNION ALL ").join(looks))
        return [table for (table,) in cursor.fetchall()]


def _empty_in_spite_of_others(tables: list[str], kept: list[str]) -> None:
    """Empty, also while what a browser or a thread set going ends, which locks rows of its own."""
    for _ in range(5):
        try:
            return _empty(tables, kept)
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
    return _empty(tables, kept)


def _empty(tables: list[str], kept: list[str]) -> None:
    statements: list[Composable] = [SQL("SET LOCAL session_replication_role = replica")]
    statements += [SQL("DELETE FROM {}").format(Identifier(table)) for table in _filled(tables)]
    for table in kept:
        names = {"now": Identifier("public", table), "then": Identifier(KEPT, table)}
        statements += [
            SQL(
                "DELETE FROM {now} AS row USING (TABLE {now} EXCEPT TABLE {then}) AS new "
                "WHERE row = new"
            ).format(**names),
            SQL("INSERT INTO {now} (TABLE {then} EXCEPT TABLE {now})").format(**names),
        ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SQL("; ").join(statements))
