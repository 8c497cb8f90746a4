"""A second start prepares nothing again, unless something changed."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from lpr_project.local import preparation
from lpr_project.local.preparation import Preparation
from lpr_project.local.services import Services, throwaway_services


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    with throwaway_services({}, is_disposable=True) as services:
        assert services.postgres
        with psycopg.connect(services.postgres.url) as connection:
            connection.execute("CREATE TABLE django_migrations AS SELECT 7 AS id")
            connection.execute("CREATE TABLE accounts_user AS SELECT 'admin@lpr.example' AS email")
        yield services


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the clip in it, and a stamp that is this test's."""
    monkeypatch.setattr(preparation, "STAMP", tmp_path / "prepared.json")
    (tmp_path / "cameras" / "demonstration").mkdir(parents=True)
    (tmp_path / "cameras" / "demonstration" / "demonstration-1.mp4").touch()
    return tmp_path


@pytest.fixture
def prepared(services: Services, sources: Path, monkeypatch: pytest.MonkeyPatch) -> Preparation:
    """One that has seeded, by a command that only says so."""
    monkeypatch.setattr(preparation, "PYTHON", "echo")
    first = Preparation(services, {"LPR_SOURCES_DIR": str(sources)}, None)
    first.seed()
    assert json.loads((sources / "prepared.json").read_text())["log_in"] == "manage.py seed_demo"
    return first


def test_nothing_is_done_at_first(services: Services, sources: Path) -> None:
    assert not Preparation(services, {"LPR_SOURCES_DIR": str(sources)}, None).is_done()


def test_what_was_prepared_is_not_prepared_again(
    prepared: Preparation, services: Services, sources: Path
) -> None:
    again = Preparation(services, {"LPR_SOURCES_DIR": str(sources)}, None)
    assert again.is_done()
    assert again.log_in == prepared.log_in


@pytest.mark.usefixtures("prepared")
def test_a_source_or_other_settings_are_prepared_anew(services: Services, sources: Path) -> None:
    environment = {"LPR_SOURCES_DIR": str(sources)}
    assert not Preparation(services, environment, "my.mp4").is_done()
    assert not Preparation(services, {**environment, "LPR_DATA_DIR": "/d"}, None).is_done()


def test_a_database_that_was_changed_is_prepared_anew(
    prepared: Preparation, services: Services
) -> None:
    assert services.postgres
    with psycopg.connect(services.postgres.url, autocommit=True) as connection:
        connection.execute("INSERT INTO django_migrations VALUES (8)")
    assert not prepared.is_done()


def test_a_clip_that_is_gone_is_prepared_anew(prepared: Preparation, sources: Path) -> None:
    (sources / "cameras" / "demonstration" / "demonstration-1.mp4").unlink()
    assert not prepared.is_done()
