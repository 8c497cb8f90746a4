"""Excel files that would fill the memory are refused before anything of them is unpacked."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import openpyxl
import pytest
from openpyxl.xml.constants import SHARED_STRINGS

from lpr_project.common.workbooks import WorkbookRefusedError, check_workbook

MANIFEST = "[Content_Types].xml"


def workbook(parts: Mapping[str, bytes] | None = None) -> io.BytesIO:
    """A workbook with a text, in which `parts` stand beside or instead of its own."""
    parts = parts or {}
    made = io.BytesIO()
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(["plate"])
    book.save(made)
    changed = io.BytesIO()
    with zipfile.ZipFile(made) as before, zipfile.ZipFile(changed, "w") as after:
        for name in before.namelist():
            if name not in parts:
                after.writestr(name, before.read(name))
        for name, content in parts.items():
            after.writestr(name, content)
    changed.seek(0)
    return changed


def test_sound_workbook_passes_and_is_left_at_its_start() -> None:
    file = workbook()
    check_workbook(file)
    assert openpyxl.load_workbook(file).worksheets[0]["A1"].value == "plate"


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml"])
def test_texts_and_formats_that_fill_the_memory_are_refused(part: str) -> None:
    # Not packed, so that it is no bomb: only its size tells.
    with pytest.raises(WorkbookRefusedError, match="more than 30 MiB"):
        check_workbook(workbook({part: bytes(31 * 1024 * 1024)}))


def test_large_sheet_passes_for_it_is_read_row_by_row() -> None:
    check_workbook(workbook({"xl/worksheets/sheet1.xml": bytes(31 * 1024 * 1024)}))


def test_texts_among_the_sheets_are_refused() -> None:
    manifest = zipfile.ZipFile(workbook()).read(MANIFEST)
    texts = b'<Override PartName="/xl/worksheets/texts.xml" ContentType="%s"/></Types>' % (
        SHARED_STRINGS.encode()
    )
    moved = manifest.replace(b"</Types>", texts)
    with pytest.raises(WorkbookRefusedError, match="not as Excel writes it"):
        check_workbook(workbook({MANIFEST: moved}))


@pytest.mark.parametrize("manifest", [b"", b"<a", b"<a/>" + b" " * 300_000])
def test_workbook_without_a_sound_manifest_is_refused(manifest: bytes) -> None:
    with pytest.raises(WorkbookRefusedError, match=r"damaged|unpacks"):
        check_workbook(workbook({MANIFEST: manifest}))
