"""Detections, their counts, what keeps and deletes them, and what people made of what was read."""

from detections.models.certificates import DeletionCertificate
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
from detections.models.searches import SavedSearch, SearchSubscription
from detections.models.subjects import PlateRequest

__all__ = [
    "CameraAccuracy",
    "CorrectionBatch",
    "CorrectionRule",
    "CountChange",
    "DeletionCertificate",
    "Detection",
    "DetectionHour",
    "FunnelHour",
    "HeldDetection",
    "HeldPlate",
    "HeldSpan",
    "LegalHold",
    "NumberMatch",
    "PlateRequest",
    "RejectReason",
    "ReviewEntry",
    "SavedSearch",
    "SearchSubscription",
    "Upload",
]
