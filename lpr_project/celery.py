"""Celery application: queues `streams`, `recognition`, `deliveries` and `default`."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_ready
from django_structlog.celery.steps import DjangoStructLogInitStep

from lpr_project.common.broker import use_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lpr_project.settings.base")

use_broker()
app = Celery("lpr_project")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def keep_our_logging(**_kwargs: Any) -> None:
    """Settings configured logging; a receiver here keeps Celery from doing it again."""


@worker_ready.connect
def start_worker_heartbeat(sender: Any, **_kwargs: Any) -> None:
    """Workers are named after what they do: streams@node, recognition@node, worker@node."""
    from lpr_project.common.heartbeat import PROCESSES, start_heartbeat  # noqa: PLC0415  # needs apps

    process = sender.hostname.partition("@")[0]
    if process in PROCESSES:
        start_heartbeat(process)


@beat_init.connect
def start_beat_heartbeat(**_kwargs: Any) -> None:
    """The scheduler has no worker to speak for it."""
    from lpr_project.common.heartbeat import start_heartbeat  # noqa: PLC0415  # needs apps

    start_heartbeat("beat")
