"""Export of detections as CSV and Excel against raw COPY to a file, and its memory at two sizes."""

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks.result import Result
from benchmarks.stack import manage, scratch_server

if TYPE_CHECKING:
    from reports.models import Export

GOAL = 1.1
SIZES = (20_000, 100_000)
RUNS = 3
COLUMNS = [
    "captured_at",
    "camera",
    "number",
    "country",
    "province",
    "province_name",
    "confidence",
    "review",
    "direction",
    "vehicle_kind",
    "vehicle_color",
    "latitude",
    "longitude",
    "id",
]
# The same rows and columns as far as SQL alone writes them.
COPY = """
COPY (
    SELECT d.captured_at, c.name, p.number, p.country, p.province, d.confidence, d.review,
        d.direction, d.vehicle_kind, d.vehicle_color, ST_Y(c.point), ST_X(c.point), d.id
    FROM detections_detection d JOIN cameras_camera c ON c.id = d.camera_id
        LEFT JOIN vehicles_plate p ON p.id = d.plate_id
    WHERE d.review <> 'merged' ORDER BY d.id DESC LIMIT {rows}
) TO STDOUT WITH CSV HEADER
"""


def run() -> Result:
    """Seed, then make each file in a process of its own, whose peak the kernel tells."""
    figures: dict[str, float] = {}
    with scratch_server() as environment:
        manage(environment, "seed", "--detections", str(max(SIZES)), "--days", "7")
        for form in ("csv", "xlsx"):
            for rows in SIZES:
                best: dict[str, float] = {}
                for _ in range(RUNS if form == "csv" else 1):
                    done = _in_a_process(environment, form, rows)
                    if not best or done["seconds"] < best["seconds"]:
                        best = done
                figures[f"{form}_{rows}_rows_per_s"] = rows / best["seconds"]
                figures[f"{form}_{rows}_peak_mib"] = best["peak_mib"]
        copied = min(_in_a_process(environment, "copy", max(SIZES))["seconds"] for _ in range(RUNS))
    small, large = (figures[f"csv_{rows}_peak_mib"] for rows in SIZES)
    return Result(
        name="export",
        figures=figures,
        limit={"copy_rows_per_s": max(SIZES) / copied},
        reached=large / small,
        goal=GOAL,
        better="lower",
        unit=f"times the memory for {max(SIZES) // min(SIZES)} times the rows (CSV)",
        conditions=(
            f"{len(COLUMNS)} columns of a seeded city, best of {RUNS} (Excel: one), the whole "
            "background export with progress, audit and storing, each in a process of its own. "
            "COPY writes the same rows with times in UTC and neither checks what is seen nor makes "
            "formulas harmless."
        ),
    )


def _in_a_process(environment: dict[str, str], form: str, rows: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.export", form, str(rows)]
    done = subprocess.run(  # noqa: S603  # ourselves
        command, env=environment, capture_output=True, text=True, check=True
    )
    seconds, peak = done.stdout.splitlines()[-1].split()
    return {"seconds": float(seconds), "peak_mib": float(peak)}


def _measure(form: str, rows: int) -> None:
    """Make one file and print how long it took and this process's peak memory, MiB."""
    import resource  # noqa: PLC0415  # only here

    import django  # noqa: PLC0415  # only in the process that is measured

    django.setup()
    if form == "copy":
        seconds = _copy(rows)
    else:
        export = _ask(form, rows)
        from reports.services.making import make_export  # noqa: PLC0415  # needs Django

        began = time.perf_counter()
        make_export(export.pk)
        seconds = time.perf_counter() - began
        export.refresh_from_db()
        if export.rows_count < rows:
            raise RuntimeError(export.error)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(seconds, peak)  # noqa: T201  # the answer


def _ask(form: str, rows: int) -> "Export":
    from accounts.models import Organization, User  # noqa: PLC0415  # needs Django
    from detections.models import Detection  # noqa: PLC0415  # needs Django
    from reports.models import Export  # noqa: PLC0415  # needs Django

    user, _is_new = User.objects.get_or_create(
        email="benchmark@example.org", defaults={"is_superuser": True}
    )
    organization = Organization.objects.get(slug="seeded-city")
    found = Detection.objects.filter(organization=organization).exclude(review="merged")
    last: Any = found.order_by("-id")[rows - 1 : rows].get()
    return Export.objects.create(
        organization=organization,
        created_by=user,
        kind=Export.Kind.DETECTIONS,
        format=form,
        columns=COLUMNS,
        criteria={"since": last.captured_at.isoformat()},
    )


def _copy(rows: int) -> float:
    from django.db import connection  # noqa: PLC0415  # needs Django

    began = time.perf_counter()
    with (
        open("/dev/null", "wb") as target,  # noqa: PTH123  # no file of ours
        connection.cursor() as cursor,
        cursor.copy(COPY.format(rows=rows)) as copy,
    ):
        target.writelines(copy)
    return time.perf_counter() - began


if __name__ == "__main__":
    _measure(sys.argv[1], int(sys.argv[2]))
