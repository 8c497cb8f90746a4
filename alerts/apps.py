"""Registers the app."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """Alerts."""

    name = "alerts"
    verbose_name = "Alerts"
