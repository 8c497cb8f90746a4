"""Registers the app."""

from django.apps import AppConfig


class CamerasConfig(AppConfig):
    """Cameras."""

    name = "cameras"
    verbose_name = "Cameras"
