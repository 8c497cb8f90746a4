"""Reads a feed's table line by line, in bounded memory, and says what is wrong with each line."""

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import openpyxl
import orjson
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from alerts.errors import EntryRefusedError, FeedRefusedError
from alerts.models import Entry, Feed
from alerts.services.entries import entry_number, entry_place
from lpr_project.common.errors import LprError
from lpr_project.common.workbooks import ROWS_MOST as SHEET_ROWS_MOST
from vehicles.services.imports.columns import BUDDHIST_AHEAD, BUDDHIST_FROM, read_date

LINE_MOST = 20_000
JSON_MOST_BYTES = 64 * 1024 * 1024
ROWS_MOST = 2_000_000
COLUMNS_MOST = 200
YEARS = range(1900, 2400)
_TEXTS = ("vehicle", "reason", "case_number", "source")
_LONGEST = {
    field.name: getattr(field, "max_length", 0)
    for field in Entry._meta.get_fields()  # noqa: SLF001  # Django's public name
    if field.name in _TEXTS
}
_FORMULA = re.compile(r"^[=@]|^[+-]\D")
# What people call their columns, where nobody mapped them.
_NAMES = {
    "number": ("number", "plate", "licence plate", "license plate", "registration", "ทะเบียน"),
    "country": ("country", "ประเทศ"),
    "province": ("province", "state", "region", "จังหวัด"),
    "vehicle": ("vehicle", "description", "รถ"),
    "reason": ("reason", "note", "เหตุผล"),
    "case_number": ("case_number", "case", "case number", "คดี"),
    "source": ("source",),
    "confidence": ("confidence",),
    "effective_from": ("effective_from", "from", "begins"),
    "expires_at": ("expires_at", "expires", "until", "ends"),
}
Cells = dict[str, Any]


class Row(NamedTuple):
    """A good line."""

    line: int
    number: str
    country: str
    province: str
    vehicle: str
    reason: str
    case_number: str
    source: str
    confidence: str
    effective_from: datetime | None
    expires_at: datetime | None


class Problem(NamedTuple):
    """What is wrong with a line."""

    line: int
    sentence: str


def read_rows(feed: Feed, path: Path, zone: ZoneInfo) -> Iterator[Row | Problem]:
    """Each line of a table, good or wrong; asks the database nothing, for a COPY is under way.

    Raises:
        FeedRefusedError: It is not the table that the feed says.
    """
    readers = {
        Feed.Format.XLSX: _workbook,
        Feed.Format.JSON: _json,
        Feed.Format.FIXED: _fixed,
    }
    reader = readers.get(Feed.Format(feed.format), _separated)
    for count, (line, cells) in enumerate(reader(feed, path), start=1):
        if count > ROWS_MOST:
            message = _("The table has more than %(most)d lines.")
            raise FeedRefusedError(message % {"most": ROWS_MOST})
        yield cells if isinstance(cells, Problem) else read_cells(line, cells, zone)


Found = Iterator[tuple[int, Cells | Problem]]


def _lines(feed: Feed, path: Path) -> Iterator[tuple[int, str]]:
    """Lines as text, each with its number."""
    number = 0
    try:
        with path.open(encoding=feed.encoding, newline="") as file:
            while text := file.readline(LINE_MOST):
                number += 1
                if len(text) >= LINE_MOST:
                    raise FeedRefusedError(
                        _("Line %(line)d is longer than any entry. This may be another format.")
                        % {"line": number}
                    )
                yield number, text
    except UnicodeError as error:
        raise FeedRefusedError(
            _(
                "After line %(line)d the file is not %(encoding)s. Choose another encoding; Thai "
                "files are often TIS-620."
            )
            % {"line": number, "encoding": feed.get_encoding_display()}
        ) from error


def _separated(feed: Feed, path: Path) -> Found:
    lines = _lines(feed, path)
    _first, head_line = next(lines, (0, ""))
    separator = "\t" if feed.format == Feed.Format.TSV else _separator(head_line)
    [head] = csv.reader([head_line], delimiter=separator)
    columns = _columns(feed, [name.strip() for name in head])
    for line, text in lines:
        if not text.strip():
            continue
        try:
            [values] = csv.reader([text], delimiter=separator, strict=True)
        except (csv.Error, ValueError):
            yield line, Problem(line, _("A quotation mark is opened and not closed."))
            continue
        if len(values) != len(head):
            yield line, Problem(line, _uneven(len(values), len(head), is_cut=text[-1:] != "\n"))
            continue
        yield line, {name: values[place] for name, place in columns.items()}


def _separator(head: str) -> str:
    return max(",;|\t", key=head.count)


def _uneven(found: int, wanted: int, *, is_cut: bool) -> str:
    if is_cut and found < wanted:
        return _("The file ends in the middle of this line.")
    return _("%(found)d columns, where the first line has %(wanted)d.") % {
        "found": found,
        "wanted": wanted,
    }


def _columns(feed: Feed, head: list[str]) -> dict[str, int]:
    """Where each field stands, by the feed's mapping or by what people call columns."""
    places = {name.casefold(): place for place, name in enumerate(head)}
    if feed.mapping:
        missing = [
            column
            for column in feed.mapping.values()
            if not isinstance(column, str) or column.strip().casefold() not in places
        ]
        if missing:
            raise FeedRefusedError(
                _("There is no column %(missing)s. The table has: %(head)s.")
                % {"missing": missing[0], "head": ", ".join(head)[:300]}
            )
        return {field: places[column.strip().casefold()] for field, column in feed.mapping.items()}
    found = {
        field: places[name]
        for field, names in _NAMES.items()
        for name in names[::-1]
        if name in places
    }
    if "number" not in found:
        raise FeedRefusedError(
            _("No column is called number or plate. Say which it is; the table has: %(head)s.")
            % {"head": ", ".join(head)[:300]}
        )
    return found


def _fixed(feed: Feed, path: Path) -> Found:
    last = max(column[1] for column in feed.mapping.values())
    for line, text in _lines(feed, path):
        plain = text.rstrip("\r\n")
        if not plain.strip():
            continue
        if len(plain) < feed.mapping["number"][1] or (plain == text and len(plain) < last):
            yield line, Problem(line, _("The line is shorter than its columns."))
            continue
        yield (
            line,
            {field: plain[first - 1 : end].strip() for field, (first, end) in feed.mapping.items()},
        )


def _json(feed: Feed, path: Path) -> Found:
    if path.stat().st_size > JSON_MOST_BYTES and _is_one_document(path):
        raise FeedRefusedError(
            _("One JSON document of this size cannot be read. Write one object a line.")
        )
    if _is_one_document(path):
        try:
            found = orjson.loads(path.read_bytes())
        except ValueError as error:
            raise FeedRefusedError(
                _("This is no JSON, or it is cut off: %(why)s.") % {"why": error}
            ) from error
        for line, value in enumerate(found, start=1):
            yield line, _object(feed, line, value)
        return
    for line, text in _lines(feed, path):
        if not text.strip():
            continue
        try:
            yield line, _object(feed, line, orjson.loads(text))
        except ValueError:
            yield line, Problem(line, _("This line is no JSON, or it is cut off."))


def _is_one_document(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(64).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"[")


def _object(feed: Feed, line: int, value: Any) -> Cells | Problem:
    if not isinstance(value, dict):
        return Problem(line, _("This is no object with fields."))
    mapping = feed.mapping or {field: field for field in _NAMES}
    return {field: value.get(column) for field, column in mapping.items() if column in value}


def _workbook(feed: Feed, path: Path) -> Found:
    with path.open("rb") as file:
        # As an open file, whose name does not matter.
        try:
            book = openpyxl.load_workbook(file, read_only=True, keep_links=False)
            yield from _sheet(feed, book)
        except LprError:
            raise
        except Exception as error:  # a damaged workbook breaks openpyxl in any way, at any row
            raise FeedRefusedError(
                _("The workbook cannot be read. Open it in Excel, save it as .xlsx, send it again.")
            ) from error


def _sheet(feed: Feed, book: openpyxl.Workbook) -> Found:
    try:
        rows = book.worksheets[0].iter_rows(
            max_row=SHEET_ROWS_MOST, max_col=COLUMNS_MOST, values_only=True
        )
        head = [str(value or "").strip() for value in next(rows, ())]
        columns = _columns(feed, head)
        for line, values in enumerate(rows, start=2):
            if any(value is not None for value in values):
                yield (
                    line,
                    {
                        field: values[place] if place < len(values) else None
                        for field, place in columns.items()
                    },
                )
    finally:
        book.close()


def read_cells(line: int, cells: Mapping[str, Any], zone: ZoneInfo) -> Row | Problem:
    """One line whose cells are named by field; times without a zone are of `zone`."""
    try:
        texts = {name: _text(name, cells.get(name)) for name in _TEXTS}
        number = entry_number(_plain(cells.get("number")))
        country, province = entry_place(_plain(cells.get("country")), _plain(cells.get("province")))
        begins, ends = (_moment(cells.get(name), zone) for name in ("effective_from", "expires_at"))
        if begins and ends and ends <= begins:
            return Problem(line, _("It must end after it begins."))
        return Row(
            line=line,
            number=number,
            country=country,
            province=province,
            confidence=_confidence(cells.get("confidence")),
            effective_from=begins,
            expires_at=ends,
            **texts,
        )
    except (EntryRefusedError, ValueError) as error:
        return Problem(line, str(error))


def _plain(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is None else str(value).strip()
    if _FORMULA.match(text):
        raise ValueError(_("“%(text)s” is a formula. Write its value.") % {"text": text[:20]})
    return text


def _text(name: str, value: Any) -> str:
    text = _plain(value)
    if not text.isprintable():
        raise ValueError(_("There are characters that cannot be printed."))
    if len(text) > _LONGEST[name]:
        message = _("%(field)s has more than %(most)d characters.")
        raise ValueError(message % {"field": name, "most": _LONGEST[name]})
    return text


def _confidence(value: Any) -> str:
    text = _plain(value).casefold()
    if not text:
        return str(Entry.Confidence.MEDIUM)
    if text not in Entry.Confidence.values:
        raise ValueError(_("Confidence is low, medium or high."))
    return text


def _moment(value: Any, zone: ZoneInfo) -> datetime | None:
    if isinstance(value, datetime):
        found: datetime | None = value
    elif isinstance(value, date):
        found = _midnight(value)
    else:
        text = _plain(value)
        if not text:
            return None
        found = _parsed(text)
    if found is not None and found.year > BUDDHIST_FROM:
        found = found.replace(year=found.year - BUDDHIST_AHEAD)
    if found is None or found.year not in YEARS:
        raise ValueError(_("Write dates as 2026-12-31, or 2026-12-31 18:00."))
    return (timezone.make_aware(found, zone) if timezone.is_naive(found) else found).astimezone(UTC)


def _parsed(text: str) -> datetime | None:
    try:
        return parse_datetime(text) if ":" in text else _midnight(read_date(text))
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001  # the zone follows
