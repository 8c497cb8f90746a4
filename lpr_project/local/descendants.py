"""Keeping hold of every process that was started, also when the one that started it dies."""

import ctypes
import os
import signal
from pathlib import Path

from lpr_project.local.errors import LocalError
from lpr_project.local.processes import end_processes

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, as init would otherwise.

    Raises:
        LocalError: The kernel refuses.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise LocalError(f"This system cannot keep track of the server's processes: {reason}.")


def end_orphans(known_child: int) -> None:
    """End children that were adopted, which nobody supervises any more, and bury the dead.

    Args:
        known_child: The one child that was started from here and is left alone.
    """
    orphans = [pid for pid in _children(os.getpid()) if pid != known_child]
    end_processes(orphans, signal.SIGTERM, patience_s=5.0)
    for pid in orphans:
        _bury(pid)


def end_descendants() -> None:
    """End all that is left below this process."""
    while pids := _below(os.getpid()):
        end_processes(pids, signal.SIGTERM, patience_s=5.0)
        for pid in pids:
            _bury(pid)


def _below(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def _children(pid: int) -> list[int]:
    """Read a process's children from the kernel, which is far cheaper than looking at them all."""
    children = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children += [int(number) for number in task.read_text(encoding="ascii").split()]
        except (FileNotFoundError, ProcessLookupError):
            # This task ended meanwhile, and its children are somebody else's now.
            continue
    return children


def _bury(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
