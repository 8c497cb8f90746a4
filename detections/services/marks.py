"""What apps above say of detections: asked for a person's page, and told to those that are open."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from accounts.models import User
from detections.events import LiveMark, MarkedDetection, publish_marks
from detections.models import Detection
from detections.services.frames import is_shown
from detections.signals import mark_sources_asked, marks_asked


def marks_of(user: User, detections: Collection[Detection]) -> dict[UUID, list[LiveMark]]:
    """The marks of those of these detections that the user may see; of hits alone, if any is.

    A page is shown also when a receiver fails, which Django logs.
    """
    ids = [detection.pk for detection in detections if detection.is_hit]
    marks: dict[UUID, list[LiveMark]] = defaultdict(list)
    if not ids:
        return marks
    for _receiver, answer in marks_asked.send_robust(sender=Detection, user=user, ids=ids):
        if not isinstance(answer, Exception):
            for pk, said in answer.items():
                marks[pk] += said
    return marks


def mark_sources_of(user: User) -> frozenset[str]:
    """The `of` of the marks that the user may see.

    Raises:
        django.db.Error: The database is away, which is not to see none.
    """
    answers: list[Any] = mark_sources_asked.send(sender=Detection, user=user)
    return frozenset[str]().union(*(answer for _receiver, answer in answers))


def announce_marks(
    *, cameras: Mapping[UUID, UUID], marks: Mapping[UUID, Collection[LiveMark]]
) -> None:
    """Tell open pages what is now said of detections; of each all of it, or that nothing is.

    Args:
        cameras: The camera of each detection, by the detection's id.
        marks: By the detection's id; who may see which is for each socket to know.
    """
    by_camera: dict[UUID, list[MarkedDetection]] = defaultdict(list)
    for detection_id, camera_id in cameras.items():
        said = list(marks.get(detection_id, ()))
        by_camera[camera_id].append({"id": str(detection_id), "marks": said})
    for camera_id, marked in by_camera.items():
        publish_marks(camera_id, marked)


def heard_cameras(camera_ids: Collection[UUID]) -> set[UUID]:
    """Those of these cameras that somebody watches now: to others nothing need be told."""
    return {camera_id for camera_id in set(camera_ids) if is_shown(camera_id)}
