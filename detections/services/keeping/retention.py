"""Deletes what its retention has ended for, in small batches, oldest first."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.core.files.storage import storages
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Organization
from cameras.models import Camera
from cameras.selectors import Retention, retentions_of
from detections.models import DeletionCertificate, Detection, HeldSpan, Upload
from detections.selectors.keeping import active_holds, held_by
from detections.services.keeping.certificates import (
    close_certificate,
    close_interrupted,
    open_certificate,
)
from detections.services.keeping.removal import remove_detections, take_victims, wait_for_holds
from lpr_project.common.models import uuid7_floor

log = structlog.get_logger(__name__)

BATCH = 500
# The server's other work gets at least this much time for each second of deleting.
REST = 3.0
# Below the broker's limit, after which the task would be delivered again.
LONGEST_SECONDS = 20 * 60
# Held while one purge runs, so that another does not begin.
LOCK = 4_707_003
_UPLOADS_AT_ONCE = 100


class PurgeStoppedError(Exception):
    """The time of a run is over; the next one goes on."""


def purge_expired(
    *, longest_seconds: float = LONGEST_SECONDS, rest: float = REST, batch: int = BATCH
) -> int:
    """Delete the detections and uploads of all organizations whose retention has ended.

    Each batch is a transaction of its own; between batches the run rests.

    Args:
        rest: Seconds of rest for each second of work.

    Returns:
        How many detections went; 0 where another purge is running.
    """
    deadline = time.monotonic() + longest_seconds
    removed = 0
    with _alone() as is_alone:
        if not is_alone:
            return 0
        for organization in Organization.objects.order_by("pk"):
            purge = _Purge(organization, deadline=deadline, rest=rest, batch=batch)
            try:
                purge.run()
            except PurgeStoppedError:
                log.warning("purge_goes_on_later", organization_id=organization.pk)
                return removed + purge.certificate.detections
            removed += purge.certificate.detections
    return removed


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        [(is_alone,)] = cursor.fetchall()
        try:
            yield is_alone
        finally:
            if is_alone:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


class _Purge:
    """One organization's part of a run."""

    def __init__(
        self, organization: Organization, *, deadline: float, rest: float, batch: int
    ) -> None:
        self._organization = organization
        self._deadline, self._rest, self._batch = deadline, rest, batch
        self._now = timezone.now()
        self.certificate = open_certificate(
            organization=organization, kind=DeletionCertificate.Kind.RETENTION
        )

    def run(self) -> None:
        """Delete camera by camera, each from its oldest.

        Raises:
            PurgeStoppedError: The time is over; what went is certified.
        """
        close_interrupted(organization=self._organization)
        is_whole = False
        try:
            cameras = Camera.objects.filter(organization=self._organization).order_by("pk")
            for retention in retentions_of(cameras.select_related("organization")):
                self._purge_camera(retention)
                self._purge_uploads(retention)
            is_whole = True
        finally:
            close_certificate(certificate=self.certificate, is_whole=is_whole)

    def _purge_camera(self, retention: Retention) -> None:
        after: UUID | None = None
        while True:
            started = time.monotonic()
            after = self._remove_batch(retention, after)
            if after is None:
                return
            self._pause(time.monotonic() - started)

    @transaction.atomic(durable=True)
    def _remove_batch(self, retention: Retention, after: UUID | None) -> UUID | None:
        """Delete one batch; gives its last id, None where nothing was left."""
        wait_for_holds()
        victims = take_victims(self._expired(retention, after), most=self._batch)
        if not victims:
            return None
        self._note_rule(retention, len(victims))
        remove_detections(victims=victims, certificate=self.certificate)
        return victims[-1].id

    def _expired(self, retention: Retention, after: UUID | None) -> QuerySet[Detection]:
        plain = uuid7_floor(self._now - timedelta(hours=retention.hours))
        hits = uuid7_floor(self._now - timedelta(hours=retention.hit_hours))
        expired = Detection.objects.filter(camera_id=retention.camera_id, id__lt=plain)
        if hits != plain:
            expired = expired.filter(Q(is_hit=False) | Q(id__lt=hits))
        if after is not None:
            expired = expired.filter(id__gt=after)
        holds = active_holds(self._organization)
        if holds:
            expired = expired.filter(~held_by(holds))
        return expired

    def _note_rule(self, retention: Retention, count: int) -> None:
        rules = self.certificate.rules
        if not rules or rules[-1]["camera"] != str(retention.camera_id):
            rules.append(
                {
                    "camera": str(retention.camera_id),
                    "hours": retention.hours,
                    "said_by": retention.rule,
                    "hit_hours": retention.hit_hours,
                    "hits_said_by": retention.hit_rule,
                    "detections": 0,
                }
            )
        rules[-1]["detections"] += count

    def _purge_uploads(self, retention: Retention) -> None:
        """Delete what people uploaded, once its time is over and nothing read from it is kept."""
        before = self._now - timedelta(hours=retention.hours)
        read_from = Detection.objects.filter(upload=OuterRef("pk"))
        held = HeldSpan.objects.filter(
            hold__in=active_holds(self._organization),
            camera=OuterRef("camera_id"),
            since__lte=OuterRef("captured_at"),
            until__gt=OuterRef("captured_at"),
        )
        expired = Upload.objects.filter(
            ~Exists(read_from),
            ~Exists(held),
            camera_id=retention.camera_id,
            captured_at__lt=before,
            # Somebody may send an old video today.
            finished_at__lt=before,
        )
        while uploads := list(expired.order_by("pk")[:_UPLOADS_AT_ONCE]):
            with transaction.atomic():
                self.certificate.uploads += len(uploads)
                self.certificate.save()
                Upload.objects.filter(pk__in=[upload.pk for upload in uploads]).delete()
            for upload in uploads:
                _delete_upload_file(upload.stored_name)
            self._pause(0)

    def _pause(self, worked_seconds: float) -> None:
        time.sleep(worked_seconds * self._rest)
        if time.monotonic() > self._deadline:
            raise PurgeStoppedError


def _delete_upload_file(name: str) -> None:
    try:
        storages["uploads"].delete(name)
    except OSError:
        log.warning("upload_file_left_behind", name=name, exc_info=True)


def expires_at(detection: Detection, retention: Retention, *, is_hit: bool) -> datetime:
    """When the retention of a detection ends, as a hit or as none, if no hold keeps it."""
    hours = retention.hit_hours if is_hit else retention.hours
    return detection.captured_at + timedelta(hours=hours)
