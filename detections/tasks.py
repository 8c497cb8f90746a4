"""Celery entry points of detections."""

from datetime import timedelta
from itertools import chain
from typing import Any
from uuid import UUID

import structlog
from celery import shared_task
from celery.signals import worker_ready, worker_shutting_down
from django.utils import timezone

log = structlog.get_logger(__name__)


@worker_shutting_down.connect
def stop_camera_tasks(**_kwargs: Any) -> None:
    """Let the camera tasks of this process flush and end, so that the pool can."""
    from detections.services.watching import shutting_down

    shutting_down.set()


@worker_ready.connect
def load_models(sender: Any, **_kwargs: Any) -> None:
    """Load the default models before the first frame waits for them."""
    if not sender.hostname.startswith("recognition@"):
        return
    from detections.recognition.errors import RecognitionError
    from detections.services.batches import warm_up

    try:
        warm_up()
    except RecognitionError as error:
        # The worker stays: cameras that ask are told the same sentence, and so is the status page.
        log.error("models_not_loaded", reason=str(error))  # noqa: TRY400  # the sentence says it all


@shared_task(name="detections.tasks.watch_camera", acks_late=False)
def watch_camera(camera_id: str) -> None:
    """Watch one camera for as long as it should be watched.

    Acknowledged at once: a lost message is sent again by `ensure_streams`, and one that were kept
    until the end would be delivered a second time after the broker's visibility limit. A pool of
    threads, which camera tasks run in, knows no time limits.
    """
    from detections.services.watching import watch_camera as watch

    watch(UUID(camera_id))


@shared_task(name="detections.tasks.ensure_streams")
def ensure_streams() -> None:
    """Start a task for every camera that should be watched and that nobody watches."""
    from cameras.selectors import cameras_to_watch
    from detections.services.leases import is_leased, may_lease

    if not may_lease():
        return
    for camera_id in cameras_to_watch().values_list("pk", flat=True):
        if not is_leased(camera_id):
            watch_camera.apply_async(args=(str(camera_id),), expires=10)


@shared_task(name="detections.tasks.recognise_batch", acks_late=False)
def recognise_batch(batch: dict[str, Any]) -> None:
    """Find or read the plates of one micro-batch; a lost one is not worth a second try."""
    from detections.services.batches import recognise

    recognise(batch)  # type: ignore[arg-type]  # JSON of a Batch


@shared_task(name="detections.tasks.ensure_partitions")
def ensure_partitions() -> None:
    """Make the partitions of the coming months."""
    from detections.services.partitions import ensure_partitions as ensure
    from detections.services.partitions import months_ahead

    made = ensure(months=months_ahead(timezone.now()))
    if made:
        log.info("partitions_made", names=made)


@shared_task(
    name="detections.tasks.read_upload", time_limit=6 * 3600, soft_time_limit=6 * 3600 - 60
)
def read_upload(upload_id: str) -> None:
    """Read an uploaded picture or video."""
    from detections.services.reading import read_upload as read

    read(UUID(upload_id))


@shared_task(name="detections.tasks.resume_uploads")
def resume_uploads() -> None:
    """Queue again the uploads whose message was lost or whose reader died."""
    from detections.services.uploads import queue_upload, uploads_to_resume

    for upload_id in uploads_to_resume():
        queue_upload(upload_id)


@shared_task(name="detections.tasks.forget_orphaned_entries")
def forget_orphaned_entries() -> None:
    """Let the review history of detections go that are gone."""
    from detections.services.decisions import forget_orphaned_entries as forget

    if gone := forget():
        log.info("review_entries_forgotten", count=gone)


@shared_task(name="detections.tasks.add_up_counts")
def add_up_counts() -> None:
    """Add the changes of counts to their hours."""
    from detections.services.rollups import add_up

    add_up()


@shared_task(name="detections.tasks.reconcile_counts", time_limit=3600)
def reconcile_counts() -> None:
    """Compare the counts of the last two days with the detections, and mend what differs."""
    from detections.services.rollups import reconcile

    now = timezone.now()
    if found := reconcile(since=now - timedelta(days=2), until=now, repairs=True):
        log.warning("counts_repaired", hours=len(found))


@shared_task(name="detections.tasks.purge_expired", soft_time_limit=1500, time_limit=1560)
def purge_expired() -> None:
    """Delete what its retention has ended for, and note the end of holds whose time has come."""
    from detections.services.keeping.holds import end_expired_holds
    from detections.services.keeping.retention import purge_expired as purge
    from detections.services.partitions import drop_empty_partitions

    end_expired_holds()
    if removed := purge():
        log.info("detections_purged", count=removed)
    if dropped := drop_empty_partitions(before=timezone.now()):
        log.info("partitions_dropped", names=dropped)


@shared_task(name="detections.tasks.forget_unseen_plates")
def forget_unseen_plates() -> None:
    """Let plates go of which no detection is left and that nothing names."""
    from vehicles.services import forget_unseen_plates as forget

    if gone := forget():
        log.info("plates_forgotten", count=gone)


@shared_task(name="detections.tasks.tell_subscribers")
def tell_subscribers() -> None:
    """Queue the mails of saved searches that are due."""
    from detections.services.saved_searches import due_subscriptions

    for subscription_id in due_subscriptions(timezone.now()):
        tell_subscriber.delay(subscription_id)


@shared_task(
    name="detections.tasks.tell_subscriber",
    autoretry_for=(OSError,),
    retry_backoff=60,
    max_retries=3,
)
def tell_subscriber(subscription_id: int) -> None:
    """Mail what one saved search newly found to one person; what was told is not told again."""
    from detections.services.saved_searches import tell_subscriber as tell

    if count := tell(subscription_id=subscription_id):
        log.info("search_told", subscription_id=subscription_id, detections=count)


@shared_task(name="detections.tasks.check_pictures", soft_time_limit=1500, time_limit=1560)
def check_pictures() -> None:
    """Mend orphans on either side, of files of all days and of detections of the last two."""
    from detections.services.keeping.pictures import check_files, check_rows

    now = timezone.now()
    rows = check_rows(since=now - timedelta(days=2), until=now, repairs=True, reads_hashes=True)
    for finding in chain(check_files(repairs=True), rows):
        log.warning("picture_amiss", kind=finding.kind, name=finding.name)


@shared_task(name="detections.tasks.serve_plate_request", soft_time_limit=1500, time_limit=1560)
def serve_plate_request(request_id: str) -> None:
    """Export or erase all about a plate."""
    from detections.services.keeping.subjects import serve_request

    serve_request(request_id=UUID(request_id))


@shared_task(name="detections.tasks.resume_plate_requests")
def resume_plate_requests() -> None:
    """Queue again what was lost, and let files go whose time is over."""
    from detections.services.keeping.subjects import (
        forget_expired_files,
        queue_request,
        requests_to_resume,
    )

    forget_expired_files()
    for request_id in requests_to_resume():
        queue_request(request_id)
