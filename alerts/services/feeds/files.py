"""What a feed's file is: unpacked where it is a zip, and refused where it is no table."""

import shutil
import zipfile
from pathlib import Path

import pyzipper
from django.utils.translation import gettext as _

from alerts.errors import FeedRefusedError
from alerts.models import Feed
from lpr_project.common.workbooks import WorkbookRefusedError, check_workbook

FILE_MOST_BYTES = 512 * 1024 * 1024
"""Of a file, packed or not: a million lines are a fifth of it."""
RATIO_MOST = 200
"""How much a zip may grow by: tables shrink to a tenth, bombs to a thousandth."""

_ZIP = b"PK\x03\x04"
_WEB_PAGE = (b"<!doctype", b"<html", b"<head", b"<body")
_PIECE_BYTES = 1024 * 1024


def table_of(feed: Feed, path: Path) -> Path:
    """The table in a fetched file, unpacked beside it where it is a zip.

    Raises:
        FeedRefusedError: It is too large, a web page, a bomb, or has another password.
    """
    check_size(path.stat().st_size)
    beginning = _beginning(path)
    if beginning.startswith(_ZIP) and feed.format != Feed.Format.XLSX:
        path = _unpacked(feed, path)
        beginning = _beginning(path)
    elif feed.format == Feed.Format.XLSX:
        _check_workbook(path, beginning)
        return path
    if not beginning.strip():
        raise FeedRefusedError(_("The file is empty."))
    if beginning.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(_WEB_PAGE):
        raise FeedRefusedError(
            _("This is a web page, not a table. Perhaps the address asks for a log-in first.")
        )
    if feed.encoding != Feed.Encoding.UTF_16 and b"\x00" in beginning:
        raise FeedRefusedError(
            _("This is no text in %(encoding)s. It may be UTF-16, or an Excel file.")
            % {"encoding": feed.get_encoding_display()}
        )
    return path


def check_size(size_bytes: int) -> None:
    """Refuse a file that no list needs.

    Raises:
        FeedRefusedError: It is too large.
    """
    if size_bytes > FILE_MOST_BYTES:
        message = _("The file has more than %(most)d MiB. Send the entries that count only.")
        raise FeedRefusedError(message % {"most": FILE_MOST_BYTES // 1024 // 1024})


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(2048)


def _unpacked(feed: Feed, path: Path) -> Path:
    try:
        with pyzipper.AESZipFile(path) as archive:
            [member] = _members(archive.infolist())
            _check_growth(member.file_size, member.compress_size)
            if member.flag_bits & 1 and not feed.zip_password:
                raise FeedRefusedError(_("The zip file asks for a password. Enter it."))
            target = path.with_suffix(".table")
            password = (feed.zip_password or "").encode() or None
            with archive.open(member, pwd=password) as source, target.open("wb") as unpacked:
                # What the directory says of the size may be a lie.
                left = FILE_MOST_BYTES
                while piece := source.read(_PIECE_BYTES):
                    left -= len(piece)
                    check_size(FILE_MOST_BYTES - left)
                    unpacked.write(piece)
            return target
    except (
        zipfile.BadZipFile,
        pyzipper.zipfile.BadZipFile,
        EOFError,
        NotImplementedError,
    ) as error:
        raise FeedRefusedError(_("The zip file is damaged or cut off.")) from error
    except RuntimeError as error:
        raise FeedRefusedError(_("The password of the zip file is wrong.")) from error


def _members(infos: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    files = [info for info in infos if not info.is_dir()]
    if len(files) != 1:
        raise FeedRefusedError(
            _("The zip file holds %(count)d files. Put exactly one into it.")
            % {"count": len(files)}
        )
    return files


def _check_growth(unpacked_bytes: int, packed_bytes: int) -> None:
    check_size(unpacked_bytes)
    if unpacked_bytes > RATIO_MOST * max(packed_bytes, 1024):
        raise FeedRefusedError(
            _("The file unpacks to %(times)d times its size, as no table does. It is not opened.")
            % {"times": unpacked_bytes // max(packed_bytes, 1)}
        )


def _check_workbook(path: Path, beginning: bytes) -> None:
    if not beginning.startswith(_ZIP):
        raise FeedRefusedError(_("This is no Excel file (XLSX). Save it in that format."))
    try:
        with path.open("rb") as file:
            check_workbook(file)
    except WorkbookRefusedError as error:
        raise FeedRefusedError(error.message) from error


def copy_bounded(source: Path, target: Path) -> None:
    """Copy a file that may still be written to; what is too large is not copied whole."""
    check_size(source.stat().st_size)
    shutil.copyfile(source, target)
