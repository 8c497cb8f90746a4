"""Celery application: queues `streams` (camera tasks), `recognition` (batches) and `default`."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lpr_project.settings.base")

app = Celery("lpr_project")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def keep_our_logging(**_kwargs: Any) -> None:
    """Settings configured logging; a receiver here keeps Celery from doing it again."""
