"""Recording while a purge of expired rows runs, against recording alone."""

import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from benchmarks.recording import items_of
from benchmarks.result import Result
from benchmarks.stack import ROOT, manage, scratch_server

if TYPE_CHECKING:
    from cameras.models import Camera

GOAL = 1.2
BATCH = 200
# What is sent in a second, purge or not: how much longer a batch then takes is what is asked.
BATCHES_PER_SECOND = 2
MEASURED_SECONDS = 20
# A purge of a million rests for longer than it tells anything new.
PURGE_SECONDS_MOST = 180
ROWS = 1_000_000
_PURGE = (
    "import django; django.setup();"
    "from detections.services.keeping.retention import purge_expired;"
    f"print(purge_expired(longest_seconds={PURGE_SECONDS_MOST}))"
)


def run(size: int = ROWS) -> Result:
    """Record before, while and after `size` expired rows are purged, or as many as time allows."""
    with scratch_server() as environment:
        days = 20
        last_on = datetime.now(UTC).date() - timedelta(days=60)
        manage(
            environment, "seed", f"--detections={size}", f"--days={days}", f"--last-on={last_on}"
        )
        from cameras.models import Camera  # noqa: PLC0415
        from detections.models import DeletionCertificate, Detection  # noqa: PLC0415

        camera = Camera.objects.select_related("organization").order_by("pk")[0]
        alone = _record_for(camera, MEASURED_SECONDS, 0)
        began = time.perf_counter()
        with subprocess.Popen(  # noqa: S603  # our own code
            [sys.executable, "-c", _PURGE], env=_settings(environment), cwd=ROOT
        ) as purge:
            beside: list[float] = []
            while purge.poll() is None:
                beside += _record_for(camera, 5, len(alone) + len(beside))
        seconds = time.perf_counter() - began
        left = Detection.objects.filter(
            captured_at__lt=datetime.now(UTC) - timedelta(days=35)
        ).count()
        if purge.returncode or (left and seconds < PURGE_SECONDS_MOST):
            message = f"{left} expired rows are left"
            raise RuntimeError(message)
        alone += _record_for(camera, MEASURED_SECONDS, len(alone) + len(beside))
        certified = sum(DeletionCertificate.objects.values_list("detections", flat=True))
    quiet, busy = _median(alone), _median(beside)
    return Result(
        name="purge",
        figures={
            "batch_beside_purge_ms": 1000 * busy,
            "batch_beside_purge_p95_ms": 1000 * sorted(beside)[len(beside) * 95 // 100],
            "expired_rows": size,
            "purged_rows": certified,
            "purged_per_s": certified / seconds,
        },
        limit={
            "batch_alone_ms": 1000 * quiet,
            "batch_alone_p95_ms": 1000 * sorted(alone)[len(alone) * 95 // 100],
        },
        reached=busy / quiet,
        goal=GOAL,
        better="lower",
        unit="times as long as without a purge",
        conditions=(
            f"{size:,} expired rows without pictures in the months before, deleted by a process "
            f"of its own with its usual rests for at most {PURGE_SECONDS_MOST} s; "
            f"meanwhile {BATCHES_PER_SECOND} batches of {BATCH} rows a second are recorded into "
            "the current month. Medians of a batch's time, before and after the purge and during "
            "it, on one machine with the database."
        ),
    )


def _record_for(camera: "Camera", seconds: float, number: int) -> list[float]:
    """Record batches at a steady pace; gives how long each took, in seconds."""
    from detections.services.recording import record_detections  # noqa: PLC0415

    took = []
    end = time.perf_counter() + seconds
    due = time.perf_counter()
    while due < end:
        items = list(items_of(camera, number, BATCH))
        time.sleep(max(due - time.perf_counter(), 0))
        began = time.perf_counter()
        record_detections(items=items)
        took.append(time.perf_counter() - began)
        number += 1
        due = max(due + 1 / BATCHES_PER_SECOND, time.perf_counter())
    return took


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _settings(environment: Mapping[str, str]) -> dict[str, str]:
    return {**environment, "DJANGO_SETTINGS_MODULE": "lpr_project.settings.base"}
