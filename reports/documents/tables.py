"""Rows as CSV, JSON lines and GeoJSON, piece by piece: memory does not grow with their number."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from reports.documents.cells import harmless

Row = Mapping[str, Any]
Batches = Iterable[Sequence[Row]]
# With it, Excel takes a CSV file for UTF-8 and shows Thai as Thai.
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
POSITION = ("latitude", "longitude")


def write_csv(batches: Batches, columns: Sequence[str], *, has_mark: bool) -> Iterator[bytes]:
    """CSV with a header line; a moment in ISO 8601 with its offset. Source: RFC 4180."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    yield (BYTE_ORDER_MARK if has_mark else b"") + _taken(buffer)
    for batch in batches:
        writer.writerows([[_cell(row[name]) for name in columns] for row in batch])
        yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode("utf-8")


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, dict | list):
        return harmless(orjson.dumps(value).decode())
    return value


def write_json_lines(batches: Batches, columns: Sequence[str]) -> Iterator[bytes]:
    """One JSON object a line."""
    for batch in batches:
        lines = [_json({name: row[name] for name in columns}) for row in batch]
        yield b"\n".join([*lines, b""])


def write_geo_json(batches: Batches, columns: Sequence[str]) -> Iterator[bytes]:
    """One FeatureCollection; a row needs `latitude` and `longitude`, and `id`. Source: RFC 7946."""
    kept = [name for name in columns if name not in POSITION]
    yield b'{"type":"FeatureCollection","features":['
    between = b"\n"
    for batch in batches:
        if features := b",\n".join(_feature(row, kept) for row in batch):
            yield between + features
            between = b",\n"
    yield b"]}\n"


def _feature(row: Row, columns: Sequence[str]) -> bytes:
    latitude, longitude = row["latitude"], row["longitude"]
    has_place = latitude is not None and longitude is not None
    place = {"type": "Point", "coordinates": [longitude, latitude]} if has_place else None
    properties = {name: row[name] for name in columns}
    return _json({"type": "Feature", "id": row["id"], "geometry": place, "properties": properties})


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
