"""What was started is kept running, and all of it ends with the one who started it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lpr_project.local.paths import ROOT
from lpr_project.local.processes import is_alive

# As `run` does it, in a process of its own: adopting orphans changes the whole process.
RUN = """
import os, sys, time
from shlex import quote
from pathlib import Path
from lpr_project.local.descendants import adopt_orphans, end_orphans
from lpr_project.local.supervision import Supervision

folder = Path(sys.argv[1])
adopt_orphans()
scripts = {
    "steady": "echo '100%(sure)s'; echo $$ > steady; sleep 600 & echo $! > child; wait",
    "fragile": "while [ ! -e fail ]; do sleep 0.1; done; exit 3",
    "detached": "echo $$ > detached; setsid sleep 600 & echo $! > lost; wait",
}
commands = {name: f"env --chdir={folder} sh -c {quote(text)}" for name, text in scripts.items()}
supervision = Supervision(folder, [], commands, os.environ)
try:
    supervision.start()
    supervision.start_application()
    print(supervision.pid, flush=True)
    while not (folder / "stop").exists():
        end_orphans(supervision.pid)
        if (folder / "ask").exists():
            (folder / "down.new").write_text(f"down: {supervision.processes_down()}")
            (folder / "down.new").rename(folder / "down")
        time.sleep(0.1)
finally:
    supervision.close()
"""
PATIENCE_S = 60.0


class Running:
    """A run of two programs, one with a child and one with a child in a session of its own."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self.process = process
        self.folder = folder
        assert process.stdout
        self.supervisor = int(process.stdout.readline())

    def pid(self, name: str) -> int:
        """What a program wrote of itself; the file is empty for a moment when it is written."""
        file, found = self.folder / name, [""]

        def is_written() -> bool:
            found[0] = file.read_text() if file.exists() else ""
            return found[0].endswith("\n")

        wait_until(is_written)
        return int(found[0])

    def all_pids(self) -> list[int]:
        programs = [self.pid(name) for name in ("steady", "child", "detached", "lost")]
        return [self.supervisor, *programs]


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    command = [sys.executable, "-c", RUN, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield Running(process, tmp_path)
        (tmp_path / "stop").touch()


def test_a_killed_program_is_started_again_and_its_child_does_not_outlive_it(
    running: Running,
) -> None:
    leader, child = running.pid("steady"), running.pid("child")
    os.kill(leader, signal.SIGKILL)
    wait_until(lambda: running.pid("steady") != leader)
    wait_until(lambda: not is_alive(child))
    assert is_alive(running.pid("steady"))


def test_an_orderly_end_ends_every_descendant_and_nobody_else(running: Running) -> None:
    pids = running.all_pids()
    with subprocess.Popen(["/bin/sleep", "600"], start_new_session=True) as bystander:
        (running.folder / "stop").touch()
        assert running.process.wait(PATIENCE_S) == 0
        assert [pid for pid in pids if is_alive(pid)] == []
        assert bystander.poll() is None
        bystander.kill()


def test_the_supervisor_stops_when_the_one_who_started_it_is_killed(running: Running) -> None:
    supervised = [running.supervisor, running.pid("steady"), running.pid("detached")]
    running.process.kill()
    wait_until(lambda: not any(is_alive(pid) for pid in supervised))
    # Nobody was left to end these.
    for name in ("child", "lost"):
        os.kill(running.pid(name), signal.SIGKILL)


def test_the_logs_hold_what_programs_say_sign_by_sign(running: Running) -> None:
    log = running.folder / "log" / "steady.log"
    wait_until(lambda: log.exists() and log.read_text() == "100%(sure)s\n")


def test_processes_that_end_again_and_again_are_named(running: Running) -> None:
    running.pid("steady")
    said = running.folder / "down"
    (running.folder / "ask").touch()
    wait_until(lambda: said.exists() and said.read_text() == "down: []")
    (running.folder / "fail").touch()
    wait_until(lambda: said.read_text() == "down: ['fragile']")
