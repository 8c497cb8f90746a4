"""Missing packages are named, with the command that would install them."""

import os
import shutil

import pytest

from lpr_project.local import packages
from lpr_project.local.errors import LocalError
from lpr_project.local.packages import Need, install_missing


@pytest.fixture
def lacking_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    needs = [
        Need(lambda: ["redis-tools"], lambda: False),
        Need(lambda: ["ffmpeg"], lambda: True),
        Need(lambda: ["nodejs", "npm"], lambda: False),
    ]
    monkeypatch.setattr(packages, "NEEDS", needs)


def test_install_missing_all_there_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "NEEDS", [Need(lambda: ["ffmpeg"], lambda: True)])
    monkeypatch.setenv("PATH", "")
    install_missing(for_tests=False)


@pytest.mark.usefixtures("lacking_machine")
def test_install_missing_without_apt_names_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(LocalError, match="redis-tools nodejs npm"):
        install_missing(for_tests=False)


@pytest.mark.usefixtures("lacking_machine")
def test_install_missing_without_the_right_gives_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "sudo" else name)
    with pytest.raises(LocalError, match=r"apt-get install .* redis-tools nodejs npm"):
        install_missing(for_tests=False)
