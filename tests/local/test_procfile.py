"""The Procfile is read as other programs read it."""

from pathlib import Path

import pytest

from lpr_project.local.errors import LocalError
from lpr_project.local.paths import ROOT
from lpr_project.local.procfile import read_procfile
from reports.services.columns import BATCH_MOST


def test_read_procfile_keeps_order_and_colons(tmp_path: Path) -> None:
    file = tmp_path / "Procfile"
    file.write_text("# processes\nweb: serve --at 127.0.0.1:8000\n\nbeat: tick\n")
    assert list(read_procfile(file).items()) == [
        ("web", "serve --at 127.0.0.1:8000"),
        ("beat", "tick"),
    ]


def test_read_procfile_line_without_a_name_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "Procfile"
    file.write_text("serve everything\n")
    with pytest.raises(LocalError, match="serve everything"):
        read_procfile(file)


def test_read_procfile_of_the_project_has_every_process_of_the_design() -> None:
    assert list(read_procfile(ROOT / "Procfile")) == [
        "web",
        "streams",
        "recognition",
        "worker",
        "deliveries",
        "beat",
    ]


def test_a_request_whose_client_left_may_end_however_long_its_query_takes() -> None:
    # One that is killed gives no connection of the pool back; after a few, no page opens.
    web = read_procfile(ROOT / "Procfile")["web"].split()
    seconds = int(web[web.index("--application-close-timeout") + 1])
    assert seconds > int(BATCH_MOST.removesuffix("s"))
