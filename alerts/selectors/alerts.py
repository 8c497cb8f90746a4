"""Reads of alerts and deliveries, each from what a user may see."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet

from accounts.models import Membership, Organization, Role, User
from accounts.selectors import MANAGING_ROLES, organizations_of
from alerts.models import (
    Alert,
    AlertChange,
    Delivery,
    Endpoint,
    EscalationPolicy,
    EscalationStep,
    Hit,
    MessageTemplate,
    Occurrence,
    Rule,
    ShiftNote,
)
from alerts.selectors.watchlists import watchlists_with_hits_visible_to
from cameras.selectors import camera_ids_visible_to
from detections.recognition.evaluation.tally import Share

# Who sees alerts that belong to no list: of rules, cameras, disks and feeds.
SEEING_ROLES = (Role.OWNER, Role.MANAGER, Role.OPERATOR, Role.ANALYST, Role.AUDITOR)
# Who answers alerts. Analysts and auditors look.
ACTING_ROLES = (Role.OWNER, Role.MANAGER, Role.OPERATOR)
OPEN = ~Q(state__in=(Alert.State.RESOLVED, Alert.State.REJECTED))
LIVE_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Audience:
    """What one person may see of alerts; `member_of` are all organizations of the person."""

    member_of: frozenset[int]
    organizations: frozenset[int]
    watchlists: frozenset[UUID]
    cameras: frozenset[UUID]

    def sees(
        self, *, organization_id: int, watchlist_id: UUID | None, camera_id: UUID | None
    ) -> bool:
        """Whether an alert is for this person."""
        if watchlist_id is None:
            belongs = organization_id in self.organizations
        else:
            belongs = watchlist_id in self.watchlists
        return belongs and (camera_id is None or camera_id in self.cameras)

    @property
    def condition(self) -> Q:
        """The same for the database."""
        belongs = Q(watchlist__in=self.watchlists) | Q(
            watchlist=None, organization__in=self.organizations
        )
        return belongs & (Q(camera=None) | Q(camera__in=self.cameras))


def alerts_raised_by(hits: Collection[Hit]) -> dict[UUID, UUID]:
    """The alert that each of these hits raised, or added to, by the ids of both.

    Whether a person may see it is not asked.
    """
    by_key = {hit.occurrence_key: hit.pk for hit in hits}
    raised = Occurrence.objects.filter(pk__in=by_key).values_list("pk", "alert_id")
    return {by_key[key]: alert_id for key, alert_id in raised}


def audience_of(user: User) -> Audience:
    """What a person may see of alerts now."""
    return Audience(
        member_of=frozenset(organizations_of(user).order_by().values_list("pk", flat=True)),
        organizations=frozenset(
            organizations_of(user, *SEEING_ROLES).order_by().values_list("pk", flat=True)
        ),
        watchlists=frozenset(
            watchlists_with_hits_visible_to(user).order_by().values_list("pk", flat=True)
        ),
        cameras=frozenset(camera_ids_visible_to(user)),
    )


def alerts_visible_to(user: User) -> QuerySet[Alert]:
    """Alerts of lists whose hits the user may see, and of its organizations; newest first."""
    alerts = Alert.objects.select_related(
        "organization", "camera", "assigned_to", "acknowledged_by"
    )
    return alerts.filter(audience_of(user).condition).order_by("-id")


def alerts_answered_by(user: User) -> QuerySet[Alert]:
    """Alerts that the user may act on."""
    return alerts_visible_to(user).filter(organization__in=organizations_of(user, *ACTING_ROLES))


def open_alerts(user: User) -> QuerySet[Alert]:
    """What still has to be dealt with, the highest priority first, then the newest."""
    return alerts_visible_to(user).filter(OPEN).order_by("-priority", "-id")


def count_unanswered(user: User, most: int = 100) -> int:
    """How many alerts nobody has taken on, counted up to `most`."""
    unanswered = alerts_visible_to(user).filter(OPEN, state__in=Alert.UNANSWERED)
    return unanswered.order_by().values("pk")[:most].count()


def alerts_changed_since(user: User, since: datetime) -> QuerySet[Alert]:
    """Alerts that were raised or changed after a moment, newest first."""
    return alerts_visible_to(user).filter(changed_at__gt=since)


def changes_of(alert: Alert) -> QuerySet[AlertChange]:
    """The history of an alert, oldest first."""
    return AlertChange.objects.filter(alert=alert).order_by("id")


def users_who_see(alert: Alert, *, roles: Iterable[str]) -> list[User]:
    """Members with one of `roles` and a browser that is told, who may see the alert."""
    members = (
        Membership.objects.filter(
            organization=alert.organization_id,
            role__in=list(roles),
            user__is_active=True,
            user__push_subscriptions__isnull=False,
        )
        .select_related("user")
        .distinct()
    )
    return [
        member.user
        for member in members
        if audience_of(member.user).sees(
            organization_id=alert.organization_id,
            watchlist_id=alert.watchlist_id,
            camera_id=alert.camera_id,
        )
    ]


def alerts_told_by(delivery: Delivery) -> QuerySet[Alert]:
    """What a message is about; in a browser only what its person may see by now."""
    if delivery.kind in Delivery.CARRIERS:
        gathered = Delivery.objects.filter(carried_by=delivery, state=Delivery.State.GATHERED)
        told = Alert.objects.filter(pk__in=gathered.values("alert"))
    else:
        told = Alert.objects.filter(deliveries=delivery)
    if delivery.subscription is None:
        return told
    return told.filter(audience_of(delivery.subscription.user).condition)


def shift_notes_visible_to(user: User) -> QuerySet[ShiftNote]:
    """Hand-over notes of the user's organizations, newest first."""
    return ShiftNote.objects.filter(organization__in=organizations_of(user, *SEEING_ROLES))


def members_to_assign(organization: Organization) -> QuerySet[User]:
    """People who may take an alert on."""
    return User.objects.filter(
        is_active=True,
        kind=User.Kind.PERSON,
        memberships__organization=organization,
        memberships__role__in=ACTING_ROLES,
    ).order_by("display_name", "email")


def endpoints_managed_by(user: User) -> QuerySet[Endpoint]:
    """Recipients of the organizations that the user manages; nobody else sees or adds any."""
    managed = organizations_of(user, *MANAGING_ROLES)
    return Endpoint.objects.filter(organization__in=managed).select_related(
        "organization", "lane", "template"
    )


def templates_managed_by(user: User) -> QuerySet[MessageTemplate]:
    """Message templates of the organizations that the user manages."""
    return MessageTemplate.objects.filter(
        organization__in=organizations_of(user, *MANAGING_ROLES)
    ).select_related("organization")


def policies_managed_by(user: User) -> QuerySet[EscalationPolicy]:
    """Escalation policies of the organizations that the user manages."""
    steps = EscalationStep.objects.prefetch_related("endpoints")
    return (
        EscalationPolicy.objects.filter(organization__in=organizations_of(user, *MANAGING_ROLES))
        .select_related("organization", "hands_over_to")
        .prefetch_related("watchlists", Prefetch("steps", steps))
    )


def rules_managed_by(user: User) -> QuerySet[Rule]:
    """Rules of the organizations that the user manages."""
    managed = organizations_of(user, *MANAGING_ROLES)
    return Rule.objects.filter(organization__in=managed).select_related("organization", "policy")


def deliveries_managed_by(user: User) -> QuerySet[Delivery]:
    """Deliveries of the organizations that the user manages, newest first."""
    return (
        Delivery.objects.filter(organization__in=organizations_of(user, *MANAGING_ROLES))
        .select_related("endpoint", "alert")
        .order_by("-id")
    )


def with_what_may_be_read(deliveries: QuerySet[Delivery], user: User) -> QuerySet[Delivery]:
    """Each with `may_be_read`: whether the user may see every alert that it is about."""
    seen = Alert.objects.filter(audience_of(user).condition, pk=OuterRef("alert"))
    hidden = Delivery.objects.filter(
        Q(pk=OuterRef("pk"), alert__isnull=False) | Q(carried_by=OuterRef("pk"))
    ).exclude(Exists(seen))
    return deliveries.annotate(may_be_read=~Exists(hidden))


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """How many of the alerts that people judged were right, for one list, camera or policy."""

    name: str
    of: Share

    @property
    def right(self) -> int:
        return self.of.count

    @property
    def judged(self) -> int:
        return self.of.total

    @property
    def share(self) -> float:
        return self.of.rate or 0.0

    @property
    def low(self) -> float:
        return self.of.interval[0] if self.of.interval else 0.0

    @property
    def high(self) -> float:
        return self.of.interval[1] if self.of.interval else 1.0


def precision_by(user: User, field: str, *, since: datetime) -> list[Precision]:
    """Precision of the alerts raised since, by `watchlist__name`, `camera__name` or a fact."""
    judged = alerts_visible_to(user).filter(raised_at__gte=since).exclude(verdict="")
    counted = (
        judged.select_related(None)
        .order_by()
        .annotate(group=F(field))
        .values_list("group")
        .annotate(
            right=Count("pk", filter=Q(verdict=Alert.Verdict.VERIFIED)),
            judged=Count("pk"),
        )
        .order_by("group")
    )
    return [
        Precision(name=str(group), of=Share(count=right, total=total))
        for group, right, total in counted
        if group
    ]


def precision_tables(user: User, *, since: datetime) -> dict[str, list[Precision]]:
    """Precision by list, by camera and by how the entry matched."""
    return {
        "by_list": precision_by(user, "watchlist__name", since=since),
        "by_camera": precision_by(user, "camera__name", since=since),
        "by_match": precision_by(user, "facts__policy", since=since),
    }
