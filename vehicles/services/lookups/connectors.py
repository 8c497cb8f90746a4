"""How a register is asked: one interface, and a connector for each kind of source."""

from typing import Any, Protocol
from urllib.parse import quote

import orjson

from lpr_project.common.outgoing import Call, Limits, send
from vehicles.errors import LookUpFailedError
from vehicles.models import LookUpEntry, LookUpSource
from vehicles.services.sightings import PlateKey

Found = dict[str, str]
"""What a register says, by the names that the source's mapping gives."""

_MOST_BYTES = 256 * 1024
_MOST_CHARACTERS = 300
_NOT_FOUND = 404


class Connector(Protocol):
    """Asks one register."""

    def look_up(self, key: PlateKey) -> Found | None:
        """What it says of a registration; None where it knows none.

        Raises:
            LprError: It did not answer, or not in a way that can be read.
        """


class HttpConnector:
    """Any service that answers JSON to a GET."""

    def __init__(self, source: LookUpSource) -> None:
        self._source = source

    def look_up(self, key: PlateKey) -> Found | None:
        source = self._source
        url = source.url_template
        for name, value in key._asdict().items():
            url = url.replace(f"{{{name}}}", quote(value, safe=""))
        answer = send(
            Call(
                url=url,
                headers={"Accept": "application/json", **read_headers(source.headers or "")},
                limits=Limits(
                    connect_s=source.limit_seconds,
                    read_s=source.limit_seconds,
                    total_s=source.limit_seconds,
                    most_bytes=_MOST_BYTES,
                ),
                ca_certificate=source.ca_certificate,
            )
        )
        if answer.status == _NOT_FOUND:
            return None
        answer.expect_success()
        try:
            document = orjson.loads(answer.body)
        except ValueError:
            raise LookUpFailedError(f"{answer.host} answered, and not in JSON.") from None
        read = {
            name: _as_text(resolve_pointer(document, where))
            for name, where in source.mapping.items()
        }
        found = {name: text for name, text in read.items() if text}
        return found or None


class FileConnector:
    """A register that was uploaded."""

    def __init__(self, source: LookUpSource) -> None:
        self._source = source

    def look_up(self, key: PlateKey) -> Found | None:
        entries = LookUpEntry.objects.filter(source=self._source, number=key.number)
        fitting = [
            entry
            for entry in entries[:50]
            if entry.country in {"", key.country} and entry.province in {"", key.province}
        ]
        # The one that says most of where the plate is from.
        fitting.sort(key=lambda entry: (bool(entry.province), bool(entry.country)), reverse=True)
        return dict(fitting[0].fields) if fitting else None


def connector_of(source: LookUpSource) -> Connector:
    """The connector for a source's kind."""
    if source.kind == LookUpSource.Kind.FILE:
        return FileConnector(source)
    return HttpConnector(source)


def read_headers(text: str) -> dict[str, str]:
    r"""Headers that stand one a line.

    >>> read_headers("Authorization: Bearer a:b\n\nX-Key:1")
    {'Authorization': 'Bearer a:b', 'X-Key': '1'}
    """
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, _colon, value in pairs}


def resolve_pointer(document: Any, pointer: str) -> Any:
    """What stands at a JSON pointer; None where nothing does.

    Source: RFC 6901.

    >>> resolve_pointer({"a": [{"b/c": 1}]}, "/a/0/b~1c"), resolve_pointer({"a": 1}, "/a/b")
    (1, None)
    """
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict):
            document = document.get(name)
        elif isinstance(document, list) and name.isascii() and name.isdigit():
            document = document[int(name)] if int(name) < len(document) else None
        else:
            return None
    return document


def _as_text(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)[:_MOST_CHARACTERS]
