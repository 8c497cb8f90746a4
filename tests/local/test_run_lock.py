"""Only one server runs from a checkout, and the second learns where the first is."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpr_project.local import run_lock
from lpr_project.local.errors import LocalError
from lpr_project.local.paths import ROOT
from lpr_project.local.run_lock import Run, current_run, stop_run

HOLDER = """
import sys, time
from pathlib import Path
from lpr_project.local import run_lock
run_lock.LOCK = Path(sys.argv[1])
with run_lock.run_lock("http://localhost:8000/"):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def lock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(run_lock, "LOCK", tmp_path / "run.lock")
    return tmp_path / "run.lock"


@pytest.fixture
def holder(lock: Path) -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "-c", HOLDER, str(lock)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_current_run_none_without_a_lock_and_after_it() -> None:
    assert current_run() is None
    with run_lock.run_lock("http://localhost:8000/"):
        pass
    assert current_run() is None


def test_run_lock_second_run_learns_the_address(holder: "subprocess.Popen[str]") -> None:
    sentence = rf"already runs at http://localhost:8000/ \(process {holder.pid}\)"
    with pytest.raises(LocalError, match=sentence), run_lock.run_lock("http://localhost:9000/"):
        pytest.fail("two runs hold the checkout")
    assert current_run() == Run(holder.pid, "http://localhost:8000/")


def test_stop_run_waits_until_the_run_has_ended(holder: "subprocess.Popen[str]") -> None:
    running = current_run()
    assert running
    stop_run(running)
    assert current_run() is None
    assert holder.wait(60) == -signal.SIGTERM


def test_run_lock_is_free_after_its_holder_was_killed(holder: "subprocess.Popen[str]") -> None:
    holder.kill()
    holder.wait()
    with run_lock.run_lock("http://localhost:9000/"):
        pass
