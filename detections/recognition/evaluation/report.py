"""Tables that compare model sets: for a terminal, and as Markdown for the documents."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Result = dict[str, Any]
"""What `evaluate_recognition --json` prints: `labels`, `hardware`, and of each set its `models` and
`folders` with `Tally.summary`."""

_SHARES = (
    ("found_iou_50", "found"),
    ("found_iou_30_or_center", "loosely"),
    ("exact", "exact"),
    ("exact_folded", "folded"),
    ("province_exact", "province"),
)
_HASH_CHARACTERS = 12
_HOW = (
    "Written by `manage.py evaluate_recognition --write`. Shares are per cent, in brackets the "
    "95 % interval (Wilson); - where nothing is labelled."
)


def as_text(result: Result) -> str:
    """A table for a terminal: a line for each folder and set, then what failed and the models."""
    heads = ["folder", "set", "plates", *(title for _, title in _SHARES)]
    rows = [
        [folder, name, str(summary["plates"]), *(_share(summary[key]) for key, _ in _SHARES)]
        + [_number(summary["false_boxes_per_picture"], ".2f")]
        + [_number(summary[key], ".1f") for key in ("ms_p50", "ms_p95", "pictures_per_second")]
        for folder, name, summary in _summaries(result)
    ]
    heads += ["false/pic", "ms p50", "p95", "pic/s"]
    failed = [
        [folder, name, _listed(summary["failures"]), _listed(summary["rejections"])]
        for folder, name, summary in _summaries(result)
    ]
    return "\n".join(
        [
            *_aligned([heads, *rows]),
            "",
            *_aligned([["folder", "set", "failures", "rejected for"], *failed]),
            "",
            *_models(result),
            result["hardware"],
        ]
    )


def as_markdown(result: Result) -> str:
    """A page: finding, reading, speed and failures, with a column or a line for each set."""
    names = [each["model_set"] for each in result["sets"]]
    reading = [f"{name} {title}" for name in names for _, title in _SHARES[2:]]
    speed = [f"{name} {title}" for name in names for title in ("ms p50", "ms p95", "pictures/s")]
    finding = [f"{name} {title}" for name in names for title in ("found", "loosely", "false boxes")]
    failed = [
        [folder, name, _listed(summary["failures"]), _listed(summary["rejections"])]
        for folder, name, summary in _summaries(result)
    ]
    sections = [
        "# Recognition measured",
        _HOW,
        f"{result['hardware']}.",
        "\n".join(f"- {line}" for line in _models(result)),
        "## Finding\n\n" + _folders(result, finding, _finding),
        "## Reading\n\n" + _folders(result, reading, _reading),
        "## Speed\n\n" + _folders(result, speed, _speed),
        "## What failed\n\n"
        + _markdown_table(["folder", "set", "failures", "rejected for"], failed, numbers_from=4),
    ]
    return "\n\n".join(sections) + "\n"


def _summaries(result: Result) -> list[tuple[str, str, dict[str, Any]]]:
    """Every folder of every set, the sets of one folder side by side."""
    return sorted(
        (
            (folder, each["model_set"], summary)
            for each in result["sets"]
            for folder, summary in each["folders"].items()
        ),
        key=lambda row: row[0],
    )


def _models(result: Result) -> list[str]:
    return [
        f"{each['model_set']}: "
        + ", ".join(f"{name} ({sha[:_HASH_CHARACTERS]}…)" for name, sha in each["models"].items())
        for each in result["sets"]
    ]


def _folders(
    result: Result, heads: Sequence[str], cells: Callable[[dict[str, Any]], list[str]]
) -> str:
    rows = []
    for folder in sorted({folder for folder, _, _ in _summaries(result)}):
        summaries = [each["folders"].get(folder) for each in result["sets"]]
        plates = max(summary["plates"] for summary in summaries if summary)
        # A set that could measure nothing of a folder has nothing to show for it.
        unmeasured = ["-"] * (len(heads) // len(summaries))
        shown = [cells(summary) if summary else unmeasured for summary in summaries]
        rows.append([folder, str(plates), *(cell for of_set in shown for cell in of_set)])
    return _markdown_table(["folder", "plates", *heads], rows, numbers_from=1)


def _finding(summary: dict[str, Any]) -> list[str]:
    shares = [_share(summary[key]) for key, _ in _SHARES[:2]]
    return [*shares, _number(summary["false_boxes_per_picture"], ".3f")]


def _reading(summary: dict[str, Any]) -> list[str]:
    return [_share(summary[key]) for key, _ in _SHARES[2:]]


def _speed(summary: dict[str, Any]) -> list[str]:
    return [_number(summary[key], ".1f") for key in ("ms_p50", "ms_p95", "pictures_per_second")]


def _markdown_table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers_from: int
) -> str:
    rules = ["---" if index < numbers_from else "---:" for index in range(len(heads))]
    return "\n".join(f"| {' | '.join(row)} |" for row in [heads, rules, *rows])


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _share(share: dict[str, Any]) -> str:
    if share["rate"] is None:
        return "-"
    low, high = share["interval_95"]
    return f"{100 * share['rate']:.1f} ({100 * low:.0f}-{100 * high:.0f})"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count) or "-"
