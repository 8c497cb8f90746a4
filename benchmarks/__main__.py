"""`python -m benchmarks` lists the benchmarks, with a name runs one, with --write runs all.

A benchmark is a module beside this one with a function `run() -> Result`; the first sentence of its
docstring describes it.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import benchmarks

_FRAMEWORK = {"__main__", "receivers", "result", "stack"}


def main() -> int:
    """Do what the command line asks for; the exit code says whether all ran."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", help="Benchmark to run; without one, list them.")
    parser.add_argument("--size", type=int, help="How large, where that can be chosen.")
    parser.add_argument("--json", action="store_true", help="Print one JSON object.")
    parser.add_argument("--write", type=Path, metavar="FILE", help="Run all and write a page.")
    options = parser.parse_args()
    # What a benchmark started ends with it, however it ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if options.write:
        return _write(options.write)
    if options.name is None:
        print("\n".join(f"{name:24}{_description(name)}" for name in _names()))  # noqa: T201
        return 0
    if options.name not in _names():
        parser.error(f"there is no benchmark {options.name}; choose one of {', '.join(_names())}")
    size = {"size": options.size} if options.size else {}
    result = import_module(f"benchmarks.{options.name}").run(**size).as_json()
    print(json.dumps(result) if options.json else _as_text(result))  # noqa: T201
    return 0


def _names() -> list[str]:
    return sorted(
        module.name for module in iter_modules(benchmarks.__path__) if module.name not in _FRAMEWORK
    )


def _description(name: str) -> str:
    documentation = import_module(f"benchmarks.{name}").__doc__ or ""
    return documentation.partition("\n")[0]


def _as_text(result: dict[str, Any]) -> str:
    lines = [f"{result['name']}: {_verdict(result)}"]
    lines += [f"  {name:32}{value:>12,.4g}" for name, value in result["figures"].items()]
    lines += [f"  limit: {name:25}{value:>12,.4g}" for name, value in result["limit"].items()]
    lines += [f"  plan of {name}: {note}" for name, note in result["notes"].items()]
    return "\n".join([*lines, f"  {result['conditions']}"])


def _verdict(result: dict[str, Any]) -> str:
    bound = "at most" if result["better"] == "lower" else "at least"
    state = "reached" if result["is_met"] else "not reached"
    return f"{result['reached']:.3g} {result['unit']} (goal: {bound} {result['goal']:g}, {state})"


def _write(path: Path) -> int:
    """Run each benchmark in a process of its own, so that none leans on what another warmed up."""
    sections, failures = [], 0
    for name in _names():
        command = [sys.executable, "-m", "benchmarks", name, "--json"]
        process = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if process.returncode:
            failures += 1
            reason = process.stderr.strip().rpartition("\n")[2]
            sections.append(
                f"## {name}\n\n{_description(name)}\n\nCould not be measured: {reason}\n"
            )
            continue
        sections.append(_section(name, json.loads(process.stdout)))
    path.write_text("\n".join([_head(), *sections]), "utf-8")
    return 1 if failures else 0


def _head() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        "# Benchmarks\n\n"
        "Written by `make bench`. Each figure stands beside the limit that the bare parts reached\n"
        "in the same run, so that ratios can be compared where machines cannot.\n\n"
        f"Machine: {_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"{datetime.now(UTC):%Y-%m-%d}.\n"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _section(name: str, result: dict[str, Any]) -> str:
    rows = [*_rows("", result["figures"]), *_rows("limit: ", result["limit"])]
    return (
        f"## {name}\n\n{_description(name)}\n\n**{_verdict(result)}.** {result['conditions']}\n\n"
        "| figure | value |\n| --- | ---: |\n"
        + "\n".join(rows)
        + "\n"
        + "".join(f"\n- {noted}: {note}" for noted, note in result["notes"].items())
        + "\n"
    )


def _rows(prefix: str, figures: dict[str, float]) -> Sequence[str]:
    return [f"| {prefix}{name} | {value:,.4g} |" for name, value in figures.items()]


if __name__ == "__main__":
    sys.exit(main())
