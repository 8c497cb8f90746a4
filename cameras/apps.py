"""Registers the app and its receivers."""

from django.apps import AppConfig


class CamerasConfig(AppConfig):
    """Cameras."""

    name = "cameras"
    verbose_name = "Cameras"

    def ready(self) -> None:
        from cameras import receivers  # noqa: F401
