"""Staff pages of detections, uploads, the funnel, reviews and accuracy."""

from detections.admin import accuracy, detections, keeping, reviews  # noqa: F401
