"""Lists, entries, hits, alerts and recipients, made by the services that make real ones."""

from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from accounts.models import Organization, User
from alerts.models import (
    Alert,
    Endpoint,
    Entry,
    EscalationPolicy,
    EscalationStep,
    Feed,
    FeedRun,
    Hit,
    Watchlist,
)
from alerts.services.endpoints import save_endpoint
from alerts.services.entries import add_entry
from alerts.services.feeds.running import queue_apply, queue_run, work_on
from alerts.services.hits import match_recorded
from alerts.services.raising import raise_for_hits
from alerts.services.watchlists import create_watchlist
from cameras.models import Camera
from detections.models import Detection
from tests.detections.factories import make_detection

_numbers = count(1)


def make_watchlist(organization: Organization, **fields: Any) -> Watchlist:
    fields = {"name": f"List {next(_numbers)}", "owner": None, **fields}
    return create_watchlist(organization=organization, actor=None, **fields)


def make_entry(watchlist: Watchlist, number: str = "1กข1234", **fields: Any) -> Entry:
    """An entry that counts since yesterday."""
    fields.setdefault("effective_from", timezone.now() - timedelta(days=1))
    fields.setdefault("expires_at", timezone.now() + timedelta(days=30))
    return add_entry(watchlist=watchlist, number=number, actor=None, **fields)


def see(camera: Camera, text: str = "1กข1234", **fields: Any) -> tuple[Detection, list[Hit]]:
    """A detection, and the hits that it makes once it is committed."""
    detection = make_detection(camera, text=text, **fields)
    match_recorded(detections=[detection])
    return detection, list(Hit.objects.filter(detection=detection).order_by("id"))


def run_feed(*, feed: Feed, work: FeedRun.Work = FeedRun.Work.FETCH) -> FeedRun:
    """An update as a worker does it; the feed is then as it stands."""
    run = queue_run(feed=feed, actor=None, work=work)
    work_on(run_id=run.pk)
    feed.refresh_from_db()
    return FeedRun.objects.get(pk=run.pk)


def apply_run(*, run: FeedRun, actor: User) -> FeedRun:
    """What a person agrees to, applied as a worker does it."""
    queue_apply(run=run, actor=actor)
    work_on(run_id=run.pk)
    return FeedRun.objects.get(pk=run.pk)


def make_endpoint(
    organization: Organization, channel: str = "email", *, wanted: Any = None, **fields: Any
) -> Endpoint:
    """A recipient that takes any number of messages at once."""
    number = next(_numbers)
    actor = User.objects.create_superuser(f"root{number}@example.org", "a long enough passphrase")
    defaults = {"address": f"guard{number}@example.org"} if channel == "email" else {}
    endpoint = Endpoint(
        organization=organization,
        channel=channel,
        **{"name": f"Recipient {number}", "most_per_minute": 10_000, **fields},
    )
    return save_endpoint(endpoint=endpoint, wanted=wanted or defaults, actor=actor)


def make_policy(
    organization: Organization, *steps: tuple[int, list[Endpoint]], **fields: Any
) -> EscalationPolicy:
    """A policy that tells `endpoints` so many seconds after an alert."""
    policy = EscalationPolicy.objects.create(
        organization=organization, **{"name": f"Policy {next(_numbers)}", **fields}
    )
    for after, endpoints in steps:
        step = EscalationStep.objects.create(policy=policy, after_seconds=after)
        step.endpoints.set(endpoints)
    return policy


def make_alert(camera: Camera, text: str = "1กข1234", **fields: Any) -> Alert:
    """The alert of a hit of a list of its own."""
    watchlist = fields.pop("watchlist", None) or make_watchlist(camera.organization)
    if not Entry.objects.filter(watchlist=watchlist, number=text).exists():
        make_entry(watchlist, text)
    _, hits = see(camera, text, **fields)
    raise_for_hits(hits=[hit for hit in hits if hit.watchlist_id == watchlist.pk])
    return Alert.objects.filter(watchlist=watchlist).latest("id")
