"""Celery entry points of vehicles."""

from celery import shared_task


@shared_task(name="vehicles.tasks.follow_tenures")
def follow_tenures() -> None:
    """Let plates point at the vehicle that has them as of today."""
    from vehicles.services.registrations import follow_tenures_of_today

    follow_tenures_of_today()
