"""Tells live pages of new detections, once they are committed."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from detections.events import LiveDetection, publish_detections
from detections.models import Detection


def live_detection(detection: Detection) -> LiveDetection:
    """What a live page shows of a detection; a stored one comes from `as_rows`."""
    return {
        "id": str(detection.pk),
        "camera_id": str(detection.camera_id),
        "camera": detection.camera.name,
        "number": detection.read_number,
        "country": detection.read_country,
        "province": detection.read_province,
        "confidence": detection.confidence,
        "char_confidences": _char_confidences(detection),
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
    """Publish new detections, one message per camera."""
    by_camera: dict[UUID, list[LiveDetection]] = defaultdict(list)
    for detection in detections:
        by_camera[detection.camera_id].append(live_detection(detection))
    for camera_id, shown in by_camera.items():
        publish_detections(camera_id, shown)
