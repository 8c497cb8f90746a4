"""Celery entry points of vehicles."""

from uuid import UUID

from celery import shared_task


@shared_task(name="vehicles.tasks.follow_tenures")
def follow_tenures() -> None:
    """Let plates point at the vehicle that has them as of today."""
    from vehicles.services.registrations import follow_tenures_of_today

    follow_tenures_of_today()


@shared_task(name="vehicles.tasks.check_import")
def check_import(import_id: str) -> None:
    """Compare a file of vehicles with what is known."""
    from vehicles.services.imports.imports import check_file

    check_file(import_id=UUID(import_id))


@shared_task(name="vehicles.tasks.apply_import")
def apply_import(import_id: str) -> None:
    """Take a file of vehicles over, as a whole or not at all."""
    from vehicles.services.imports.imports import apply_file

    apply_file(import_id=UUID(import_id))


@shared_task(name="vehicles.tasks.tidy_imports")
def tidy_imports() -> None:
    """Queue what was lost, and forget files that nobody looks at any more."""
    from vehicles.services.imports.imports import tidy_imports as tidy

    tidy()
