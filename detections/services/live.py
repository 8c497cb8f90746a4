"""Tells live pages of new detections, once they are committed."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from detections.events import LiveDetection, publish_changes, publish_detections
from detections.models import Detection
from detections.services.frames import is_shown

# From here on it is cheaper to ask whether anybody listens than to describe detections to nobody.
LARGE_BATCH = 20


def live_detection(detection: Detection) -> LiveDetection:
    """What a live page shows of a detection; a stored one comes from `as_rows`."""
    plate = detection.plate
    return {
        "id": str(detection.pk),
        "organization_id": detection.organization_id,
        "camera_id": str(detection.camera_id),
        "camera": detection.camera.name,
        "plate_id": str(detection.plate_id or ""),
        "number": detection.shown_number,
        "country": plate.country if plate else detection.read_country,
        "province": plate.province if plate else detection.read_province,
        "confidence": detection.confidence,
        # They belong to what was read: another number has none.
        "char_confidences": (
            _char_confidences(detection) if detection.shown_number == detection.read_number else []
        ),
        "review": detection.review,
        "captured_at": detection.captured_at.isoformat(),
        "recorded_at": detection.recorded_at.isoformat(),
        "has_crop": bool(detection.crop_name),
        "has_frame": bool(detection.frame_name),
    }


def _char_confidences(detection: Detection) -> list[float]:
    """From the evidence, or the annotation of `as_rows`; a program may have sent anything."""
    if "evidence" in vars(detection):
        evidence: Any = detection.evidence
        found = evidence.get("char_confidences") if isinstance(evidence, dict) else None
    else:
        found = getattr(detection, "char_confidences", None)
    are_numbers = isinstance(found, list) and all(isinstance(c, int | float) for c in found)
    return list(found) if found and are_numbers else []


def announce_detections(*, detections: Sequence[Detection]) -> None:
    """Publish new detections, one message per camera.

    Of a large batch only what pages hear now: those that open later read the database.
    """
    if len(detections) >= LARGE_BATCH:
        cameras = {detection.camera_id for detection in detections}
        heard = {camera_id for camera_id in cameras if is_shown(camera_id)}
        detections = [item for item in detections if item.camera_id in heard]
    for camera_id, shown in _by_camera(detections).items():
        publish_detections(camera_id, shown)


def announce_changes(*, detections: Sequence[Detection]) -> None:
    """Publish detections that a person or a batch changed, one message per camera."""
    for camera_id, shown in _by_camera(detections).items():
        publish_changes(camera_id, shown)


def _by_camera(detections: Sequence[Detection]) -> dict[UUID, list[LiveDetection]]:
    by_camera: dict[UUID, list[LiveDetection]] = defaultdict(list)
    for detection in detections:
        by_camera[detection.camera_id].append(live_detection(detection))
    return by_camera
