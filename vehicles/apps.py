"""Registers the app."""

from django.apps import AppConfig


class VehiclesConfig(AppConfig):
    """Vehicles."""

    name = "vehicles"
    verbose_name = "Vehicles"
