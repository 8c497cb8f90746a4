"""Servers in processes of their own: started on a free port, and killed."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lpr_project.local.ports import LOOPBACK, free_port
from lpr_project.local.processes import processes_in

START_SECONDS = 60


def start_on_a_port(
    start: Callable[[int], "subprocess.Popen[bytes]"],
) -> "tuple[subprocess.Popen[bytes], int]":
    """Start a server and wait until it listens; on another port where somebody was quicker."""
    for _ in range(5):
        port = free_port()
        process = start(port)
        until = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < until:
            if _answers(port):
                return process, port
            time.sleep(0.05)
        process.kill()
        process.wait()
    pytest.fail("The server did not start.")


def kill_first(directory: Path, program: str) -> int:
    """Kill the process of a server that started its others; gives its number."""
    pids = set(processes_in(directory, program))
    # Numbers begin again from below at some time, so that the lowest need not be the first.
    [first] = [pid for pid in pids if _parent(pid) not in pids]
    os.kill(first, signal.SIGKILL)
    return first


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _parent(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        # Ended meanwhile; the first of all has not.
        return pid
    return int(stat.rpartition(")")[2].split()[1])
