"""Celery entry points of exports and seals."""

from uuid import UUID

import structlog
from celery import shared_task

log = structlog.get_logger(__name__)


@shared_task(name="reports.tasks.make_export", time_limit=4 * 3600, soft_time_limit=4 * 3600 - 60)
def make_export(export_id: str) -> None:
    """Make the file of an export or evidence pack."""
    from reports.services.making import make_export as make

    make(UUID(export_id))


@shared_task(name="reports.tasks.resume_exports")
def resume_exports() -> None:
    """Queue again the exports whose message was lost or whose worker died."""
    from reports.services.exports import exports_to_resume, queue_export

    for export_id in exports_to_resume():
        queue_export(export_id)


@shared_task(name="reports.tasks.expire_exports")
def expire_exports() -> None:
    """Delete exported files whose time is over."""
    from reports.services.exports import expire_exports as expire

    if gone := expire():
        log.info("exports_expired", count=gone)


@shared_task(name="reports.tasks.seal_audit_trail")
def seal_audit_trail() -> None:
    """Seal the audit events that are not sealed yet."""
    from reports.services.seals import seal_trail

    if sealed := seal_trail():
        log.info("audit_trail_sealed", events=sealed)
