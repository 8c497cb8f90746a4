"""Celery entry points of lists and alerts."""

from celery import shared_task


@shared_task
def match_pending() -> None:
    """Match detections whose matching was forgotten by a process that died."""
    from alerts.services.hits import match_pending as match

    match()
