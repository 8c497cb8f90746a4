"""How often a rule would have fired: held against the passes of the past, for a bounded time."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from alerts.models import Rule
from alerts.selectors.marks import mark_sources_visible_to
from alerts.services.rules.firing import hits_of
from alerts.services.rules.holding import Happening, holds
from detections.models import Detection
from detections.selectors import detections_visible_to, in_time
from lpr_project.common.models import uuid7_floor

PASSES_MOST = 100_000
AT_ONCE = 1_000
EXAMPLES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBack:
    """What a rule would have done.

    `alerts` counts the firings less those within the cooldown of the same plate and camera.
    `since` is how far back was looked: less far than asked where `is_whole` is False.
    """

    firings: int
    alerts: int
    passes: int
    since: datetime
    is_whole: bool
    examples: list[Detection]


def look_back(*, rule: Rule, user: User, days: int = 7, seconds: float = 5.0) -> LookBack:
    """Hold a rule, saved or not, against the passes that the user may see, newest first."""
    deadline = time.monotonic() + seconds
    now = timezone.now()
    since = now - timedelta(days=days)
    visible = (
        detections_visible_to(user)
        .select_related("camera__organization", "plate")
        .filter(in_time(since=since, until=now), organization=rule.organization_id)
        .exclude(plate=None)
    )
    # What lists name is told only to who may see their hits, however it is asked.
    lists = mark_sources_visible_to(user)
    seen, reached, is_whole = 0, now, False
    last = uuid7_floor(now)
    fired: list[Detection] = []
    while seen < PASSES_MOST and time.monotonic() < deadline:
        passes = list(visible.filter(pk__lt=last)[:AT_ONCE])
        done, holding = _held(rule, passes, lists, deadline)
        fired += holding
        seen += len(done)
        if len(done) == len(passes) < AT_ONCE:
            reached, is_whole = since, True
            break
        if done:
            last, reached = done[-1].pk, done[-1].captured_at
    return LookBack(
        firings=len(fired),
        alerts=_count_alerts(fired, timedelta(seconds=rule.cooldown_seconds)),
        passes=seen,
        since=reached,
        is_whole=is_whole,
        examples=fired[:EXAMPLES],
    )


def _held(
    rule: Rule, passes: list[Detection], lists: Collection[UUID], deadline: float
) -> tuple[list[Detection], list[Detection]]:
    """The passes that were looked at before the deadline, and those for which the rule holds."""
    hits = hits_of([one.pk for one in passes])
    done: list[Detection] = []
    fired: list[Detection] = []
    for one in passes:
        # Before each: what a condition asks the database may take long for every one of them.
        if time.monotonic() >= deadline:
            break
        seen = [hit for hit in hits.get(one.pk, ()) if hit.watchlist_id in lists]
        happening = Happening(at=one.captured_at, camera=one.camera, detection=one, hits=seen)
        if holds(rule.conditions, happening):
            fired.append(one)
        done.append(one)
    return done, fired


def _count_alerts(fired: list[Detection], cooldown: timedelta) -> int:
    count = 0
    raised: dict[tuple[UUID, UUID | None], datetime] = {}
    for one in reversed(fired):
        same = (one.camera_id, one.plate_id)
        if same not in raised or one.captured_at - raised[same] >= cooldown:
            raised[same] = one.captured_at
            count += 1
    return count
