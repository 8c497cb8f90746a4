"""Search over a seeded city while 2,000 detections a second are recorded into the same tables."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from itertools import cycle
from typing import IO, Any, cast

from benchmarks.recording import items_of
from benchmarks.result import Result
from benchmarks.search import CASES, DAYS, Draw, ask_as_auditor, draws_of, p95, seed
from benchmarks.stack import ROOT, kept_server

SIZE = 10_000_000
GOAL_MS = 150.0
PER_SECOND = 2_000
BATCH = 200
SECONDS = 60
# Pages are asked for by people, the rest by programs; one question after the other.
ASKED = (
    "exact",
    "prefix",
    "fuzzy_1",
    "fuzzy_2",
    "time_window",
    "camera",
    "polygon",
    "first_page",
    "plate_history",
)


def run(size: int = SIZE) -> Result:
    """Search alone for a while, then while another process records."""
    with kept_server(f"bench_search_{size}") as environment:
        seed(environment, size)
        client, user = ask_as_auditor()
        draws = draws_of(user)
        alone = _search_for(client, draws, SECONDS / 4)
        with subprocess.Popen(
            [sys.executable, "-m", "benchmarks.loaded"],
            env={**environment, "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"]},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        ) as recorder:
            told = cast("IO[str]", recorder.stdout)
            told.readline()
            beside = _search_for(client, draws, SECONDS)
            recorded, seconds, slowest = map(float, told.read().split())
        if recorder.returncode:
            message = "The recorder failed."
            raise RuntimeError(message)
    both = {"": beside, "alone_": alone}
    spent = {prefix: [took for times in asked.values() for took in times]
             for prefix, asked in both.items()}  # fmt: skip
    return Result(
        name="loaded",
        figures={
            "recorded_per_s": recorded / seconds,
            "slowest_batch_ms": slowest,
            "searches": float(len(spent[""])),
            "search_p50_ms": statistics.median(spent[""]),
            "search_p95_ms": p95(spent[""]),
            **{f"{name}_p95_ms": p95(times) for name, times in beside.items()},
        },
        limit={
            "alone_p50_ms": statistics.median(spent["alone_"]),
            "alone_p95_ms": p95(spent["alone_"]),
        },
        reached=p95(spent[""]),
        goal=GOAL_MS,
        better="lower",
        unit="ms at the 95th percentile of a search",
        conditions=(
            f"{size:,} detections of {DAYS} days, 60 cameras; one process records batches of "
            f"{BATCH}, {PER_SECOND:,} detections a second for {SECONDS} s, with evidence and "
            "without pictures, and another searches by the API without a pause, one question "
            "after the other; on one machine with the database."
        ),
    )


def _search_for(client: Any, draws: list[Draw], seconds: float) -> Mapping[str, list[float]]:
    """Milliseconds of each question, for so long."""
    times: dict[str, list[float]] = {name: [] for name in ASKED}
    end = time.perf_counter() + seconds
    for draw, name in zip(cycle(draw for draw in draws for _ in ASKED), cycle(ASKED), strict=False):
        path, query = CASES[name].url(draw)
        began = time.perf_counter()
        answer = client.get(path, query)
        times[name].append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:  # noqa: PLR2004  # OK
            raise RuntimeError(f"{path}: {answer.status_code}")
        if time.perf_counter() > end:
            break
    return times


def _record() -> None:
    """Record at the pace for as long as is asked, and print how many, in what time, the slowest."""
    import django  # noqa: PLC0415  # only in the process that records

    django.setup()
    from cameras.models import Camera  # noqa: PLC0415
    from detections.services.recording import record_detections  # noqa: PLC0415

    cameras = list(Camera.objects.select_related("organization").order_by("pk"))
    print("ready", flush=True)  # noqa: T201  # the sign to begin
    number, slowest = 0, 0.0
    began = due = time.perf_counter()
    while due - began < SECONDS:
        items = list(items_of(cameras[number % len(cameras)], number, BATCH))
        time.sleep(max(due - time.perf_counter(), 0))
        started = time.perf_counter()
        record_detections(items=items)
        slowest = max(slowest, time.perf_counter() - started)
        number += 1
        due += BATCH / PER_SECOND
    print(number * BATCH, time.perf_counter() - began, slowest * 1000)  # noqa: T201  # the answer


if __name__ == "__main__":
    _record()
