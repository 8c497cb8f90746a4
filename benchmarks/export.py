"""Export of detections in every form against raw COPY to a file, and its memory at three sizes."""

import subprocess
import sys
import time
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.result import Result
from benchmarks.search import ORGANIZATION, seed
from benchmarks.stack import kept_server

if TYPE_CHECKING:
    from reports.models import Export

GOAL = 1.1
SIZES = (10_000, 100_000, 1_000_000)
SEEDED = 1_000_000
# Form and how many rows of it; a workbook holds 1,048,575.
MADE = (
    *(("csv", rows) for rows in SIZES),
    *(("xlsx", rows) for rows in SIZES[:2]),
    ("jsonl", 100_000),
    ("geojson", 100_000),
)
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


def run(size: int = max(SIZES)) -> Result:
    """Make each file in a process of its own, whose peak the kernel tells.

    Args:
        size: The most rows of a file.
    """
    figures: dict[str, float] = {}
    with kept_server(f"bench_search_{SEEDED}") as kept, TemporaryDirectory() as data:
        environment = {**kept, "LPR_DATA_DIR": data, "LPR_EXPORT_MAX_ROWS": str(max(SIZES))}
        seed(environment, SEEDED)
        made = [(form, rows) for form, rows in MADE if rows <= size]
        for form, rows in made:
            done = _in_a_process(environment, form, rows)
            figures[f"{form}_{rows}_rows_per_s"] = rows / done["seconds"]
            figures[f"{form}_{rows}_peak_mib"] = done["peak_mib"]
            figures[f"{form}_{rows}_grown_mib"] = done["peak_mib"] - done["before_mib"]
        copied = _in_a_process(environment, "copy", size)["seconds"]
    peaks = [figures[f"csv_{rows}_peak_mib"] for form, rows in made if form == "csv"]
    return Result(
        name="export",
        figures=figures,
        limit={"copy_rows_per_s": size / copied},
        reached=peaks[-1] / peaks[0],
        goal=GOAL,
        better="lower",
        unit=f"times the memory for {size // min(SIZES)} times the rows (CSV)",
        conditions=(
            f"{len(COLUMNS)} columns of a seeded city of {SEEDED:,} detections, the whole "
            "background export with progress, audit and storing, each once in a process of its "
            "own; what it grew by is beside what Django had taken before. "
            "COPY writes the same rows with times in UTC and neither checks what is seen nor makes "
            "formulas harmless."
        ),
    )


def _in_a_process(environment: dict[str, str], form: str, rows: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.export", form, str(rows)]
    done = subprocess.run(  # noqa: S603  # ourselves
        command, env=environment, capture_output=True, text=True, check=True
    )
    seconds, peak, before = map(float, done.stdout.splitlines()[-1].split())
    return {"seconds": seconds, "peak_mib": peak, "before_mib": before}


def _measure(form: str, rows: int) -> None:
    """Make one file; print how long it took, this process's peak memory and what it began with."""
    import django  # noqa: PLC0415  # only in the process that is measured

    django.setup()
    before = _peak_mib()
    if form == "copy":
        seconds = _copy(rows)
    else:
        export = _ask(form, rows)
        from reports.services.making import make_export  # noqa: PLC0415  # needs Django

        before, began = _peak_mib(), time.perf_counter()
        make_export(export.pk)
        seconds = time.perf_counter() - began
        export.refresh_from_db()
        if export.rows_count < rows:
            raise RuntimeError(export.error)
    print(seconds, _peak_mib(), before)  # noqa: T201  # the answer


def _peak_mib() -> float:
    import resource  # noqa: PLC0415  # only here

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _ask(form: str, rows: int) -> "Export":
    from accounts.models import Organization, User  # noqa: PLC0415  # needs Django
    from detections.models import Detection  # noqa: PLC0415  # needs Django
    from reports.models import Export  # noqa: PLC0415  # needs Django

    user, _is_new = User.objects.get_or_create(
        email="export@example.org", defaults={"is_superuser": True}
    )
    organization = Organization.objects.get(slug=ORGANIZATION)
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
