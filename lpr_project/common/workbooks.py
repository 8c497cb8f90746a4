"""Looks at an Excel file before anything of it is unpacked into memory."""

import zipfile
from collections.abc import Sequence
from typing import IO
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from openpyxl.packaging.manifest import Manifest
from openpyxl.xml.constants import WORKSHEET_TYPE
from openpyxl.xml.functions import fromstring

from lpr_project.common.errors import LprError

ROWS_MOST = 1_048_576
"""Rows that Excel itself has. A file may name a row a billion, and be read for as long."""
UNPACKED_MOST_BYTES = 200 * 1024 * 1024
"""Of all parts: a sheet of figures packs at about ten to one, and is read row by row."""
WHOLE_MOST_BYTES = 30 * 1024 * 1024
"""Of what is held in memory as a whole, most of it the texts: a million plates are half of it."""

_RATIO_MOST = 200
_RATIO_FROM_BYTES = 1024 * 1024
_MANIFEST = "[Content_Types].xml"
_MANIFEST_MOST_BYTES = 256 * 1024
_SHEETS = "xl/worksheets/"


class WorkbookRefusedError(LprError):
    """An Excel file is damaged, holds macros, or is made to do harm."""

    code = "workbook_refused"


def check_workbook(file: IO[bytes]) -> None:
    """Refuse what would fill the memory, and what is no workbook; leaves the file at its start.

    Sizes are those of the archive's table. They cannot lie: no more than it says is unpacked.

    Raises:
        WorkbookRefusedError: With a sentence for the person who sent it.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            _check_parts(infos)
            _check_texts(archive)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise WorkbookRefusedError(_("The workbook is damaged. Save it again as .xlsx.")) from error
    file.seek(0)


def _check_parts(infos: Sequence[zipfile.ZipInfo]) -> None:
    names = {info.filename.lower() for info in infos}
    if any(name.endswith("vbaproject.bin") for name in names):
        raise WorkbookRefusedError(_("The workbook holds macros. Save it as .xlsx, without them."))
    if "xl/workbook.xml" not in names:
        raise WorkbookRefusedError(_("This is an archive and no workbook. Send CSV or XLSX."))
    unpacked = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos) or 1
    is_bomb = unpacked > _RATIO_FROM_BYTES and unpacked / packed > _RATIO_MOST
    if unpacked > UNPACKED_MOST_BYTES or is_bomb:
        raise WorkbookRefusedError(
            _("The workbook unpacks to far more than it should. Copy the cells into a new one.")
        )
    whole = sum(info.file_size for info in infos if not _is_sheet(info))
    if whole > WHOLE_MOST_BYTES:
        raise WorkbookRefusedError(
            _(
                "The workbook holds more than %(most)d MiB of texts and formats. Save the sheet as "
                "CSV, or split it."
            )
            % {"most": WHOLE_MOST_BYTES // 1024 // 1024}
        )


def _is_sheet(info: zipfile.ZipInfo) -> bool:
    return info.filename.startswith(_SHEETS) and info.filename.endswith(".xml")


def _check_texts(archive: zipfile.ZipFile) -> None:
    """What is held as a whole may not lie among the sheets, which may be larger."""
    if archive.NameToInfo.get(_MANIFEST) is None:
        raise WorkbookRefusedError(_("The workbook is damaged. Save it again as .xlsx."))
    if archive.getinfo(_MANIFEST).file_size > _MANIFEST_MOST_BYTES:
        raise WorkbookRefusedError(
            _("The workbook unpacks to far more than it should. Copy the cells into a new one.")
        )
    try:
        manifest = Manifest.from_tree(fromstring(archive.read(_MANIFEST)))
    except (ParseError, TypeError, ValueError, KeyError, AttributeError) as error:
        raise WorkbookRefusedError(_("The workbook is damaged. Save it again as .xlsx.")) from error
    if any(
        part.PartName.lstrip("/").startswith(_SHEETS) and part.ContentType != WORKSHEET_TYPE
        for part in manifest.Override
    ):
        raise WorkbookRefusedError(
            _("The workbook is not as Excel writes it. Copy the cells into a new one.")
        )
