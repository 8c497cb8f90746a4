"""Registers the app."""

from django.apps import AppConfig


class SpatialConfig(AppConfig):
    """Places."""

    name = "spatial"
    verbose_name = "Places"
