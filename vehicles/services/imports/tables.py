"""Reads CSV and XLSX files of any origin as lines of text, and refuses what is none of them."""

import codecs
import csv
import io
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import IO, Any

import openpyxl
from openpyxl.utils import get_column_letter

from lpr_project.common.workbooks import ROWS_MOST, WorkbookRefusedError, check_workbook
from vehicles.errors import ImportRefusedError

MOST_BYTES = 20 * 1024 * 1024
MOST_LINES = 20_000
MOST_COLUMNS = 100
MOST_CELL = 5_000
_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_THAI_IN_UTF8 = (b"\xe0\xb8", b"\xe0\xb9")
_DELIMITERS = ",;\t|"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a table: its number in the file, its cells, and what is wrong with it as a line."""

    number: int
    cells: Sequence[str]
    errors: Sequence[str] = field(default_factory=tuple)


def read_table(file: IO[bytes], size_bytes: int) -> Iterator[Line]:
    """The lines of a table, the headers first; empty lines are left out.

    Raises:
        ImportRefusedError: The file is no such table, is too large, or is made to do harm.
    """
    if size_bytes > MOST_BYTES:
        raise ImportRefusedError(
            f"The file has {size_bytes / 1024**2:.0f} MB, and at most {MOST_BYTES // 1024**2} MB "
            "are taken. Split it into several files."
        )
    head = file.read(4)
    file.seek(0)
    if head.startswith(_OLD_EXCEL):
        raise ImportRefusedError("This is an old Excel file. Save it as .xlsx or as CSV.")
    lines = _read_xlsx(file) if head.startswith(_ZIP) else _read_csv(file.read())
    for count, line in enumerate(lines):
        if count > MOST_LINES:
            raise ImportRefusedError(
                f"The file has more than {MOST_LINES:,} lines. Split it into several files."
            )
        yield line


def decode(content: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 or TIS-620 (Windows 874).

    Raises:
        ImportRefusedError: It is in none of these, or its lines are not all in the same.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return _decode_as(content, encoding)
    if b"\0" in content[:200]:
        return _decode_as(content, "utf-16-le" if content[1:2] == b"\0" else "utf-16-be")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        place = content.count(b"\n", 0, error.start) + 1
        if any(mark in content for mark in _THAI_IN_UTF8):
            raise ImportRefusedError(
                f"Some lines are UTF-8, and line {place} is not. Save the whole file as UTF-8."
            ) from None
    try:
        return content.decode("cp874")
    except UnicodeDecodeError:
        raise ImportRefusedError(
            f"Line {place} is neither UTF-8 nor TIS-620. Save the file as UTF-8."
        ) from None


def _decode_as(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise ImportRefusedError(
            "The file is damaged. Save it as UTF-8 and send it again."
        ) from None


def _read_csv(content: bytes) -> Iterator[Line]:
    text = decode(content)
    if "\0" in text:
        raise ImportRefusedError("This is neither CSV nor XLSX.")
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    width = 0
    before = 0
    while True:
        number = before + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ImportRefusedError(
                f"Line {number} is no CSV ({error}). Look for a quotation mark that is not closed."
            ) from None
        before = reader.line_num
        if any(cell.strip() for cell in cells):
            width = width or len(cells)
            yield _line(number, cells, width)


def _line(number: int, cells: Sequence[str], width: int) -> Line:
    if width > MOST_COLUMNS:
        raise ImportRefusedError(f"The file has more than {MOST_COLUMNS} columns.")
    errors = []
    if len(cells) > width and any(cell.strip() for cell in cells[width:]):
        errors.append(f"The line has {len(cells)} cells, and the first line has {width}.")
    if any(len(cell) > MOST_CELL for cell in cells):
        errors.append(f"A cell has more than {MOST_CELL:,} characters.")
        cells = [cell[:MOST_CELL] for cell in cells]
    padded = [*(cell.strip() for cell in cells[:width]), *[""] * (width - len(cells))]
    return Line(number=number, cells=padded, errors=tuple(errors))


def _read_xlsx(file: IO[bytes]) -> Iterator[Line]:
    try:
        check_workbook(file)
    except WorkbookRefusedError as error:
        raise ImportRefusedError(error.message) from error
    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and extensions that it leaves out.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(file, read_only=True, keep_links=False)
            sheet = book.worksheets[0]
            rows = sheet.iter_rows(max_row=ROWS_MOST, max_col=MOST_COLUMNS + 1)
            yield from _read_sheet(rows)
            book.close()
    except ImportRefusedError:
        raise
    except Exception as error:  # a damaged workbook breaks openpyxl in any way
        raise ImportRefusedError(
            "The workbook cannot be read. Open it in Excel, save it as .xlsx and send it again."
        ) from error


def _read_sheet(rows: Iterator[Sequence[Any]]) -> Iterator[Line]:
    width = 0
    for number, row in enumerate(rows, start=1):
        values = [_cell_text(cell.value) for cell in row]
        if not any(values):
            continue
        formulas = [
            f"Cell {get_column_letter(at)}{number} holds a formula. Paste its value instead."
            for at, cell in enumerate(row, start=1)
            if getattr(cell, "data_type", "") == "f"
        ]
        if not width:
            width = max(at for at, text in enumerate(values, start=1) if text)
        line = _line(number, values, width)
        yield Line(number=number, cells=line.cells, errors=(*line.errors, *formulas))


def _cell_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    return str(value).strip()


def read_headers(file: IO[bytes], size_bytes: int) -> list[str]:
    """The first line of a table.

    Raises:
        ImportRefusedError: It cannot be read, or holds nothing but headers.
    """
    first = list(islice(read_table(file, size_bytes), 2))
    if len(first) < 2:  # noqa: PLR2004  # headers and one line
        raise ImportRefusedError("The file holds no lines below its headers.")
    return [cell[:80] for cell in first[0].cells]
