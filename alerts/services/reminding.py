"""Reminds people of entries that end soon, one message for each person."""

from collections import defaultdict
from datetime import timedelta

import structlog
from django.core.mail import send_mail
from django.db import models, transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from alerts.models import Entry
from alerts.selectors.watchlists import entries_visible_to

log = structlog.get_logger(__name__)

_AT_ONCE_MOST = 2_000
_NAMED_MOST = 50


def remind() -> int:
    """Mail whoever answers for entries that end soon; gives how many people were written to.

    The person responsible, or the list's owner; a feed renews its entries itself.
    """
    sent = 0
    for person, entries in _due().items():
        # First noted, then sent: a crash between the two costs a reminder and repeats none.
        with transaction.atomic():
            ids = [entry.pk for entry in entries]
            noted = Entry.objects.filter(pk__in=ids, reminded_at__isnull=True).update(
                reminded_at=timezone.now()
            )
        # Somebody who may not see an entry any more is not told of it.
        visible = list(
            entries_visible_to(person).filter(pk__in=ids).order_by("expires_at")[:_NAMED_MOST]
        )
        if noted and visible:
            _mail(person, visible, len(ids))
            sent += 1
    return sent


def _due() -> dict[User, list[Entry]]:
    now = timezone.now()
    soon = models.ExpressionWrapper(
        F("expires_at") - F("watchlist__reminder_days") * models.Value(timedelta(days=1)),
        output_field=models.DateTimeField(),
    )
    entries = (
        Entry.objects.filter(
            reminded_at__isnull=True,
            expires_at__gt=now,
            feed__isnull=True,
            watchlist__reminder_days__gt=0,
            watchlist__is_active=True,
            watchlist__is_archived=False,
        )
        .annotate(remind_at=soon)
        .filter(remind_at__lte=now)
        .select_related("responsible", "watchlist__owner")[:_AT_ONCE_MOST]
    )
    by_person: dict[User, list[Entry]] = defaultdict(list)
    for entry in entries:
        person = entry.responsible or entry.watchlist.owner
        if person is not None and person.is_active and person.kind == User.Kind.PERSON:
            by_person[person].append(entry)
    return by_person


def _mail(person: User, entries: list[Entry], count: int) -> None:
    # Mail passes many hands: lists and dates, no plates.
    lists = defaultdict(list)
    for entry in entries:
        lists[entry.watchlist].append(entry)
    text = render_to_string(
        "alerts/email/reminder.txt", {"person": person, "lists": dict(lists), "count": count}
    )
    send_mail(_("Entries of watchlists end soon"), text, None, [person.email])
    log.info("entries_reminded", user_id=person.pk, count=count)
