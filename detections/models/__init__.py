"""Detections, uploads, counts, holds, and what people and rules made of what was read."""

from detections.models.counts import CountChange, DetectionHour
from detections.models.detections import Detection, FunnelHour, Upload
from detections.models.keeping import HeldDetection, HeldPlate, HeldSpan, LegalHold
from detections.models.reviews import (
    CameraAccuracy,
    CorrectionBatch,
    CorrectionRule,
    NumberMatch,
    RejectReason,
    ReviewEntry,
)

__all__ = [
    "CameraAccuracy",
    "CorrectionBatch",
    "CorrectionRule",
    "CountChange",
    "Detection",
    "DetectionHour",
    "FunnelHour",
    "HeldDetection",
    "HeldPlate",
    "HeldSpan",
    "LegalHold",
    "NumberMatch",
    "RejectReason",
    "ReviewEntry",
    "Upload",
]
