"""Saved searches: kept, shared, subscribed to, and the mails of what they newly find."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMessage
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import ReasonDemandedError
from accounts.models import AuditEvent, Organization, User
from accounts.selectors import Stated, demand_on
from accounts.services import record_audit_event
from detections.criteria.criteria import Criteria
from detections.errors import TooManySavedError
from detections.models import Detection, SavedSearch, SearchSubscription
from detections.selectors import in_time
from detections.selectors.search import detections_found, saved_searches_visible_to
from lpr_project.common.errors import LprError
from vehicles.selectors import in_bounded_time

log = structlog.get_logger(__name__)

SAVED_MOST = 200
TOLD_MOST = 20
# Rows carry the moment of recording from before they are committed; by then they all are.
SETTLED_AFTER = timedelta(seconds=20)
# A device that was offline sends late; what is older is found by searching, and not mailed.
LATE_MOST = timedelta(days=7)
_SALT = "search-subscription"


@transaction.atomic
def save_search(
    *, owner: User, organization: Organization, criteria: Criteria, name: str = ""
) -> SavedSearch:
    """Keep criteria under a name.

    Raises:
        TooManySavedError: The person has `SAVED_MOST`.
    """
    if SavedSearch.objects.filter(owner=owner).count() >= SAVED_MOST:
        raise TooManySavedError(_("You have many saved searches. Delete one first."))
    search = SavedSearch(
        owner=owner,
        organization=organization,
        name=name.strip()[:120] or criteria.text or _("Search"),
        plain_criteria=criteria.as_json(),
    )
    search.full_clean()
    search.save()
    return search


@transaction.atomic
def change_search(*, search: SavedSearch, actor: User, name: str, is_shared: bool) -> None:
    """Rename a search, share it or take it back, which ends what others subscribed to."""
    _check_owner(search, actor)
    search.name = name.replace("\0", "").strip()[:120] or search.name
    search.is_shared = is_shared
    search.full_clean()
    search.save()
    if not is_shared:
        search.subscriptions.exclude(user=search.owner).delete()


@transaction.atomic
def delete_search(*, search: SavedSearch, actor: User) -> None:
    """Delete a search, and with it what people subscribed to."""
    _check_owner(search, actor)
    search.delete()


def _check_owner(search: SavedSearch, actor: User) -> None:
    if search.owner_id != actor.pk:
        raise PermissionDenied


@transaction.atomic
def subscribe(*, search: SavedSearch, user: User, every: str, stated: Stated) -> None:
    """Send the person mails of what the search finds from now on; empty `every` ends them.

    Raises:
        ReasonDemandedError: Something that an organization demands was not stated.
    """
    if not every:
        SearchSubscription.objects.filter(search=search, user=user).delete()
        return
    demand_on(user).check(**stated._asdict())
    SearchSubscription.objects.update_or_create(
        search=search,
        user=user,
        defaults={"every": SearchSubscription.Every(every), **stated._asdict()},
        create_defaults={
            "every": SearchSubscription.Every(every),
            "told_until": timezone.now(),
            **stated._asdict(),
        },
    )


def unsubscribe(*, token: str) -> bool:
    """End the subscription that a mail's link names; False where the link is none of ours."""
    subscription = subscription_of(token)
    if subscription is None:
        return False
    subscription.delete()
    return True


def subscription_of(token: str) -> SearchSubscription | None:
    """The subscription that a mail's link names, if there is still one."""
    try:
        pk = Signer(salt=_SALT).unsign(token)
    except BadSignature:
        return None
    return SearchSubscription.objects.select_related("search").filter(pk=pk).first()


def due_subscriptions(now: datetime) -> list[int]:
    """Subscriptions whose next mail may go, were there something to tell."""
    rows = SearchSubscription.objects.filter(user__is_active=True).order_by("told_until")
    return [row.pk for row in rows if row.told_until + row.period <= now - SETTLED_AFTER]


@transaction.atomic
def tell_subscriber(*, subscription_id: int) -> int:
    """Mail what a search newly found to somebody, as far as it may still see it.

    The row is held while the mail goes, and its mark moves with it: what was told once is not told
    again. Should the server die in between, the second mail has the first one's Message-ID.

    Returns:
        How many detections are told of, 0 where no mail was sent.
    """
    rows = SearchSubscription.objects.select_for_update(skip_locked=True, of=("self",))
    found = rows.select_related("search__organization", "user").filter(pk=subscription_id).first()
    until = timezone.now() - SETTLED_AFTER
    if found is None or found.told_until + found.period > until:
        return 0
    if not saved_searches_visible_to(found.user).filter(pk=found.search_id).exists():
        found.delete()
        return 0
    try:
        demand_on(found.user).check(reason=found.reason, case_number=found.case_number)
        with in_bounded_time():
            detections = list(_new(found, until)[: TOLD_MOST + 1])
    except (ReasonDemandedError, LprError) as error:
        log.warning("search_not_told", subscription_id=found.pk, reason=error.code)
        return 0
    if detections:
        _mail(found, detections, until)
        _audit(found, len(detections))
    found.told_until = until
    found.save(update_fields=["told_until", "updated_at"])
    return len(detections)


def _new(subscription: SearchSubscription, until: datetime) -> QuerySet[Detection]:
    """What was recorded since the last mail."""
    since = subscription.told_until
    wanted = detections_found(subscription.user, subscription.search.criteria)
    return wanted.filter(
        in_time(since=since - LATE_MOST), recorded_at__gt=since, recorded_at__lte=until
    )


def _mail(subscription: SearchSubscription, detections: list[Detection], until: datetime) -> None:
    base = settings.PUBLIC_URL.rstrip("/")
    leave = ""
    if base:
        token = Signer(salt=_SALT).sign(str(subscription.pk))
        leave = f"{base}{reverse('detections:unsubscribe')}?token={token}"
    count = min(len(detections), TOLD_MOST)
    subject = ngettext(
        "%(name)s: %(count)d new passing", "%(name)s: %(count)d new passings", count
    ) % {"name": subscription.search.name, "count": count}
    with timezone.override(subscription.search.organization.zone):
        text = render_to_string(
            "detections/email/found.txt",
            {
                "subscription": subscription,
                "detections": detections[:TOLD_MOST],
                "has_more": len(detections) > TOLD_MOST,
                "base": base,
                "leave": leave,
            },
        )
    headers = {"Message-ID": f"<search-{subscription.pk}-{until:%Y%m%d%H%M%S}@lpr.invalid>"}
    if leave:
        # Source: RFC 8058, one-click unsubscription.
        headers |= {
            "List-Unsubscribe": f"<{leave}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    EmailMessage(
        " ".join(subject.split()), text, to=[subscription.user.email], headers=headers
    ).send()


def _audit(subscription: SearchSubscription, count: int) -> None:
    criteria = subscription.search.criteria
    record_audit_event(
        action=AuditEvent.Action.SEARCHED,
        actor=subscription.user,
        organization=subscription.search.organization,
        target_label=criteria.text,
        reason=subscription.reason,
        case_number=subscription.case_number,
        detail={**criteria.as_json(), "by_mail": subscription.search.name, "told": count},
    )
