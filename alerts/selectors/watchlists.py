"""Reads of watchlists, entries and hits, each from what a user may see.

A role sees what the list says; the list's owner and the organization's owners see all of it; a
grant lets one person see one thing more, and counts only while the person is a member.
"""

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import Role, User
from accounts.selectors import MANAGING_ROLES, organizations_of
from alerts.models import Entry, Hit, ListChange, Watchlist, WatchlistGrant
from cameras.selectors import camera_ids_visible_to

Sees = WatchlistGrant.Sees


def watchlists_visible_to(user: User) -> QuerySet[Watchlist]:
    """Lists whose name and rules the user may see, archived ones not."""
    return _lists_of(user, "list_roles", Sees.LIST, Sees.ENTRIES).select_related(
        "organization", "owner"
    )


def watchlists_with_entries_visible_to(user: User) -> QuerySet[Watchlist]:
    """Lists of which the user may see the entries too."""
    return _lists_of(user, "entry_roles", Sees.ENTRIES).select_related("organization", "owner")


def watchlists_changeable_by(user: User) -> QuerySet[Watchlist]:
    """Lists that the user may change: as manager who sees the entries, or as their owner."""
    managed = Q(organization__in=organizations_of(user, *MANAGING_ROLES))
    return watchlists_with_entries_visible_to(user).filter(managed | Q(owner=user))


def entries_visible_to(user: User) -> QuerySet[Entry]:
    """Entries of lists whose entries the user may see."""
    lists = _lists_of(user, "entry_roles", Sees.ENTRIES).order_by().values_list("pk", flat=True)
    # As plain ids, which the index by list serves.
    return Entry.objects.filter(watchlist__in=list(lists)).select_related(
        "watchlist", "responsible"
    )


def people_of(watchlist: Watchlist) -> QuerySet[User]:
    """Members who may answer for entries of a list."""
    members = User.objects.filter(
        memberships__organization=watchlist.organization_id,
        is_active=True,
        kind=User.Kind.PERSON,
    )
    return members.order_by("email").distinct()


def ending_soon(watchlist: Watchlist) -> Q:
    """Entries of a list that end within the days in which people are reminded."""
    now = timezone.now()
    until = now + timedelta(days=watchlist.reminder_days)
    return Q(watchlist=watchlist, feed=None, expires_at__gt=now, expires_at__lte=until)


def entries_changeable_by(user: User) -> QuerySet[Entry]:
    """Entries of lists that the user may change."""
    lists = watchlists_changeable_by(user).order_by().values_list("pk", flat=True)
    return Entry.objects.filter(watchlist__in=list(lists)).select_related("watchlist")


def watchlists_with_hits_visible_to(user: User) -> QuerySet[Watchlist]:
    """Lists, archived ones too, of which the user may see the hits."""
    return _lists_of(user, "hit_roles", Sees.HITS, with_archived=True)


def changes_visible_to(user: User) -> QuerySet[ListChange]:
    """Changes of lists whose entries the user may see."""
    lists = _lists_of(user, "entry_roles", Sees.ENTRIES, with_archived=True)
    return ListChange.objects.filter(
        watchlist__in=list(lists.order_by().values_list("pk", flat=True))
    ).select_related("watchlist")


def hits_visible_to(user: User) -> QuerySet[Hit]:
    """Hits, withdrawn ones too, of lists whose hits the user may see, at cameras it may see."""
    lists = list(
        _lists_of(user, "hit_roles", Sees.HITS, with_archived=True)
        .order_by()
        .values_list("pk", flat=True)
    )
    return Hit.objects.filter(
        watchlist__in=lists, camera__in=camera_ids_visible_to(user)
    ).select_related("watchlist", "camera", "entry")


def _lists_of(
    user: User, field: str, *grants: str, with_archived: bool = False
) -> QuerySet[Watchlist]:
    organizations = organizations_of(user)
    lists = Watchlist.objects.filter(organization__in=organizations)
    if not with_archived:
        lists = lists.filter(is_archived=False)
    if user.is_superuser:
        return lists
    visible = Q(organization__in=organizations_of(user, Role.OWNER)) | Q(owner=user)
    granted = WatchlistGrant.objects.filter(user=user, sees__in=grants).values("watchlist_id")
    visible |= Q(pk__in=granted)
    for membership in user.memberships.filter(organization__in=organizations):
        visible |= Q(
            organization=membership.organization_id, **{f"{field}__contains": [membership.role]}
        )
    return lists.filter(visible)
