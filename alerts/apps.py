"""Registers the app and its receivers."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """Alerts."""

    name = "alerts"
    verbose_name = "Alerts"

    def ready(self) -> None:
        from alerts import receivers  # noqa: F401
