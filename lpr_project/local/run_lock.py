"""One run at a time in a checkout, and how the others find it."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lpr_project.local.errors import LocalError
from lpr_project.local.paths import LOCAL

LOCK = LOCAL / "run.lock"


@dataclass(frozen=True, slots=True)
class Run:
    """A server that runs from this checkout."""

    pid: int
    address: str


@contextmanager
def run_lock(address: str) -> Iterator[None]:
    """Hold the checkout for one run.

    Raises:
        LocalError: Another run holds it.
    """
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("a+", encoding="utf-8") as lock:
        if not _acquire(lock.fileno()):
            other = _read()
            raise LocalError(
                f"The server already runs at {other.address} (process {other.pid}): "
                "`make stop` stops it."
            )
        lock.truncate(0)
        lock.write(json.dumps({"pid": os.getpid(), "address": address}))
        lock.flush()
        yield


def current_run() -> Run | None:
    """Find the run that holds the checkout; None where there is none."""
    if not LOCK.exists():
        return None
    with LOCK.open("a+", encoding="utf-8") as lock:
        return None if _acquire(lock.fileno()) else _read()


def stop_run(run: Run, patience_s: float = 90.0) -> None:
    """Ask a run to end and wait until it has.

    Raises:
        LocalError: It did not, in time.
    """
    os.kill(run.pid, signal.SIGTERM)
    deadline = time.monotonic() + patience_s
    while current_run() == run:
        if time.monotonic() > deadline:
            raise LocalError(f"The server (process {run.pid}) has not stopped yet; see .local/log.")
        time.sleep(0.2)


def _acquire(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read() -> Run:
    values = json.loads(LOCK.read_text(encoding="utf-8") or '{"pid": 0, "address": "its address"}')
    return Run(values["pid"], values["address"])
