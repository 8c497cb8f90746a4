"""Registers the app."""

from django.apps import AppConfig


class DetectionsConfig(AppConfig):
    """Detections."""

    name = "detections"
    verbose_name = "Detections"
