"""Finding and ending processes by what they are, not by a number that may have been reused."""

import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path


def processes_in(directory: Path, program: str) -> list[int]:
    """List the processes of a program whose working directory is this one.

    PostgreSQL and Redis both work inside their data directory, which makes it the one sure mark
    of whose they are: process numbers come back after a restart of the machine, and ports after
    a restart of anything.
    """
    target = directory.resolve()
    return [pid for pid in _all_processes() if _is(pid, program, target)]


def end_processes(pids: Iterable[int], *signals: signal.Signals, patience_s: float = 10.0) -> None:
    """Send each signal in turn and wait until all processes are gone, then kill what is left."""
    waiting = list(pids)
    for number in (*signals, signal.SIGKILL):
        for pid in waiting:
            _send(pid, number)
        deadline = time.monotonic() + patience_s
        while waiting and time.monotonic() < deadline:
            waiting = [pid for pid in waiting if is_alive(pid)]
            time.sleep(0.05)
        if not waiting:
            return


def is_alive(pid: int) -> bool:
    """Say whether a process exists and is more than a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def _all_processes() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _is(pid: int, program: str, directory: Path) -> bool:
    process = Path("/proc") / str(pid)
    try:
        name = (process / "comm").read_text(encoding="utf-8").strip()
        return name == program and (process / "cwd").readlink() == directory
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        # Gone meanwhile, or another person's, so not ours.
        return False


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
