"""Hourly counts stay those of the detections, whatever happens to them."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from random import Random
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from cameras.models import Camera
from detections.models import CountChange, Detection, DetectionHour, RejectReason, ReviewEntry
from detections.models.counts import COUNTED
from detections.services.keeping import mark_hits
from detections.services.keeping.retention import purge_expired
from detections.services.passes import merge_detections, split_detection
from detections.services.recording import record_detections
from detections.services.reviewing import (
    confirm_detection,
    correct_detection,
    reject_detection,
    undo_entry,
)
from detections.services.rollups import add_up, hour_of, reconcile
from lpr_project.common.errors import LprError
from tests.detections.factories import make_detection, new_detection

Hours = Counter[tuple[UUID, datetime, str]]


def counted_one_by_one() -> Hours:
    """What the counts must be, without a word of SQL about hours."""
    counts: Hours = Counter()
    for detection in Detection.objects.all():
        where = (detection.camera_id, hour_of(detection.captured_at))
        counts[(*where, detection.review)] += 1
        counts[(*where, "hits")] += detection.is_hit
    return +counts


def rolled_up() -> Hours:
    counts: Hours = Counter()
    for model in (DetectionHour, CountChange):
        for row in model.objects.all():
            for name in COUNTED:
                counts[row.camera_id, row.hour, name] += getattr(row, name)
    return Counter({where: count for where, count in counts.items() if count})


def random_detection(random: Random) -> Detection:
    return random.choice(list(Detection.objects.select_related("camera").order_by("id")))


class Walk:
    """What may happen to detections, by chance."""

    def __init__(self, cameras: list[Camera], actor: User, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311  # no secret
        self.cameras, self.actor = cameras, actor
        self.start = timezone.now() - timedelta(hours=5)

    def record(self) -> None:
        review = self.random.choice([Detection.Review.ACCEPTED, Detection.Review.PENDING])
        items = [
            new_detection(
                self.random.choice(self.cameras),
                text=self.random.choice(["1กข 1234", "1กข 1284", "2ขค 99"]),
                captured_at=self.start + timedelta(seconds=self.random.randrange(9000)),
                review=review,
            )
            for _ in range(self.random.randrange(1, 6))
        ]
        # A part of them comes twice.
        record_detections(items=[*items, *items[:2]])

    def confirm(self) -> None:
        confirm_detection(detection_id=self.any.pk, actor=self.actor)

    def correct(self) -> None:
        correct_detection(
            detection_id=self.any.pk,
            actor=self.actor,
            number=self.random.choice(["1กข1234", "9กข9999"]),
            country="TH",
            province="TH-10",
        )

    def reject(self) -> None:
        reject_detection(
            detection_id=self.any.pk, actor=self.actor, reject_reason=RejectReason.NO_PLATE
        )

    def merge(self) -> None:
        merge_detections(kept_id=self.any.pk, absorbed_id=self.any.pk, actor=self.actor)

    def split(self) -> None:
        split_detection(detection_id=self.any.pk, actor=self.actor, number="7กข7777")

    def undo(self) -> None:
        entries = list(ReviewEntry.objects.order_by("-id")[:5])
        if entries:
            undo_entry(entry=self.random.choice(entries), actor=self.actor)

    def hit(self) -> None:
        mark_hits(detection_ids=[self.any.pk, self.any.pk])

    def purge(self) -> None:
        """Let go what is older than four hours: a part of what the walk records."""
        purge_expired(rest=0, batch=3)

    def add_up(self) -> None:
        add_up()

    @property
    def any(self) -> Detection:
        while not Detection.objects.exists():  # all of them may have been purged
            self.record()
        return random_detection(self.random)

    @property
    def steps(self) -> list[Callable[[], None]]:
        return [
            self.record,
            self.confirm,
            self.correct,
            self.reject,
            self.merge,
            self.merge,
            self.split,
            self.undo,
            self.undo,
            self.hit,
            self.purge,
            self.add_up,
        ]


@pytest.mark.parametrize("seed", range(4))
def test_counts_are_those_of_the_detections_after_any_walk(
    camera: Camera, second_camera: Camera, operator: User, staff: User, seed: int
) -> None:
    Camera.objects.update(retention_hours=4)
    walk = Walk([camera, second_camera], staff, seed)
    walk.record()
    refused = 0
    for _ in range(40):
        try:
            walk.random.choice(walk.steps)()
        except LprError:
            refused += 1
        assert rolled_up() == counted_one_by_one()
    assert refused < 35
    add_up()
    assert rolled_up() == counted_one_by_one()
    assert not CountChange.objects.exists()
    assert reconcile(since=walk.start, until=timezone.now(), repairs=False) == []


def test_reconcile_names_what_is_wrong_and_mends_it(camera: Camera) -> None:
    hour = hour_of(timezone.now()) - timedelta(hours=1)
    for _ in range(3):
        make_detection(camera, captured_at=hour)
    add_up()
    DetectionHour.objects.update(accepted=5, hits=1)
    DetectionHour.objects.create(camera=camera, hour=hour - timedelta(hours=30), rejected=2)
    told = StringIO()

    with pytest.raises(CommandError, match="2 hours differ"):
        call_command("reconcile_counts", stdout=told)
    assert "accepted -2, hits -1" in told.getvalue()
    call_command("reconcile_counts", repair=True, stdout=told)
    call_command("reconcile_counts", stdout=told)

    assert told.getvalue().endswith("The counts are those of the detections.\n")
    assert rolled_up() == counted_one_by_one()
