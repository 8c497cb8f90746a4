"""Celery entry points of cameras."""

from uuid import UUID

from celery import shared_task


@shared_task(name="cameras.tasks.test_connection", acks_late=False)
def test_connection(test_id: str) -> None:
    """Try a source once; what came of it waits in Redis for the page that asked."""
    from cameras.services import run_connection_test

    run_connection_test(test_id=UUID(test_id))


@shared_task(name="cameras.tasks.refresh_health")
def refresh_health() -> None:
    """Notice cameras that nobody reports on."""
    from cameras.services import refresh_camera_health

    refresh_camera_health()
