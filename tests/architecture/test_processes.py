"""What a process loads, and that code, database and settings agree."""

import subprocess
import sys

import pytest
from django.core.management import call_command

from lpr_project.celery import app

HEAVY = {
    "av",
    "cv2",
    "fast_plate_ocr",
    "onnxruntime",
    "openvino",
    "scipy",
    "torch",
    "ultralytics",
    "weasyprint",
}
LOAD_WEB = """
import sys
from lpr_project.asgi import application
from django.urls import get_resolver
get_resolver().url_patterns  # loads every page, view and API
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_web_process_loads_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOAD_WEB], capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.splitlines()[-1].split())
    assert "django" in loaded
    assert loaded & HEAVY == set()


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_settings_pass_the_checks_for_production(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check", fail_level="WARNING")


def test_cameras_do_not_wait_behind_uploads() -> None:
    def queue_of(task: str) -> str:
        return str(app.amqp.router.route({}, task)["queue"].name)

    uploads = queue_of("detections.tasks.read_upload")

    assert queue_of("detections.tasks.ensure_streams") == "streams" != uploads
    assert queue_of("detections.tasks.watch_camera") != uploads
