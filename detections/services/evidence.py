"""From what recognition found to the row that is kept: pictures, readings and reasons."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from cameras.models import Camera
from detections.models import Detection
from detections.recognition.config import RecognitionConfig
from detections.recognition.images import crop_plates, encode_picture
from detections.recognition.passing import Outcome, Passing
from detections.recognition.registry import ModelRegistry
from detections.recognition.types import Frame, Sighting, pixels_of
from detections.services.recording import NewDetection

CROP_QUALITY = 95
VEHICLE_LOOKS = 3


def recognition_config(camera: Camera) -> RecognitionConfig:
    """The camera's settings as recognition takes them."""
    return RecognitionConfig(
        detector_confidence=camera.detector_confidence,
        accept_confidence=camera.accept_confidence,
        review_confidence=camera.review_confidence,
        min_frames_agreed=camera.min_frames_agreed,
        min_plate_width_px=camera.min_plate_width_px,
        vehicle_looks=VEHICLE_LOOKS if _observes_vehicles(camera.model_set) else 0,
        include_polygons=_polygons(camera.include_areas),
        exclude_polygons=_polygons(camera.exclude_areas),
        country=camera.country or None,
    )


def _observes_vehicles(model_set: str) -> bool:
    return ModelRegistry.load(Path(settings.MODELS_DIR)).model_set(model_set).observes_vehicles


def _polygons(areas: list[list[list[float]]]) -> tuple[tuple[tuple[float, float], ...], ...]:
    return tuple(tuple((x, y) for x, y in area) for area in areas)


def detection_of_passing(
    passing: Passing,
    *,
    camera: Camera,
    key: str,
    captured_at: datetime,
    origin: Detection.Origin,
    upload_id: UUID | None = None,
) -> NewDetection:
    """A passing that was read, as the detection that is kept of it.

    The frame kept is the frame that was read, and the crop is cut from it as the reader got it.

    Args:
        passing: Accepted or for review, with its best sighting and that sighting's frame.
        captured_at: The moment of the best sighting.
    """
    best = passing.best
    frame = None if passing.frame is None else pixels_of(passing.frame)
    box = _box(best) if best else None
    looks_to = camera.heading_degrees
    models = _models(passing, camera)
    return NewDetection(
        camera=camera,
        key=key,
        captured_at=captured_at,
        text=passing.raw_text,
        number=passing.text,
        country=passing.country or "",
        province=passing.province or "",
        confidence=passing.confidence,
        frames_agreed=passing.frames_agreed,
        frames_read=passing.frames_read,
        review=(
            Detection.Review.ACCEPTED
            if passing.decision.outcome is Outcome.ACCEPTED
            else Detection.Review.PENDING
        ),
        origin=origin,
        direction=passing.direction.heading,
        travel_degrees=None if looks_to is None else passing.direction.compass_degrees(looks_to),
        vehicle_kind=passing.vehicle_kind or "",
        vehicle_color=passing.vehicle_color or "",
        box=box,
        frame_size=(frame.shape[1], frame.shape[0]) if frame is not None else (0, 0),
        frame=None if frame is None else encode_frame(frame),
        crop=None if frame is None or best is None else _encode_crop(frame, best),
        upload_id=upload_id,
        model_set=models["set"],
        evidence=_evidence(passing, models),
    )


def encode_frame(frame: Frame) -> bytes:
    """The frame as it is kept: JPEG, whose encoding costs a thirtieth of WebP's."""
    return encode_picture(frame, codec="jpeg", quality=settings.PICTURE_QUALITY)


def _encode_crop(frame: Frame, best: Sighting) -> bytes:
    return encode_picture(crop_plates(frame, [best.box])[0], codec="jpeg", quality=CROP_QUALITY)


def _models(passing: Passing, camera: Camera) -> dict[str, str]:
    """What read the kept frame, in the worker's words: it alone knows what it has loaded."""
    reading = passing.best.reading if passing.best else None
    return dict(reading.models) if reading and reading.models else {"set": camera.model_set}


def _box(sighting: Sighting) -> tuple[int, int, int, int]:
    box = sighting.box
    return round(box.x_min), round(box.y_min), round(box.width), round(box.height)


def _evidence(passing: Passing, models: Mapping[str, str]) -> dict[str, Any]:
    return {
        "readings": [
            {
                "t": round(sighting.seen_s - passing.first_seen_s, 3),
                "text": sighting.reading.text,
                "confidence": round(sighting.reading.confidence, 4),
                "chars": [round(value, 4) for value in sighting.reading.char_confidences],
                "box": _box(sighting),
            }
            for sighting in passing.sightings
            if sighting.reading is not None
        ],
        "candidates": [
            {"text": candidate.text, "share": round(candidate.share, 4), "frames": candidate.frames}
            for candidate in passing.candidates
        ],
        "checks": [
            {
                "rule": check.rule,
                "value": round(check.value, 4),
                "limit": check.limit,
                "passed": check.passed,
            }
            for check in passing.decision.checks
        ],
        "repairs": [
            {"position": position, "read": read, "repaired": repaired}
            for position, read, repaired in passing.repairs
        ],
        "char_confidences": [round(value, 4) for value in passing.char_confidences],
        "country_confidence": round(passing.country_confidence, 4),
        "province_confidence": round(passing.province_confidence, 4),
        "seen_for_s": round(passing.last_seen_s - passing.first_seen_s, 3),
        "models": {**models},
    }
