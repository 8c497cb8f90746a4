"""The funnel of a camera's hour: every stage and reason has a place, and counts add up."""

from datetime import UTC, datetime

import pytest

from cameras.models import Camera
from detections.models import FunnelHour
from detections.recognition.funnel import Funnel
from detections.recognition.types import Rejection
from detections.services.counts import add_to_funnel

pytestmark = pytest.mark.django_db

HOUR = datetime(2026, 5, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize("reason", Rejection)
def test_every_reason_is_counted(camera: Camera, reason: Rejection) -> None:
    for _ in range(2):
        counted = Funnel(frames=10, rejections={reason: 3})
        add_to_funnel(camera_id=camera.id, at=HOUR.replace(minute=40), counted=counted, dropped=1)
    hour = FunnelHour.objects.get(camera=camera, hour=HOUR)
    assert (hour.frames, hour.dropped, getattr(hour, reason.value)) == (20, 2, 6)


def test_an_hour_without_anything_has_no_row(camera: Camera) -> None:
    add_to_funnel(camera_id=camera.id, at=HOUR, counted=Funnel(), dropped=0)
    assert not FunnelHour.objects.exists()
