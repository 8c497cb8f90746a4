"""The project as an app: it binds Celery, and its system checks run with all others."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ProjectConfig(AppConfig):
    """Celery and system checks."""

    name = "lpr_project"
    verbose_name = "LPR Server"

    def ready(self) -> None:
        # Tasks declared with shared_task bind to this application in every process.
        from lpr_project import celery, checks  # noqa: F401


class LprAdminConfig(admin_apps.AdminConfig):
    """Django's admin on the product's own site."""

    default = False  # named in INSTALLED_APPS in Django's stead
    default_site = "lpr_project.common.admin.LprAdminSite"
