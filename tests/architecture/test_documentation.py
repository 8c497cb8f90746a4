"""What is written in docs/ holds."""

from pathlib import Path

import pytest
from django.conf import settings
from django.dispatch import Signal
from django.urls import URLPattern, URLResolver, get_resolver

from accounts import signals as accounts_signals
from accounts.models import Scope
from alerts import signals as alerts_signals
from detections import signals as detections_signals
from lpr_project.celery import app
from lpr_project.env import Env
from lpr_project.schedule import PERIODIC_TASKS

ROOT = Path(__file__).parents[2]


def read(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


@pytest.mark.parametrize("name", sorted(Env.model_fields))
def test_setting_is_documented_as_it_is_described(name: str) -> None:
    field = Env.model_fields[name]
    beginning = f"| `LPR_{name.upper()}` |"
    rows = [row for row in read("configuration.md").splitlines() if row.startswith(beginning)]

    assert len(rows) == 1
    assert field.description
    assert rows[0].endswith(f"| {field.description} |")


def test_signals_are_documented() -> None:
    text = read("architecture.md")
    for module in (accounts_signals, detections_signals, alerts_signals):
        for name, value in vars(module).items():
            if isinstance(value, Signal):
                assert f"`{module.__name__}.{name}`" in text


def test_tasks_are_documented_with_their_queues() -> None:
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    rows = {
        row.split("`")[1]: row for row in read("architecture.md").splitlines() if ".tasks." in row
    }

    assert rows.keys() == ours
    for name, row in rows.items():
        route = settings.CELERY_TASK_ROUTES.get(name, {})
        queue = route.get("queue", settings.CELERY_TASK_DEFAULT_QUEUE)
        assert row.split("`")[3] == queue, name


def test_periodic_tasks_exist() -> None:
    app.loader.import_default_modules()

    assert {schedule["task"] for schedule in PERIODIC_TASKS.values()} <= app.tasks.keys()


def test_socket_groups_and_events_are_documented() -> None:
    text = read("architecture.md")

    assert "`camera.<id in hexadecimal>`" in text
    assert "`live.detections`" in text
    assert "`live.changes`" in text
    assert "`live.camera`" in text


def test_scopes_and_paths_of_the_api_are_documented() -> None:
    text = read("api.md")
    for scope in Scope:
        assert f"| `{scope}` |" in text
    for path in api_paths():
        assert f"`{path}`" in text


def api_paths() -> set[str]:
    resolver = next(
        entry
        for entry in get_resolver().url_patterns
        if isinstance(entry, URLResolver) and entry.app_name == "api"
    )
    routes = [
        str(entry.pattern) for entry in resolver.url_patterns if isinstance(entry, URLPattern)
    ]
    plain = (route.strip("^$").replace("(?P<pk>[^/.]+)", "{id}") for route in routes)
    return {f"/{route}" for route in plain}
