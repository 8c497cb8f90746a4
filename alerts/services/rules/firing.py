"""Holds what happens against the rules, and raises what they ask for."""

import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from alerts.models import Alert, Feed, Hit, PendingMatch, Rule, RuleClock, ShadowFiring
from alerts.services.raising import Cause, facts_of_detection, raise_alerts
from alerts.services.rules.holding import (
    Happening,
    asks_for_absence,
    hits_asked_for,
    holds,
)
from cameras.models import Camera, CameraStatus
from detections.models import Detection
from detections.selectors import in_time

log = structlog.get_logger(__name__)

# Passes that were captured so long before they were recorded are not news.
LATEST = timedelta(hours=6)
# What the sweeper looks at again, for work that was still under way.
OVERLAP = timedelta(seconds=30)
SWEPT_MOST = 5_000
PER_CENT = 100


def fire_for_passes(*, detections: Sequence[Detection]) -> list[Alert]:
    """Hold new passes against the rules of their organizations.

    A rule for what is on no list waits until the lists were asked: a pass whose matching was put
    off or forgotten comes here again once it is done.
    """
    rules = _active_rules({one.organization_id for one in detections}, Rule.Trigger.PASS)
    if not rules:
        return []
    earliest = timezone.now() - LATEST
    passes = [
        one
        for one in detections
        if one.captured_at >= earliest and one.organization_id in rules and one.plate_id
    ]
    ids = [one.pk for one in passes]
    hits = hits_of(ids)
    every = [rule for each in rules.values() for rule in each]
    of_absence = {rule.pk for rule in every if asks_for_absence(rule.conditions)}
    unmatched = unmatched_of(ids) if of_absence else set()
    fired = [
        (rule, happening)
        for one in passes
        for happening in (_happening(one, hits),)
        for rule in rules[one.organization_id]
        if not (rule.pk in of_absence and one.pk in unmatched) and holds(rule.conditions, happening)
    ]
    return _fire([(rule, cause_of_pass(rule, happening)) for rule, happening in fired])


def hits_of(detection_ids: Iterable[UUID]) -> dict[UUID, list[Hit]]:
    """The hits of passes that stand."""
    by_pass: dict[UUID, list[Hit]] = defaultdict(list)
    found = Hit.objects.filter(detection__in=list(detection_ids), withdrawn_at=None)
    for hit in found.select_related("watchlist"):
        by_pass[hit.detection_id].append(hit)
    return by_pass


def unmatched_of(detection_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these passes that are not yet held against the lists."""
    notes = PendingMatch.objects.filter(
        kind=PendingMatch.Kind.RECORDED, detection_ids__overlap=detection_ids
    )
    noted = {pk for ids in notes.values_list("detection_ids", flat=True) for pk in ids}
    return noted & set(detection_ids)


def _happening(detection: Detection, hits: dict[UUID, list[Hit]]) -> Happening:
    return Happening(
        at=detection.captured_at,
        camera=detection.camera,
        detection=detection,
        hits=hits.get(detection.pk, ()),
    )


def _active_rules(organization_ids: Iterable[int], *triggers: str) -> dict[int, list[Rule]]:
    rules: dict[int, list[Rule]] = defaultdict(list)
    wanted = Rule.objects.filter(
        organization__in=list(organization_ids), trigger__in=triggers, is_active=True
    )
    for rule in wanted:
        rules[rule.organization_id].append(rule)
    return rules


def cause_of_pass(rule: Rule, happening: Happening) -> Cause:
    """A rule that a pass fulfils, as the cause of an alert."""
    detection, camera = happening.detection, happening.camera
    assert detection is not None, "a pass is a detection"
    assert camera is not None, "of a camera"
    asked = hits_asked_for(rule.conditions, happening.hits)
    # Lists of few eyes first: who may see only one of several sees none of the alert.
    hit = min(asked, key=lambda one: (len(one.watchlist.hit_roles), str(one.pk)), default=None)
    plate = detection.plate
    number = detection.shown_number
    return Cause(
        key=f"rule:{rule.pk}:{detection.pk}",
        organization_id=rule.organization_id,
        same=f"rule:{rule.pk}:{camera.pk}:{detection.plate_id}",
        title=f"{number} · {rule.name} · {camera.name}",
        priority=rule.priority,
        at=detection.captured_at,
        facts={
            **_facts(rule, camera),
            **({"list": hit.watchlist.name, "category": hit.watchlist.category} if hit else {}),
            **facts_of_detection(detection),
        },
        detection_id=detection.pk,
        camera_id=camera.pk,
        watchlist_id=hit.watchlist_id if hit else None,
        rule_id=rule.pk,
        policy_id=rule.policy_id,
        cooldown_seconds=rule.cooldown_seconds,
        number=number,
        country=plate.country if plate else detection.read_country,
        province=plate.province if plate else detection.read_province,
    )


def _facts(rule: Rule, camera: Camera | None) -> dict[str, object]:
    point = camera.point if camera else None
    return {
        "rule": rule.name,
        "policy": "rule",
        "camera": camera.name if camera else "",
        "position": [point.y, point.x] if point else None,
        "reason": "",
    }


def _fire(fired: Sequence[tuple[Rule, Cause]]) -> list[Alert]:
    """Raise what live rules ask for, and count what rules in shadow would have raised."""
    ShadowFiring.objects.bulk_create(
        [
            ShadowFiring(
                key=cause.key,
                rule=rule,
                watchlist_id=cause.watchlist_id,
                detection_id=cause.detection_id,
                at=cause.at,
            )
            for rule, cause in fired
            if rule.is_shadow
        ],
        ignore_conflicts=True,
    )
    return raise_alerts(causes=[cause for rule, cause in fired if not rule.is_shadow])


def sweep_passes() -> int:
    """Hold against the rules what a process that died left out; returns how many were looked at."""
    now = timezone.now()
    looked_at = 0
    organizations = (
        Rule.objects.filter(trigger=Rule.Trigger.PASS, is_active=True)
        .order_by()
        .values_list("organization_id", flat=True)
        .distinct()
    )
    for organization_id in organizations:
        clock, _made = RuleClock.objects.get_or_create(
            organization_id=organization_id, defaults={"checked_until": now}
        )
        since = max(clock.checked_until - OVERLAP, now - LATEST)
        passes = list(
            Detection.objects.select_related("camera__organization", "plate")
            .defer("evidence")
            .filter(in_time(since=since, until=now), organization=organization_id)
            .order_by("id")[:SWEPT_MOST]
        )
        fire_for_passes(detections=passes)
        is_all = len(passes) < SWEPT_MOST
        clock.checked_until = now if is_all else passes[-1].captured_at + OVERLAP
        clock.save()
        looked_at += len(passes)
    return looked_at


def fire_for_states() -> list[Alert]:
    """Hold the state of cameras, feeds and the disk against the rules that ask for it."""
    rules = Rule.objects.exclude(trigger=Rule.Trigger.PASS).filter(is_active=True)
    fired: list[tuple[Rule, Cause]] = []
    for rule in rules.select_related("organization"):
        if rule.trigger == Rule.Trigger.FEED_STALE:
            fired += [(rule, cause) for cause in _feeds_stale(rule)]
        elif rule.trigger == Rule.Trigger.CAMERA_DOWN:
            fired += [(rule, cause) for cause in _cameras_down(rule)]
        elif cause := _disk_full(rule):
            fired.append((rule, cause))
    return _fire(fired)


def _cameras_down(rule: Rule) -> Iterable[Cause]:
    now = timezone.now()
    down = CameraStatus.objects.select_related("camera__organization").filter(
        Q(state=CameraStatus.State.FAILING) | Q(state=CameraStatus.State.WAITING),
        camera__organization=rule.organization_id,
        camera__is_enabled=True,
        camera__is_archived=False,
        since__lt=now - timedelta(minutes=rule.threshold),
    )
    for status in down:
        camera = status.camera
        if not holds(rule.conditions, Happening(at=now, camera=camera)):
            continue
        since: datetime = status.since or now
        yield Cause(
            # Once for each time that it goes down.
            key=f"rule:{rule.pk}:{camera.pk}:{int(since.timestamp())}",
            organization_id=rule.organization_id,
            same=f"rule:{rule.pk}:{camera.pk}",
            title=_("%(camera)s is down · %(rule)s") % {"camera": camera.name, "rule": rule.name},
            priority=rule.priority,
            at=now,
            facts={**_facts(rule, camera), "reason": status.error},
            camera_id=camera.pk,
            rule_id=rule.pk,
            policy_id=rule.policy_id,
            cooldown_seconds=rule.cooldown_seconds,
        )


def _feeds_stale(rule: Rule) -> Iterable[Cause]:
    now = timezone.now()
    feeds = Feed.objects.filter(
        organization=rule.organization_id,
        is_active=True,
        watchlist__is_active=True,
        watchlist__is_archived=False,
    )
    for feed in feeds.select_related("watchlist__organization"):
        watchlist = feed.watchlist
        happening = Happening(at=now, watchlist=watchlist)
        if not feed.is_stale or not holds(rule.conditions, happening):
            continue
        yield Cause(
            # Once for each time that it stays without a good update.
            key=f"rule:{rule.pk}:{feed.pk}:{int(feed.good_until.timestamp())}",
            organization_id=rule.organization_id,
            same=f"rule:{rule.pk}:{feed.pk}",
            title=_("Feed %(feed)s of %(list)s is stale · %(rule)s")
            % {"feed": feed.name, "list": watchlist.name, "rule": rule.name},
            priority=rule.priority,
            at=now,
            facts={
                **_facts(rule, None),
                "list": watchlist.name,
                "category": watchlist.category,
                "reason": _("It brought nothing good for %(hours)d hours. Its list says why.")
                % {"hours": feed.stale_after_hours},
            },
            # Only who sees the list's hits hears of it.
            watchlist_id=watchlist.pk,
            rule_id=rule.pk,
            policy_id=rule.policy_id,
            cooldown_seconds=rule.cooldown_seconds,
        )


def _disk_full(rule: Rule) -> Cause | None:
    folder = next(one for one in (settings.DATA_DIR, *settings.DATA_DIR.parents) if one.exists())
    usage = shutil.disk_usage(folder)
    used = usage.used * PER_CENT / usage.total
    if used < rule.threshold:
        return None
    now = timezone.now()
    return Cause(
        key=f"rule:{rule.pk}:disk:{now:%Y-%m-%d}",
        organization_id=rule.organization_id,
        same=f"rule:{rule.pk}:disk",
        title=_("The disk is %(used)d %% full · %(rule)s") % {"used": int(used), "rule": rule.name},
        priority=rule.priority,
        at=now,
        facts={**_facts(rule, None), "reason": _("Free space, or shorten the retention.")},
        rule_id=rule.pk,
        policy_id=rule.policy_id,
        cooldown_seconds=rule.cooldown_seconds,
    )
