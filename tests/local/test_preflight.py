"""What stands in the way is said in one sentence before anything is changed."""

import os
import shutil
import socket
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpr_project.local import preflight
from lpr_project.local.__main__ import main
from lpr_project.local.errors import LocalError
from lpr_project.local.ports import LOOPBACK, free_port, is_free
from lpr_project.local.preflight import GIB, check_folder, check_port

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def taken_port() -> Iterator[int]:
    server = socket.create_server((LOOPBACK, 0))
    try:
        yield server.getsockname()[1]
    finally:
        server.close()


def test_is_free_knows_a_port_that_somebody_listens_on(taken_port: int) -> None:
    assert not is_free(LOOPBACK, taken_port)
    assert is_free(LOOPBACK, free_port())


def test_check_port_taken_names_the_port_and_a_way_out(taken_port: int) -> None:
    with pytest.raises(LocalError, match=rf"{taken_port}.*taken.*LPR_PORT={taken_port + 1}"):
        check_port(LOOPBACK, taken_port)


def test_check_port_address_of_another_machine_is_refused() -> None:
    with pytest.raises(LocalError, match=r"LPR_HOST is '192\.0\.2\.1'"):
        check_port("192.0.2.1", free_port())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may listen on every port")
def test_check_port_of_root_alone_says_so() -> None:
    with pytest.raises(LocalError, match="may not listen on port 80"):
        check_port(LOOPBACK, 80)


def test_check_folder_full_disk_says_how_much_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = Usage(total=100 * GIB, used=99 * GIB, free=GIB)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(LocalError, match=r"1\.0 GiB left and 2 GiB are needed"):
        check_folder()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_check_folder_of_somebody_else_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tmp_path.chmod(0o500)
    monkeypatch.setattr(preflight, "ROOT", tmp_path)
    with pytest.raises(LocalError, match="You may not write"):
        check_folder()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("LPR_PORT", "eighty", "LPR_PORT is 'eighty'"),
        ("LPR_PORT", "65536", "must be a number from 1 to 65535"),
        ("SOURCE", "absent.mp4", "absent.mp4, and there is no such file"),
    ],
)
def test_run_wrong_wish_ends_with_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    says: str,
) -> None:
    monkeypatch.setenv(name, value)
    assert main(["run", "--source", os.environ.get("SOURCE", "")]) == 1
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
