"""No line is lost, doubled or torn, also when a file is rotated."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lpr_project.local.log_follower import LogFollower


@pytest.fixture
def web_log(tmp_path: Path) -> Path:
    log = tmp_path / "web.log"
    log.write_text("of an earlier run\n")
    return log


@pytest.fixture
def follower(web_log: Path) -> Iterator[LogFollower]:
    with closing(LogFollower(web_log.parent, ["web", "worker"])) as follower:
        yield follower


def append(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


def test_new_lines_begin_at_the_end_of_what_is_there(follower: LogFollower) -> None:
    assert list(follower.new_lines()) == []


def test_new_lines_carry_the_name_of_their_process(follower: LogFollower, web_log: Path) -> None:
    append(web_log, "started\n")
    append(web_log.with_name("worker.log"), "ready\n")
    assert list(follower.new_lines()) == ["web    | started", "worker | ready"]
    assert list(follower.new_lines()) == []


def test_new_lines_wait_for_the_end_of_a_line(follower: LogFollower, web_log: Path) -> None:
    append(web_log, "half")
    assert list(follower.new_lines()) == []
    append(web_log, " and half\n")
    assert list(follower.new_lines()) == ["web    | half and half"]


def test_new_lines_follow_a_file_past_its_rotation(follower: LogFollower, web_log: Path) -> None:
    append(web_log, "last of the old\n")
    web_log.rename(web_log.with_suffix(".log.1"))
    append(web_log, "first of the new\n")
    assert list(follower.new_lines()) == ["web    | last of the old", "web    | first of the new"]
