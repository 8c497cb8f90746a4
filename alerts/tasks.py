"""Celery entry points of lists and alerts."""

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


@shared_task(time_limit=1800, soft_time_limit=1740)
def run_feed(feed_id: str) -> None:
    """Fetch a feed and apply what differs."""
    from alerts.models import Feed
    from alerts.services.feeds.updating import run_feed as run

    feed = Feed.objects.filter(pk=feed_id, is_active=True).select_related("watchlist").first()
    if feed is not None and not feed.watchlist.is_archived:
        run(feed=feed)


@shared_task
def tend_lists() -> None:
    """Remind of entries that end soon, and delete files of dry runs that nobody agreed to."""
    from alerts.services.feeds.updating import forget_files
    from alerts.services.reminding import remind

    remind()
    forget_files()
