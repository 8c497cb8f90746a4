"""Writes of watchlists and who may see them."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, Organization, Role, User
from accounts.services import record_audit_event
from alerts.errors import WatchlistRefusedError
from alerts.models import Entry, Watchlist, WatchlistGrant
from alerts.services.changes import sign_changes
from cameras.models import Camera, CameraGroup

LOOSE_MOST = 20_000
"""Entries of a list that allows edits: each is found by some 30 variants of its number."""


@transaction.atomic
def create_watchlist(
    *,
    organization: Organization,
    actor: User | None,
    cameras: Iterable[Camera] = (),
    camera_groups: Iterable[CameraGroup] = (),
    reason: str = "",
    **fields: Any,
) -> Watchlist:
    """Make a list; its owner is whoever makes it, where nobody else is named.

    Raises:
        ValidationError: With the fields that are wrong.
        WatchlistRefusedError: Nobody could change it.
    """
    sign_changes(actor=actor, reason=reason)
    if "owner" not in fields and actor is not None:
        is_member = organization.memberships.filter(user=actor).exists()
        fields["owner"] = actor if is_member else None
    watchlist = Watchlist(organization=organization, **fields)
    watchlist.full_clean()
    watchlist.save()
    if actor is not None:
        check_audience(watchlist=watchlist)
    _place(watchlist, cameras, camera_groups)
    record_audit_event(
        action=AuditEvent.Action.CREATED, actor=actor, target=watchlist, reason=reason
    )
    return watchlist


@transaction.atomic
def update_watchlist(
    *,
    watchlist: Watchlist,
    actor: User | None,
    cameras: Iterable[Camera] | None = None,
    camera_groups: Iterable[CameraGroup] | None = None,
    reason: str = "",
    **fields: Any,
) -> Watchlist:
    """Change a list.

    Raises:
        ValidationError: With the fields that are wrong.
        WatchlistRefusedError: It has too many entries for the policy, or nobody could change it.
    """
    sign_changes(actor=actor, reason=reason)
    for name, value in fields.items():
        setattr(watchlist, name, value)
    watchlist.full_clean()
    # The row is held from here on, so that no entry joins unseen.
    watchlist.save()
    check_size(watchlist=watchlist)
    if actor is not None and fields.keys() & {"owner", "entry_roles"}:
        check_audience(watchlist=watchlist)
    _place(watchlist, cameras, camera_groups)
    detail = {name: str(value)[:200] for name, value in fields.items()}
    record_audit_event(
        action=AuditEvent.Action.CHANGED,
        actor=actor,
        target=watchlist,
        reason=reason,
        detail=detail,
    )
    return watchlist


@transaction.atomic
def archive_watchlist(*, watchlist: Watchlist, actor: User | None, reason: str = "") -> None:
    """Take a list out of use: it matches nothing, and its hits stay."""
    sign_changes(actor=actor, reason=reason)
    watchlist.is_archived = True
    watchlist.save(update_fields=["is_archived", "updated_at"])
    record_audit_event(
        action=AuditEvent.Action.DELETED, actor=actor, target=watchlist, reason=reason
    )


@transaction.atomic
def grant_watchlist(
    *, watchlist: Watchlist, user: User, sees: WatchlistGrant.Sees, actor: User | None
) -> WatchlistGrant:
    """Let one member see a list, its entries or its hits."""
    grant = WatchlistGrant.objects.filter(watchlist=watchlist, user=user, sees=sees).first()
    if grant is not None:
        return grant
    sign_changes(actor=actor)
    grant = WatchlistGrant(watchlist=watchlist, user=user, sees=sees)
    grant.full_clean()
    grant.save()
    record_audit_event(
        action=AuditEvent.Action.GRANTED,
        actor=actor,
        target=watchlist,
        detail={"person": user.email, "sees": sees},
    )
    return grant


@transaction.atomic
def revoke_watchlist(*, grant: WatchlistGrant, actor: User | None) -> None:
    """Take back what `grant_watchlist` gave."""
    sign_changes(actor=actor)
    record_audit_event(
        action=AuditEvent.Action.REVOKED,
        actor=actor,
        target=grant.watchlist,
        detail={"person": grant.user.email, "sees": grant.sees},
    )
    grant.delete()


def check_audience(*, watchlist: Watchlist) -> None:
    """Refuse an audience that shuts the organization out of its own list.

    Raises:
        WatchlistRefusedError: No owner, manager or owner of the list could see and change it.
    """
    if Role.MANAGER in watchlist.entry_roles:
        return
    granted = WatchlistGrant.objects.filter(watchlist=watchlist, sees=WatchlistGrant.Sees.ENTRIES)
    may_change = (
        Q(role=Role.OWNER)
        | Q(user=watchlist.owner_id)
        | Q(role=Role.MANAGER, user__in=granted.values("user"))
    )
    people = watchlist.organization.memberships.filter(
        user__is_active=True, user__kind=User.Kind.PERSON
    )
    if not people.filter(may_change).exists():
        message = _(
            "Nobody could see and change this list any more: the organization has no owner, and "
            "the list none. Let managers see its entries."
        )
        raise WatchlistRefusedError(message, field="entry_roles")


def check_size(*, watchlist: Watchlist, most: int = LOOSE_MOST) -> None:
    """Refuse edits for a list with very many entries.

    Raises:
        WatchlistRefusedError: It has more than `most`.
    """
    if watchlist.match != Watchlist.Match.EDITS:
        return
    entries = Entry.objects.filter(watchlist=watchlist).order_by()
    if entries[: most + 1].count() > most:
        message = _(
            "A list with more than %(most)d entries finds numbers exactly or with letters that "
            "look alike. Choose one of these, or split the list."
        )
        raise WatchlistRefusedError(message % {"most": most}, field="match")


def _place(
    watchlist: Watchlist,
    cameras: Iterable[Camera] | None,
    camera_groups: Iterable[CameraGroup] | None,
) -> None:
    for field, chosen in (("cameras", cameras), ("camera_groups", camera_groups)):
        if chosen is None:
            continue
        rows = list[Camera | CameraGroup](chosen)
        if any(row.organization_id != watchlist.organization_id for row in rows):
            message = _("Choose cameras and groups of the list's own organization.")
            raise WatchlistRefusedError(message, field=field)
        getattr(watchlist, field).set(rows)
