"""What pages of exports ask of their requests, and how they answer with a file."""

from collections.abc import Iterator
from typing import cast

from django.core.files import File
from django.core.files.storage import storages
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header

from accounts.models import User
from lpr_project.common.streaming import streamed
from reports.errors import ExportGoneError
from reports.models import Export

CHUNK = 2**18
TYPES = {
    Export.Format.CSV: "text/csv; charset=utf-8",
    Export.Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Export.Format.JSON_LINES: "application/x-ndjson",
    Export.Format.GEO_JSON: "application/geo+json",
    Export.Format.ZIP: "application/zip",
}


def user_of(request: HttpRequest) -> User:
    """The person behind a request that passed `login_required`."""
    return cast("User", request.user)


def file_response(
    request: HttpRequest, export: Export, pieces: Iterator[bytes], size_bytes: int | None = None
) -> StreamingHttpResponse:
    """A file that is sent piece by piece and kept by nobody on the way."""
    answer = StreamingHttpResponse(
        streamed(request, pieces), content_type=TYPES[Export.Format(export.format)]
    )
    answer["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=export.file_name
    )
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    if size_bytes is not None:
        answer["Content-Length"] = str(size_bytes)
    return answer


def stored_response(request: HttpRequest, export: Export, name: str) -> StreamingHttpResponse:
    """An export's file from its storage.

    Raises:
        ExportGoneError: Somebody took it away beside the server.
    """
    try:
        stored = storages["exports"].open(name)
    except FileNotFoundError as error:
        message = "The file is no longer in its store. Ask for the export anew."
        raise ExportGoneError(message) from error
    return file_response(request, export, _pieces(stored), export.size_bytes)


def _pieces(stored: "File[bytes]") -> Iterator[bytes]:
    with stored:
        yield from stored.chunks(CHUNK)
