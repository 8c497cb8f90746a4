"""Matching single detections and batches against 1,000,000 entries of 500 lists."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from benchmarks.result import Result
from benchmarks.stack import scratch_server

if TYPE_CHECKING:
    from accounts.models import Organization
    from cameras.models import Camera
    from detections.models import Detection

GOAL_MS = 5.0
LISTS = 500
LOOSE_LISTS, LOOSE_ENTRIES, PATTERNS = 5, 20_000, 1_000
SHARE_THAT_HITS = 0.05
ROUNDS = 2_000
BATCH = 50
# Of the 44 letters, those that stand on plates.
LETTERS = "กขคฆงจฉชฌญฎฐฒณดตถทธนบผพภมยรลวศษสฬอฮ"


def run(size: int = 1_000_000) -> Result:
    """Half of the lists are exact, half confusable; then some with edits and patterns join."""
    with scratch_server():
        camera = _camera()
        numbers = _fill(camera.organization, size)
        figures = dict(_measured("exact and confusable", camera, numbers))
        limit = _bare(camera.organization, numbers)
        added = _fill_loose(camera.organization)
        figures |= _measured("with edits and patterns", camera, [*numbers[:20_000], *added])
    return Result(
        name="matching",
        figures=figures,
        limit=limit,
        reached=figures["exact and confusable, p95_ms"],
        goal=GOAL_MS,
        better="lower",
        unit="ms a detection",
        conditions=(
            f"{size:,} entries by COPY in {LISTS} lists, half exact, half confusable; {ROUNDS:,} "
            f"detections one by one, and in batches of {BATCH}, {SHARE_THAT_HITS:.0%} of which are "
            "on a list and are found once more under locks. The limit looks the same folded "
            "numbers up by the bare index, and reads nothing else. Edits and patterns: "
            f"{LOOSE_LISTS} lists of {LOOSE_ENTRIES:,} entries, one edit; {PATTERNS:,} patterns."
        ),
    )


def _camera() -> "Camera":
    from accounts.services import create_organization  # noqa: PLC0415
    from cameras.services import create_camera  # noqa: PLC0415

    organization = create_organization(name="Benchmark")
    return create_camera(
        organization=organization, actor=None, name="Benchmark", source_kind="push"
    )


def _number(chance: random.Random) -> str:
    letters = "".join(chance.choices(LETTERS, k=2))
    return f"{chance.randint(1, 9)}{letters}{chance.randint(1000, 9999)}"


def _fill(organization: "Organization", size: int) -> list[str]:
    """Entries in exact and confusable lists; returns their numbers."""
    from alerts.services.watchlists import create_watchlist  # noqa: PLC0415

    chance = random.Random(1)  # noqa: S311  # to be the same each time
    lists = [
        create_watchlist(
            organization=organization,
            actor=None,
            name=f"List {index}",
            match=("exact", "confusable")[index % 2],
        )
        for index in range(LISTS)
    ]
    each = size // LISTS
    numbers: list[str] = []
    for watchlist in lists:
        own = list({_number(chance) for _ in range(each)})
        _copy(organization.pk, watchlist.pk, own)
        numbers += own
    _analyze()
    return numbers


def _fill_loose(organization: "Organization") -> list[str]:
    from alerts.services.watchlists import create_watchlist  # noqa: PLC0415

    chance = random.Random(2)  # noqa: S311  # to be the same each time
    numbers: list[str] = []
    for index in range(LOOSE_LISTS):
        watchlist = create_watchlist(
            organization=organization, actor=None, name=f"Loose {index}", match="edits"
        )
        own = list({_number(chance) for _ in range(LOOSE_ENTRIES)})
        patterns = list({f"{one[:3]}*{one[-2:]}" for one in own[: PATTERNS // LOOSE_LISTS]})
        _copy(organization.pk, watchlist.pk, own + patterns)
        numbers += own
    _analyze()
    return numbers


def _copy(organization_id: int, watchlist_id: Any, numbers: Sequence[str]) -> None:
    from django.db import connection, transaction  # noqa: PLC0415

    from lpr_project.common.models import uuid7  # noqa: PLC0415

    now = datetime.now(UTC)
    fixed = (
        watchlist_id,
        "",
        "",
        "",
        "",
        "",
        "",
        "medium",
        now - timedelta(days=1),
        None,
        now,
        now,
    )
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy(
            "COPY alerts_entry (id, organization_id, number, watchlist_id, country, province,"
            " vehicle, reason, case_number, source, confidence, effective_from, expires_at,"
            " created_at, updated_at, variants) FROM STDIN"
        ) as copy,
    ):
        for number in numbers:
            copy.write_row((uuid7(), organization_id, number, *fixed, "{}"))


def _analyze() -> None:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE alerts_entry")


def _passes(camera: "Camera", numbers: Sequence[str], seed: int) -> "Iterator[Detection]":
    from detections.models import Detection  # noqa: PLC0415
    from lpr_project.common.models import uuid7  # noqa: PLC0415
    from vehicles.models import Plate  # noqa: PLC0415

    chance = random.Random(seed)  # noqa: S311  # to be the same each time
    now = datetime.now(UTC)
    while True:
        is_wanted = chance.random() < SHARE_THAT_HITS
        number = chance.choice(numbers) if is_wanted else f"0{_number(chance)}"
        yield Detection(
            id=uuid7(),
            organization_id=camera.organization_id,
            plate=Plate(number=number, country="TH", province="TH-10"),
            captured_at=now,
            camera=camera,
            confidence=0.9,
        )


def _measured(what: str, camera: "Camera", numbers: Sequence[str]) -> Iterator[tuple[str, float]]:
    from django.db import transaction  # noqa: PLC0415

    from alerts.services.matching import find_candidates, find_matches  # noqa: PLC0415

    def match(detections: "list[Detection]") -> None:
        if candidates := find_candidates(detections=detections):
            with transaction.atomic():
                find_matches(candidates=candidates, locked="skipping")

    source = _passes(camera, numbers, 3)
    for _ in range(50):
        match([next(source)])
    alone = _times(match, ([next(source)] for _ in range(ROUNDS)))
    together = _times(match, ([next(source) for _ in range(BATCH)] for _ in range(ROUNDS // 20)))
    yield f"{what}, p50_ms", _share(alone, 0.5)
    yield f"{what}, p95_ms", _share(alone, 0.95)
    yield f"{what}, p99_ms", _share(alone, 0.99)
    yield f"{what}, batch_of_{BATCH}_p50_ms", _share(together, 0.5)
    yield f"{what}, batch_of_{BATCH}_p95_ms", _share(together, 0.95)


def _bare(organization: "Organization", numbers: Sequence[str]) -> dict[str, float]:
    """The look-up alone, by the same index."""
    from django.db import connection  # noqa: PLC0415

    from vehicles.plates.confusables import fold  # noqa: PLC0415

    chance = random.Random(4)  # noqa: S311  # to be the same each time

    def look_up(number: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM alerts_entry"
                " WHERE organization_id = %s AND folded = %s AND NOT is_pattern",
                [organization.pk, fold(number)],
            )
            cursor.fetchall()

    asked = [
        chance.choice(numbers) if chance.random() < SHARE_THAT_HITS else f"0{_number(chance)}"
        for _ in range(ROUNDS)
    ]
    times = _times(look_up, asked)
    return {"index_p50_ms": _share(times, 0.5), "index_p95_ms": _share(times, 0.95)}


def _times(work: "Callable[[Any], None]", items: Any) -> list[float]:
    times = []
    for item in items:
        began = time.perf_counter()
        work(item)
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)


def _share(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
