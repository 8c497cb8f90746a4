"""Doors for machines: alive, ready, metrics."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from cameras.models import Camera
from detections.models import FunnelHour
from lpr_project import health
from lpr_project.common.heartbeat import PROCESSES

STRANGER = {"REMOTE_ADDR": "192.0.2.7"}
NOWHERE = "redis://127.0.0.1:1/1"


@pytest.fixture
def processes(db: None) -> None:
    """All kinds of process have been heard of just now."""
    for process in PROCESSES:
        cache.set(f"alive:{process}", "node:1", timeout=300)


def ready(client: Client, **extra: Any) -> tuple[int, dict[str, Any]]:
    answer = client.get("/readyz", **extra)
    return answer.status_code, json.loads(answer.content)


def test_healthz_asks_for_nothing(client: Client) -> None:
    answer = client.get("/healthz", **STRANGER)  # type: ignore[arg-type]  # WSGI's names

    assert answer.json() == {"status": "alive"}


def test_readyz_answers_a_stranger_in_one_word(client: Client, processes: None) -> None:
    status, answer = ready(client, **STRANGER)

    assert answer == {"status": "ready" if status == 200 else "not ready"}


def test_readyz_names_each_part_on_the_machine_itself(client: Client, processes: None) -> None:
    _, answer = ready(client)

    assert answer["parts"].keys() == health.PARTS.keys()
    for part in ("database", "redis", "workers", "storage"):
        assert answer["parts"][part] == "works"


def test_readyz_takes_a_proxy_on_the_machine_for_the_stranger_behind_it(
    client: Client, processes: None
) -> None:
    _, answer = ready(client, headers={"X-Forwarded-For": "192.0.2.7"})

    assert "parts" not in answer


def test_readyz_says_which_process_is_silent(client: Client, processes: None) -> None:
    cache.delete("alive:recognition")

    status, answer = ready(client)

    assert status == 503
    assert "recognition" in answer["parts"]["workers"]
    assert "streams" not in answer["parts"]["workers"]


def test_a_probe_leaves_no_line_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture, superuser: User
) -> None:
    assert client.get("/readyz").status_code == 503
    assert caplog.text == ""
    assert client.get("/nowhere").status_code == 404
    assert caplog.text.count("/nowhere") == 1


def test_readyz_says_that_redis_is_away(
    client: Client, processes: None, settings: Settings
) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": NOWHERE}}

    status, answer = ready(client)

    assert status == 503
    assert "LPR_REDIS_URL" in answer["parts"]["redis"]
    assert answer["parts"]["database"] == "works"


def test_readyz_says_that_nothing_can_be_written(
    client: Client, processes: None, settings: Settings
) -> None:
    settings.DATA_DIR = Path(__file__) / "folder"

    status, answer = ready(client)

    assert status == 503
    assert "LPR_DATA_DIR" in answer["parts"]["storage"]


def test_metrics_are_for_the_token_only(
    client: Client, settings: Settings, superuser: User
) -> None:
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "a token"

    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer b"}).status_code == 404
    client.force_login(superuser, "allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer a token"}).status_code == 200


def test_metrics_count_requests_funnel_queues_and_processes(
    client: Client, settings: Settings, camera: Camera, processes: None
) -> None:
    settings.METRICS_TOKEN = "a token"
    FunnelHour.objects.create(camera=camera, hour=timezone.now(), frames=250, blurred=3)
    client.get("/healthz")

    answer = client.get("/metrics", headers={"Authorization": "Bearer a token"})

    text = answer.content.decode()
    assert f'lpr_funnel_total{{camera="{camera.pk}",stage="frames"}} 250.0' in text
    assert f'lpr_funnel_total{{camera="{camera.pk}",stage="blurred"}} 3.0' in text
    assert 'lpr_queue_messages{queue="recognition"} 0.0' in text
    assert 'lpr_process_alive{process="beat"} 1.0' in text
    assert 'lpr_cameras{state="off"} 1.0' in text
    assert 'lpr_request_seconds_count{method="GET",status="200",view="healthz"}' in text
    assert "process_resident_memory_bytes" in text


def test_metrics_keep_no_methods_that_callers_made_up(
    client: Client, settings: Settings, db: None
) -> None:
    settings.METRICS_TOKEN = "a token"
    client.generic("MADEUP", "/healthz")

    text = client.get("/metrics", headers={"Authorization": "Bearer a token"}).content.decode()

    assert 'lpr_request_seconds_count{method="other"' in text
    assert "MADEUP" not in text
