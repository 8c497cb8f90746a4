"""Reads of feeds and their updates."""

from django.db.models import QuerySet

from accounts.models import User
from alerts.models import Feed, FeedRun
from alerts.selectors.watchlists import (
    watchlists_changeable_by,
    watchlists_with_entries_visible_to,
)


def feeds_visible_to(user: User) -> QuerySet[Feed]:
    """Feeds of lists whose entries the user may see."""
    lists = watchlists_with_entries_visible_to(user).order_by().values("pk")
    return Feed.objects.filter(watchlist__in=lists).select_related("watchlist__organization")


def feeds_changeable_by(user: User) -> QuerySet[Feed]:
    """Feeds of lists that the user may change."""
    lists = watchlists_changeable_by(user).order_by().values("pk")
    return Feed.objects.filter(watchlist__in=lists).select_related("watchlist__organization")


def feed_runs_visible_to(user: User) -> QuerySet[FeedRun]:
    """Updates of feeds that the user may see, the newest first."""
    return FeedRun.objects.filter(
        feed__in=feeds_visible_to(user).order_by().values("pk")
    ).select_related("feed__watchlist__organization")


def feed_runs_changeable_by(user: User) -> QuerySet[FeedRun]:
    """Updates of feeds of lists that the user may change."""
    return feed_runs_visible_to(user).filter(
        feed__in=feeds_changeable_by(user).order_by().values("pk")
    )
