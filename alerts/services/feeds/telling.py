"""Tells whoever answers for a feed that it is stale: once, until it is good again."""

import structlog
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from alerts.models import Feed
from alerts.selectors.feeds import feeds_visible_to

log = structlog.get_logger(__name__)


def tell_stale() -> int:
    """Mail the owner of the list, or whoever made the feed; gives how many feeds were told of."""
    told = 0
    for feed in stale_feeds():
        # First noted, then sent: a crash between the two costs a mail and repeats none.
        with transaction.atomic():
            noted = Feed.objects.filter(pk=feed.pk, stale_told_at=None).update(
                stale_told_at=timezone.now()
            )
        person = _person(feed) if noted else None
        if person is not None:
            _mail(person, feed)
            told += 1
    return told


def stale_feeds() -> list[Feed]:
    """Feeds that nobody was told of yet and that should have brought something good."""
    feeds = Feed.objects.filter(
        stale_told_at=None,
        is_active=True,
        every_minutes__isnull=False,
        watchlist__is_active=True,
        watchlist__is_archived=False,
    )
    return [feed for feed in feeds.select_related(*_NEAR) if feed.is_stale]


_NEAR = ("watchlist__owner", "watchlist__organization", "created_by")


def _person(feed: Feed) -> User | None:
    for person in (feed.watchlist.owner, feed.created_by):
        if person is None or not person.is_active or person.kind != User.Kind.PERSON:
            continue
        # Somebody who may not see the feed any more is not told of it.
        if feeds_visible_to(person).filter(pk=feed.pk).exists():
            return person
    return None


def _mail(person: User, feed: Feed) -> None:
    # Mail passes many hands: what the last update said may name a plate, and stays on the page.
    text = render_to_string("alerts/email/stale.txt", {"feed": feed, "person": person})
    send_mail(_("A feed of a watchlist is stale"), text, None, [person.email])
    log.info("stale_feed_told", feed_id=str(feed.pk), user_id=person.pk)
