"""Reads of people, organizations, roles, keys and audit events, each from what a user may see."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import time
from typing import Any, NamedTuple

from django.contrib.auth.models import Group
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.errors import ReasonDemandedError
from accounts.models import (
    AccessReason,
    ApiKey,
    AuditEvent,
    Membership,
    Organization,
    Role,
    User,
)
from lpr_project.common.models import uuid7_floor

MANAGING_ROLES = (Role.OWNER, Role.MANAGER)
AUDITING_ROLES = (Role.OWNER, Role.AUDITOR)
# An operator looks plates up; taking them away by the thousand is another matter.
EXPORTING_ROLES = (Role.OWNER, Role.MANAGER, Role.ANALYST)
ADMIN_ROLES = (Role.OWNER, Role.MANAGER, Role.AUDITOR)

# By hand: each request asks them, some ten times, and the ORM takes most of a millisecond to
# write one.
_MEMBERSHIPS = "SELECT organization_id FROM accounts_membership WHERE user_id = %s"
_MEMBERSHIPS_AS = f"{_MEMBERSHIPS} AND role = ANY(%s)"
_TIME_ZONE = (
    "SELECT time_zone FROM accounts_membership AS membership JOIN accounts_organization"
    " ON accounts_organization.id = organization_id WHERE user_id = %s"
    " ORDER BY membership.id LIMIT 1"
)


def organizations_of(user: User, *roles: Role) -> QuerySet[Organization]:
    """Active organizations in which the user has one of `roles`, or any where none is named."""
    if not user.is_active:
        return Organization.objects.none()
    organizations = Organization.objects.filter(is_active=True)
    if user.is_superuser:
        return organizations
    memberships = _MEMBERSHIPS_AS if roles else _MEMBERSHIPS
    values = (user.pk, *([[str(role) for role in roles]] if roles else []))
    return organizations.filter(pk__in=RawSQL(memberships, values))  # noqa: S611  # constants


def time_zone_of(user: User) -> str:
    """The name of the zone of the first organization that the user joined; empty for none."""
    with connection.cursor() as cursor:
        cursor.execute(_TIME_ZONE, [user.pk])
        row = cursor.fetchone()
    return row[0] if row else ""


def only_organization_of(user: User | None) -> Organization | None:
    """The organization of a member of exactly one; None for superusers, who belong to none."""
    if user is None or user.is_superuser:
        return None
    found = organizations_of(user)[:2]
    return found[0] if len(found) == 1 else None


def has_role(user: User, organization: Organization, *roles: Role) -> bool:
    """Whether the user holds one of `roles` in an active organization; superusers hold all."""
    return organizations_of(user, *roles).filter(pk=organization.pk).exists()


def organizations_administered_by(user: User, *roles: Role) -> QuerySet[Organization]:
    """Organizations whose rows the admin shows: owned, managed or audited, or those of `roles`.

    A superuser's include inactive ones, which nobody else could switch on again.
    """
    if user.is_active and user.is_superuser:
        return Organization.objects.all()
    return organizations_of(user, *(roles or ADMIN_ROLES))


def organizations_managed_by(user: User) -> QuerySet[Organization]:
    """Organizations whose rows the person may change in the admin."""
    return organizations_administered_by(user, *MANAGING_ROLES)


def role_group(organization: Organization, role: Role) -> Group:
    """The Django group that stands for a role; made with the organization."""
    return Group.objects.get(role_group__organization=organization, role_group__role=role)


def memberships_of(user: User) -> QuerySet[Membership]:
    """The user's own roles in active organizations, by the organization's name."""
    return (
        Membership.objects.filter(user=user, organization__is_active=True)
        .select_related("organization")
        .order_by("organization__name")
    )


def memberships_visible_to(user: User) -> QuerySet[Membership]:
    """Members of the organizations that the user manages."""
    managed = organizations_of(user, *MANAGING_ROLES)
    return Membership.objects.filter(organization__in=managed).select_related(
        "user", "organization"
    )


def memberships_changeable_by(user: User) -> QuerySet[Membership]:
    """Members whose role the person may change: only owners touch owners."""
    owned = organizations_administered_by(user, Role.OWNER)
    managed = organizations_managed_by(user)
    return Membership.objects.filter(
        Q(organization__in=owned) | (Q(organization__in=managed) & ~Q(role=Role.OWNER))
    )


def api_keys_visible_to(user: User) -> QuerySet[ApiKey]:
    """Keys of the organizations that the user manages."""
    managed = organizations_of(user, *MANAGING_ROLES)
    return ApiKey.objects.filter(organization__in=managed).select_related(
        "organization", "created_by"
    )


def audit_events_visible_to(user: User) -> QuerySet[AuditEvent]:
    """Events of the organizations that the user owns or audits; superusers see all."""
    if user.is_active and user.is_superuser:
        return AuditEvent.objects.all()
    return AuditEvent.objects.filter(organization__in=organizations_of(user, *AUDITING_ROLES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What must be said before somebody searches, exports or opens a detection.

    `reasons` are those that are accepted; empty where any words will do.
    """

    reason: bool = False
    case_number: bool = False
    reasons: tuple[str, ...] = ()

    @property
    def is_any(self) -> bool:
        return self.reason or self.case_number

    def check(self, *, reason: str, case_number: str) -> None:
        """Accept what was said.

        Raises:
            ReasonDemandedError: Something is missing, or the reason is none of those accepted.
        """
        detail: dict[str, list[str]] = {}
        if self.reason and not reason.strip():
            detail["reason"] = [_("State why you look this up.")]
        elif self.reason and self.reasons and reason not in self.reasons:
            detail["reason"] = [_("Choose one of the reasons that your organization accepts.")]
        if self.case_number and not case_number.strip():
            detail["case_number"] = [_("Give the number of the case.")]
        if detail:
            message = " ".join(sentence for sentences in detail.values() for sentence in sentences)
            raise ReasonDemandedError(message, **detail, reasons=list(self.reasons))


def demand_on(user: User, organization: Organization | None = None) -> Demand:
    """What the user must say before it looks at one organization's rows, or at all that it sees."""
    demanding = organizations_of(user).filter(Q(demands_reason=True) | Q(demands_case_number=True))
    if organization is not None:
        demanding = demanding.filter(pk=organization.pk)
    return demand_of(demanding.only("demands_reason", "demands_case_number"))


def demand_of(organizations: Iterable[Organization]) -> Demand:
    """What must be said before somebody looks at the rows of all of these.

    Who sees several organizations may give a reason that any of those accepts that demand one.
    """
    known = list(organizations)
    asking = [organization.pk for organization in known if organization.demands_reason]
    return Demand(
        reason=bool(asking),
        case_number=any(organization.demands_case_number for organization in known),
        reasons=tuple(_reasons_of(asking)) if asking else (),
    )


def _reasons_of(organization_ids: list[int]) -> list[str]:
    reasons = AccessReason.objects.filter(organization__in=organization_ids, is_active=True)
    return list(dict.fromkeys(reasons.order_by("text").values_list("text", flat=True)))


STATED = "stated_reason"
STATED_FOR = timedelta(minutes=15)


class Stated(NamedTuple):
    """Why somebody looks, as stated."""

    reason: str = ""
    case_number: str = ""


def stated_in(session: SessionBase) -> Stated:
    """What the person behind a session stated within the last minutes, for the pages after it."""
    kept = session.get(STATED)
    if not kept or time() - kept["at"] > STATED_FOR.total_seconds():
        return Stated()
    return Stated(kept["reason"], kept["case_number"])


def stated_in_query(query: QueryDict) -> Stated:
    """What a program states with its question, or a form that is not checked yet."""
    reason, case_number = (query.get(name, "").replace("\0", "").strip() for name in Stated._fields)
    return Stated(reason[:300], case_number[:60])


def audit_events_found(
    user: User,
    *,
    person: str = "",
    action: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    target: str = "",
    reason: str = "",
) -> QuerySet[AuditEvent]:
    """Events that the user may read, newest first.

    Args:
        person: E-mail or name, or the beginning of one.
        target: Beginning of what was looked for or opened; a number may be written in any way.
        reason: Beginning of the stated reason or case number.
    """
    events = audit_events_visible_to(user).select_related("organization").order_by("-id")
    if person:
        known = User.objects.filter(
            Q(email__istartswith=person) | Q(display_name__icontains=person)
        )
        ids = list(known.values_list("pk", flat=True)[:_PEOPLE_MOST])
        # Somebody who was removed is known by the label alone.
        who = Q(actor_id__in=ids) if ids else Q(actor_label__istartswith=person)
        events = events.filter(who)
    if action:
        events = events.filter(action=action)
    if since:
        events = events.filter(id__gte=uuid7_floor(since))
    if until:
        events = events.filter(id__lt=uuid7_floor(until))
    if target:
        plain = _plain(target)
        events = events.filter(
            Q(target_label__startswith=target) | Q(target_label__startswith=plain or target)
        )
    if reason:
        events = events.filter(Q(reason__istartswith=reason) | Q(case_number__istartswith=reason))
    return events


_PEOPLE_MOST = 50


def _plain(text: str) -> str:
    """A number as plates write it: capitals and plain digits, without separators.

    >>> _plain("๑กข-1234")
    '1กข1234'
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in plain
        if character.isalnum()
    )


def access_reasons_visible_to(user: User) -> QuerySet[AccessReason]:
    """Reasons of the organizations that the user administers."""
    return AccessReason.objects.filter(organization__in=organizations_administered_by(user))


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How much somebody looked up in a span, beside its own past and the others.

    `looks` are searches, opened detections and exports; `usual` is the person's own average over
    four such spans before, and `others` the median of the other people in the same span. `subject`
    is what it looked for most often.
    """

    actor_id: int
    person: str
    looks: int
    usual: float
    others: float
    night: int
    usual_night: float
    subject: str
    subject_looks: int
    is_much: bool
    is_at_night: bool
    is_again: bool

    @property
    def is_unusual(self) -> bool:
        return self.is_much or self.is_at_night or self.is_again


LOOKS_LEAST = 20
NIGHT_LEAST = 10
AGAIN_LEAST = 5
TIMES_USUAL = 3
NIGHT = (22, 5)
"""From and until which hour, in the organization's zone, a look is at night."""
_SPANS_BEFORE = 4

# The moment is in the id, so that the index alone answers.
_USE = """
WITH looks AS MATERIALIZED (
    SELECT actor_id, split_part(target_label, ' ', 1) AS subject, id >= %(since)s AS is_now,
        extract(hour FROM to_timestamp(
            ('x' || lpad(translate(left(id::text, 13), '-', ''), 16, '0'))::bit(64)::bigint / 1000.0
        ) AT TIME ZONE %(zone)s) AS hour
    FROM accounts_auditevent
    WHERE organization_id = %(organization)s AND action IN ('searched', 'viewed', 'exported')
        AND id >= %(before)s AND id < %(until)s AND actor_id IS NOT NULL
), people AS (
    SELECT actor_id,
        count(*) FILTER (WHERE is_now) AS looks,
        count(*) FILTER (WHERE NOT is_now) / %(spans)s AS usual,
        count(*) FILTER (WHERE is_now AND (hour >= %(dusk)s OR hour < %(dawn)s)) AS night,
        count(*) FILTER (WHERE NOT is_now AND (hour >= %(dusk)s OR hour < %(dawn)s)) / %(spans)s
            AS usual_night
    FROM looks GROUP BY actor_id
), subjects AS (
    SELECT DISTINCT ON (actor_id) actor_id, subject, count(*) AS times
    FROM looks WHERE is_now AND subject <> ''
    GROUP BY actor_id, subject ORDER BY actor_id, count(*) DESC, subject
)
SELECT people.actor_id, looks, usual, night, usual_night, coalesce(subject, ''), coalesce(times, 0),
    coalesce((SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY other.looks) FROM people AS other
        WHERE other.actor_id <> people.actor_id AND other.looks > 0), 0)
FROM people LEFT JOIN subjects USING (actor_id) WHERE looks > 0
ORDER BY looks DESC, people.actor_id
"""


def use_of(organization: Organization, *, since: datetime, until: datetime) -> list[Use]:
    """Everybody who looked something up in a span, the most unusual first."""
    span = until - since
    values: dict[str, Any] = {
        "organization": organization.pk,
        "zone": organization.time_zone,
        "since": uuid7_floor(since),
        "until": uuid7_floor(until),
        "before": uuid7_floor(since - _SPANS_BEFORE * span),
        "spans": float(_SPANS_BEFORE),
        "dusk": NIGHT[0],
        "dawn": NIGHT[1],
    }
    with connection.cursor() as cursor:
        cursor.execute(_USE, values)
        rows = cursor.fetchall()
    people = User.objects.in_bulk([row[0] for row in rows])
    uses = [_use(people.get(row[0]), row) for row in rows]
    return sorted(uses, key=lambda use: (not use.is_unusual, -use.looks))


def _use(person: User | None, row: tuple[Any, ...]) -> Use:
    actor_id, looks, usual, night, usual_night, subject, subject_looks, others = row
    usual, others, usual_night = float(usual), float(others), float(usual_night)
    is_above = looks > TIMES_USUAL * max(usual, 1) or looks > TIMES_USUAL * max(others, 1)
    return Use(
        actor_id=actor_id,
        person=person.email if person else f"#{actor_id}",
        looks=looks,
        usual=usual,
        others=others,
        night=night,
        usual_night=usual_night,
        subject=subject,
        subject_looks=subject_looks,
        is_much=looks >= LOOKS_LEAST and is_above,
        is_at_night=night >= NIGHT_LEAST and night > TIMES_USUAL * usual_night,
        is_again=subject_looks >= AGAIN_LEAST,
    )
