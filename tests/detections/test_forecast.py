"""The disk forecast: from what came in, with a sentence that says what to do."""

from collections import namedtuple
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from cameras.models import Camera
from detections.services.keeping import forecast
from detections.services.keeping.forecast import forecasts, warnings
from tests.detections.factories import make_detection

Usage = namedtuple("Usage", "total used free")  # as shutil gives it
GIB = 2**30


@pytest.fixture
def filled(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A disk of which so many per cent are used; none can be filled for a test."""

    def fill(percent: int, total: int = 100 * GIB) -> None:
        free = total * (100 - percent) // 100
        usage = Usage(total, total - free, free)
        monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)

    return fill


def test_days_left_follow_from_pictures_and_rows_of_the_last_days(
    camera: Camera, jpeg: bytes, filled: Callable[..., None]
) -> None:
    filled(50)
    for hours in (1, 30, 40):
        make_detection(camera, captured_at=timezone.now() - timedelta(hours=hours), frame=jpeg)

    pictures, database = forecasts()

    assert pictures.used_percent == 50
    assert pictures.bytes_per_day >= 3 * len(jpeg) / forecast.DAYS
    assert pictures.days_left is not None
    assert pictures.days_left == pytest.approx(50 * GIB / pictures.bytes_per_day, rel=0.01)
    assert database.used_bytes > 1_000_000
    assert (pictures.level, pictures.sentence) == ("fine", "")


@pytest.mark.parametrize(
    ("percent", "level", "says"),
    [(70, "note", "Plan for"), (80, "warning", "shorten the retention"), (95, "full", "today")],
)
def test_full_disk_says_what_to_do_everywhere(
    camera: Camera,
    jpeg: bytes,
    client_of: Callable[[User], APIClient],
    client: Client,
    settings: Settings,
    filled: Callable[..., None],
    django_user_model: type[User],
    percent: int,
    level: str,
    says: str,
) -> None:
    filled(percent, 1024**2)
    for hours in (1, 30, 40):
        make_detection(camera, captured_at=timezone.now() - timedelta(hours=hours), frame=jpeg)
    settings.METRICS_TOKEN = "scrape"

    pictures, _database = forecasts()

    assert pictures.level == level
    assert f"{percent} % full" in pictures.sentence
    assert says in pictures.sentence
    assert says in warnings()["pictures"]
    token = {"Authorization": "Bearer scrape"}
    assert says in client.get("/readyz", headers=token).json()["warnings"]["pictures"]
    figures = client.get("/metrics", headers=token).content.decode()
    assert 'lpr_disk_free_bytes{storage="pictures"}' in figures
    root = django_user_model.objects.create_superuser("root@example.org", "a long password")
    assert says in client_of(root).get("/admin/host-state/").content.decode()


@pytest.mark.parametrize("percent", [70, 82, 95])
def test_disk_that_detections_hardly_fill_asks_for_no_shorter_retention(
    camera: Camera, jpeg: bytes, filled: Callable[..., None], percent: int
) -> None:
    filled(percent)
    for hours in (1, 30, 40):
        make_detection(camera, captured_at=timezone.now() - timedelta(hours=hours), frame=jpeg)

    pictures, _database = forecasts()

    assert pictures.days_left is not None
    assert pictures.days_left > 180
    assert "lasts for years" in pictures.sentence
    assert "hardly fill it" in pictures.sentence
    assert "shorten" not in pictures.sentence


def test_disk_that_cannot_be_looked_at_warns_of_nothing(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_path: object) -> None:
        raise PermissionError

    monkeypatch.setattr("shutil.disk_usage", fail)

    assert warnings() == {}
