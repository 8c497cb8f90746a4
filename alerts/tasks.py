"""Celery entry points of lists and alerts."""

from uuid import UUID

from celery import shared_task


@shared_task
def match_pending() -> None:
    """Match detections whose matching was forgotten by a process that died."""
    from alerts.services.hits import match_pending as match

    match()


@shared_task(time_limit=120, soft_time_limit=90)
def send_lane(endpoint_id: int) -> None:
    """Send what waits at one endpoint; where it takes long, another task goes on."""
    from alerts.services.sending import drain_lane

    if drain_lane(endpoint_id=endpoint_id):
        send_lane.delay(endpoint_id)


@shared_task
def sweep_deliveries() -> None:
    """Queue again what waits at endpoints whose task was lost, or that have rested."""
    from alerts.services.outbox import lanes_to_wake

    for endpoint_id in lanes_to_wake():
        send_lane.apply_async(args=(endpoint_id,), expires=10)


@shared_task
def escalate_alerts() -> None:
    """Take the steps of escalations whose time has come."""
    from alerts.services.escalation import AT_ONCE_MOST, escalate_due

    while escalate_due() == AT_ONCE_MOST:
        pass


@shared_task
def raise_missed() -> None:
    """Raise alerts for hits and passes that a process which died left behind."""
    from alerts.services.raising import raise_missed as raise_hits
    from alerts.services.rules.firing import sweep_passes

    raise_hits()
    sweep_passes()


@shared_task
def watch_states() -> None:
    """Hold cameras and disk against the rules that ask for them."""
    from alerts.services.rules.firing import fire_for_states

    fire_for_states()


@shared_task
def run_feed(feed_id: str) -> None:
    """Fetch a feed by the clock and apply what differs."""
    from alerts.models import Feed, FeedRun
    from alerts.services.feeds.running import queue_run

    feed = Feed.objects.filter(pk=feed_id, is_active=True).select_related("watchlist").first()
    if feed is not None and not feed.watchlist.is_archived:
        queue_run(feed=feed, actor=None, work=FeedRun.Work.FETCH)


@shared_task(time_limit=1800, soft_time_limit=1740)
def work_on_feed(run_id: str) -> None:
    """Fetch, try or apply an update of a feed."""
    from alerts.services.feeds.running import work_on

    work_on(run_id=UUID(run_id))


@shared_task
def note_past_hits(entry_id: str, user_id: int, days: int) -> None:
    """Write the hits that an entry would have made before it was there."""
    from accounts.models import User
    from alerts.models import Entry
    from alerts.services.hits import note_past_hits as note

    entry = Entry.objects.filter(pk=entry_id).first()
    actor = User.objects.filter(pk=user_id, is_active=True).first()
    if entry is not None and actor is not None:
        note(entry=entry, actor=actor, days=days)


@shared_task
def tend_feeds() -> None:
    """Take up updates that a worker which died left behind, and tell of feeds that are stale."""
    from alerts.services.feeds.running import resume_lost
    from alerts.services.feeds.telling import tell_stale

    resume_lost()
    tell_stale()


@shared_task
def tend_lists() -> None:
    """Remind of entries that end soon, and delete files of dry runs that nobody agreed to."""
    from alerts.services.feeds.updating import forget_files
    from alerts.services.reminding import remind

    remind()
    forget_files()
