"""Makes and changes feeds, and the rows by which the scheduler fetches them."""

from typing import Any

from django.db import transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from accounts.models import AuditEvent, User
from accounts.services import audit_change, record_audit_event
from alerts.models import Feed, Watchlist

_TASK = "alerts.tasks.run_feed"


@transaction.atomic
def create_feed(*, watchlist: Watchlist, actor: User | None, **fields: Any) -> Feed:
    """Make a feed of a list, and schedule it.

    Raises:
        ValidationError: With the fields that are wrong.
    """
    feed = Feed(
        watchlist=watchlist,
        organization_id=watchlist.organization_id,
        created_by=actor,
        **fields,
    )
    feed.full_clean()
    feed.save()
    _schedule(feed)
    record_audit_event(action=AuditEvent.Action.CREATED, actor=actor, target=feed)
    return feed


@transaction.atomic
def update_feed(*, feed: Feed, actor: User | None, **fields: Any) -> Feed:
    """Change a feed. Another address or user forgets the password, so that it goes nowhere else.

    Raises:
        ValidationError: With the fields that are wrong.
    """
    moves = any(
        name in fields and fields[name] != getattr(feed, name)
        for name in ("address", "username", "kind", "host_key")
    )
    if moves and not fields.get("password"):
        fields["password"] = ""
    for name, value in fields.items():
        setattr(feed, name, value)
    if moves:
        feed.etag = feed.last_modified = feed.content_sha256 = ""
    feed.full_clean()
    feed.save()
    _schedule(feed)
    shown = set(fields) - {"password", "zip_password"}
    audit_change(target=feed, actor=actor, changed=sorted(shown))
    return feed


@transaction.atomic
def delete_feed(*, feed: Feed, actor: User | None) -> None:
    """Delete a feed; its entries stay in the list, as people's."""
    record_audit_event(action=AuditEvent.Action.DELETED, actor=actor, target=feed)
    if feed.periodic_task is not None:
        feed.periodic_task.delete()
    feed.delete()


def upload_feed(*, watchlist: Watchlist, actor: User | None, **fields: Any) -> Feed:
    """The feed of files that people upload into a list; made with the first of them."""
    feed = Feed.objects.filter(watchlist=watchlist, kind=Feed.Kind.UPLOAD).first()
    if feed is None:
        fields = {"removes_missing": False, **fields}
        return create_feed(
            watchlist=watchlist, actor=actor, name="Upload", kind=Feed.Kind.UPLOAD, **fields
        )
    return update_feed(feed=feed, actor=actor, **fields)


def _schedule(feed: Feed) -> None:
    """Keep one row of the scheduler for a feed that is fetched by the clock."""
    task = feed.periodic_task
    if feed.every_minutes is None or feed.kind == Feed.Kind.UPLOAD:
        if task is not None:
            Feed.objects.filter(pk=feed.pk).update(periodic_task=None)
            feed.periodic_task = None
            task.delete()
        return
    every, _made = IntervalSchedule.objects.get_or_create(
        every=feed.every_minutes, period=IntervalSchedule.MINUTES
    )
    task = task or PeriodicTask(name=f"feed {feed.pk}", task=_TASK)
    task.interval, task.enabled = every, feed.is_active
    task.args = f'["{feed.pk}"]'
    task.expire_seconds = feed.every_minutes * 60
    task.save()
    if feed.periodic_task_id != task.pk:
        feed.periodic_task = task
        feed.save(update_fields=["periodic_task"])
