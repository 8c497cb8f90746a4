"""Keeping: what hits, holds and retention say, and what goes."""

from uuid import uuid4

from cameras.models import Camera
from detections.models import Detection
from detections.services.keeping import mark_hits
from tests.detections.factories import make_detection


def test_mark_hits_marks_once_and_passes_over_what_is_gone(camera: Camera) -> None:
    hit, other = make_detection(camera), make_detection(camera)
    assert not hit.is_hit

    assert mark_hits(detection_ids=[hit.pk, hit.pk, uuid4()]) == 1
    assert mark_hits(detection_ids=[hit.pk]) == 0

    assert mark_hits(detection_ids=[]) == 0
    assert list(Detection.objects.filter(is_hit=True)) == [hit]
    assert list(Detection.objects.filter(is_hit=False)) == [other]
