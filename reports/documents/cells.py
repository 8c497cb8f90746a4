"""Cells of tables that spreadsheets open: what would be run is text, and numbers stay numbers."""

import re
from typing import Any

# What makes a spreadsheet take text for a formula, full-width forms included, which some fold.
# Source: OWASP, "CSV Injection"; ASVS 5.0, 1.2.10.
_RUNS = frozenset("=+-@|%\t\r\n＝＋－＠﹢﹣﹦﹫")  # noqa: RUF001  # the very letters meant
# What may stand before it and is not seen, or trimmed away.
_UNSEEN = " \u00a0\u200b\u200c\u200d\u2060\ufeff\u3000"
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?\Z")


def is_risky(text: str) -> bool:
    """Whether a spreadsheet might run this text.

    >>> [is_risky(text) for text in ("=1+1", " @SUM(A1)", "-2+3", "-5", "A=1", "")]
    [True, True, True, False, False, False]
    """
    if text[:1].isalnum():
        return False
    beginning = text.lstrip(_UNSEEN)[:1]
    return beginning in _RUNS and bool(beginning) and not _NUMBER.match(text)


def harmless(value: Any) -> Any:
    """A value as a cell of CSV: risky text gets an apostrophe before it, which shows it as text.

    >>> harmless("=HYPERLINK(1)"), harmless("1กข1234"), harmless(-12.5)
    ("'=HYPERLINK(1)", '1กข1234', -12.5)
    """
    return f"'{value}" if isinstance(value, str) and is_risky(value) else value
