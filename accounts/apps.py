"""Registers the app and its receivers."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, organizations, roles, keys, audit."""

    name = "accounts"
    verbose_name = "People and organizations"

    def ready(self) -> None:
        from accounts import receivers  # noqa: F401
