"""Recording detections in batches of 1,000 against raw COPY of the same rows."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from benchmarks.result import Result
from benchmarks.stack import scratch_server

if TYPE_CHECKING:
    from cameras.models import Camera
    from detections.services.recording import NewDetection

GOAL = 0.5
BATCH = 1_000
BATCHES = 10


def run() -> Result:
    """Alternate both ways, so that what else the machine does hits both; medians count."""
    with scratch_server():
        from detections.services.recording import record_detections  # noqa: PLC0415

        camera = _camera()
        recorded, copied = [], []
        for number in range(BATCHES):
            items = list(items_of(camera, number, BATCH))
            began = time.perf_counter()
            record_detections(items=items)
            recorded.append(BATCH / (time.perf_counter() - began))
            copied.append(BATCH / _copy_of_the_newest())
    ours, raw = sorted(recorded)[BATCHES // 2], sorted(copied)[BATCHES // 2]
    return Result(
        name="recording",
        figures={"recorded_per_s": ours},
        limit={"copied_per_s": raw},
        reached=ours / raw,
        goal=GOAL,
        better="higher",
        unit="times COPY",
        conditions=(
            f"Medians of {BATCHES} batches of {BATCH} rows with evidence of three readings and no "
            "pictures; COPY goes into a table with the same partitions, indexes and foreign keys, "
            "and neither looks for plates nor counts them nor answers repeats."
        ),
    )


def _camera() -> "Camera":
    from accounts.services import create_organization  # noqa: PLC0415
    from cameras.services import create_camera  # noqa: PLC0415

    organization = create_organization(name="Benchmark")
    return create_camera(
        organization=organization, actor=None, name="Benchmark", source_kind="push"
    )


def items_of(camera: "Camera", number: int, size: int) -> "Iterator[NewDetection]":
    """New detections, of which half have plates that were seen before."""
    from django.utils import timezone  # noqa: PLC0415

    from detections.models import Detection  # noqa: PLC0415
    from detections.services.recording import NewDetection  # noqa: PLC0415

    now = timezone.now()
    for index in range(size):
        # Half of the plates were seen before, as on a road that people drive every day.
        plate = index if index % 2 else number * size + index
        yield NewDetection(
            camera=camera,
            key=f"{number}:{index}",
            captured_at=now - timedelta(milliseconds=index),
            text=f"{plate % 9 + 1}AB{plate:05d}",
            confidence=0.9,
            origin=Detection.Origin.INGEST,
            evidence={"readings": [_reading(plate)] * 3},
        )


def _reading(plate: int) -> dict[str, Any]:
    text = f"{plate % 9 + 1}AB{plate:05d}"
    return {"t": 0.1, "text": text, "confidence": 0.9, "chars": [0.9] * 8, "box": [1, 2, 90, 30]}


def _copy_of_the_newest() -> float:
    """Seconds that COPY takes for the rows recorded last, into a table like theirs."""
    from django.db import connection, transaction  # noqa: PLC0415

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE newest ON COMMIT DROP AS "
            "SELECT * FROM detections_detection ORDER BY recorded_at DESC LIMIT %s",
            [BATCH],
        )
        cursor.execute("SELECT * FROM newest")
        rows = cursor.fetchall()
        cursor.execute("DELETE FROM detections_detection WHERE id IN (SELECT id FROM newest)")
    began = time.perf_counter()
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy("COPY detections_detection FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(_plain(row))
    return time.perf_counter() - began


def _plain(row: tuple[Any, ...]) -> list[Any]:
    from psycopg.types.json import Jsonb  # noqa: PLC0415

    return [Jsonb(value) if isinstance(value, dict) else value for value in row]
