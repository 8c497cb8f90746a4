"""Registers the app and its receivers."""

from django.apps import AppConfig


class DetectionsConfig(AppConfig):
    """Detections."""

    name = "detections"
    verbose_name = "Detections"

    def ready(self) -> None:
        from detections import receivers  # noqa: F401
