"""Detections for tests, recorded by the service that records the real ones."""

from itertools import count
from typing import Any

from django.utils import timezone

from cameras.models import Camera
from detections.models import Detection
from detections.services.recording import NewDetection, record_detection

_numbers = count(1)


def new_detection(camera: Camera, **fields: Any) -> NewDetection:
    """An item for `record_detection`: a plate of its own, a key of its own, seen just now."""
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "key": f"event-{number}",
        "captured_at": timezone.now(),
        "text": f"1กข {number:04d}",
        "country": "TH",
        "province": "TH-10",
        "confidence": 0.9,
        "origin": Detection.Origin.INGEST,
    }
    return NewDetection(camera=camera, **{**defaults, **fields})


def make_detection(camera: Camera, **fields: Any) -> Detection:
    recorded = record_detection(item=new_detection(camera, **fields))
    return Detection.objects.get(pk=recorded.id)
