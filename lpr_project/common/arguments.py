"""Types of what management commands are given."""

from argparse import ArgumentTypeError
from datetime import UTC, datetime


def utc_day(text: str) -> datetime:
    """The beginning of a day in UTC, written as 2026-03-01.

    Raises:
        ArgumentTypeError: it is no such day.

    >>> utc_day("2026-03-01").isoformat()
    '2026-03-01T00:00:00+00:00'
    """
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        message = f"{text!r} is no day. Write it as 2026-03-01."
        raise ArgumentTypeError(message) from error
