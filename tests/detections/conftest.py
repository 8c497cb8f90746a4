"""A real recognition worker and real clips for tests of detections."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery.contrib.testing.worker import start_worker
from django.core.files.storage import storages

from detections.models import Detection
from lpr_project.celery import app

TOLLGATE = Path(__file__).parents[2].parent / "shared/data/recognition/videos/tollgate.mp4"
TOLLGATE_PLATES = {"34A36837", "34A23126", "89C20339"}


@pytest.fixture
def recognition_worker(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Celery worker that answers micro-batches with the default models.

    However busy the machine is, it counts neither as slow nor as away.
    """
    monkeypatch.setattr("detections.services.inference.ANSWER_WITHIN_SECONDS", 60.0)
    with start_worker(
        app, pool="solo", queues=["recognition"], perform_ping_check=False, shutdown_timeout=120
    ):
        yield


@pytest.fixture
def tollgate() -> Path:
    """The real toll-gate clip; its pictures never enter the repository."""
    if not TOLLGATE.exists():
        pytest.skip(f"{TOLLGATE} is not on this machine")
    return TOLLGATE


def assert_pictures_are_whole() -> None:
    """Each detection has its frame and its plate, and both are what was hashed."""
    for detection in Detection.objects.all():
        for kind in ("frame", "crop"):
            with storages["pictures"].open(getattr(detection, f"{kind}_name")) as picture:
                digest = hashlib.sha256(picture.read()).hexdigest()
            assert digest == getattr(detection, f"{kind}_sha256")
