"""Rows as an Excel workbook, written row by row: memory does not grow with their number."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import IO, Any

import orjson
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from reports.documents.cells import is_risky
from reports.documents.tables import Batches, Row

# Source: Microsoft, "Excel specifications and limits".
ROWS_MOST = 1_048_575
_TEXT_MOST = 32_767
# What XML 1.0 cannot hold, lone surrogates included.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MOMENT = "yyyy-mm-dd hh:mm:ss.000"
OFFSET = "utc_offset"


class _Writer:
    """Turns rows into cells of one sheet."""

    def __init__(self, sheet: Any, moments: Sequence[str]) -> None:
        self._sheet = sheet
        self._moments = frozenset(moments)
        # A style is looked up once and not for each cell, which took as long as all the rest.
        moment, text = WriteOnlyCell(sheet), WriteOnlyCell(sheet)
        moment.number_format = _MOMENT
        text.quotePrefix = True
        self._moment_style, self._text_style = moment._style, text._style  # noqa: SLF001  # no public name

    def cells(self, row: Row, columns: Sequence[str]) -> Iterator[Any]:
        for name in columns:
            value = row[name]
            if name not in self._moments:
                yield self._cell(value)
                continue
            yield self._moment(value)
            yield value.isoformat()[-6:] if value else None

    def _cell(self, value: Any) -> Any:
        if isinstance(value, dict | list):
            value = orjson.dumps(value).decode()
        return self._text(value) if isinstance(value, str) else value

    def _text(self, value: str) -> Any:
        text = _NOT_IN_XML.sub("\ufffd", value[:_TEXT_MOST])
        if not is_risky(text) and text[:1] not in {"=", "#"}:
            return text
        cell = WriteOnlyCell(self._sheet, text)
        # Text, and text it stays when somebody edits the cell: openpyxl would write a formula.
        cell.data_type = "s"
        cell._style = self._text_style  # noqa: SLF001  # no public name
        return cell

    def _moment(self, value: datetime | None) -> Any:
        # Excel knows no zones: the clock's time where it happened, with its offset beside it.
        cell = WriteOnlyCell(self._sheet, value.replace(tzinfo=None) if value else None)
        cell._style = self._moment_style  # noqa: SLF001  # no public name
        return cell


def write_workbook(
    target: IO[bytes],
    batches: Batches,
    columns: Sequence[str],
    *,
    labels: Mapping[str, str],
    moments: Sequence[str],
    title: str,
) -> None:
    """Write one sheet with a header that stays in view.

    Args:
        moments: The columns that hold moments; each is followed by a column with its offset.
        labels: The header of each column, and of `OFFSET`.
        title: The sheet's name, 31 characters at most.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    header = [label for name in columns for label in _header(name, labels, moments)]
    for index, label in enumerate(header, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = max(12, len(label) + 4)
    bold = []
    for label in header:
        cell = WriteOnlyCell(sheet, label)
        cell.font = Font(bold=True)
        bold.append(cell)
    sheet.append(bold)
    writer = _Writer(sheet, moments)
    for batch in batches:
        for row in batch:
            sheet.append(writer.cells(row, columns))
    book.save(target)


def _header(name: str, labels: Mapping[str, str], moments: Sequence[str]) -> list[str]:
    return [labels[name], labels[OFFSET]] if name in moments else [labels[name]]
