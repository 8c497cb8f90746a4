"""Writes of people, organizations, roles, keys and audit events."""

import hashlib
import hmac
import secrets
import string
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from time import time
from typing import Any

import structlog
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.backends.base import SessionBase
from django.db import models, transaction
from django.utils import timezone
from django.utils.text import slugify

from accounts.errors import ApiKeyError, MembershipError
from accounts.models import (
    ROLE_PERMISSIONS,
    ApiKey,
    AuditEvent,
    Membership,
    Organization,
    Role,
    RoleGroup,
    Scope,
    User,
)
from accounts.selectors import (
    ADMIN_ROLES,
    MANAGING_ROLES,
    STATED,
    has_role,
    only_organization_of,
    role_group,
)
from accounts.signals import member_removed
from lpr_project.common.origin import current_origin

log = structlog.get_logger(__name__)

API_KEY_LONGEST = timedelta(days=366)
API_KEY_SCHEME = "lpr"
LAST_USED_RESOLUTION = timedelta(minutes=1)
USE_AUDITED_EVERY = timedelta(days=1)


@transaction.atomic
def record_audit_event(
    *,
    action: AuditEvent.Action,
    actor: User | None,
    organization: Organization | None = None,
    target: models.Model | None = None,
    target_label: str = "",
    reason: str = "",
    case_number: str = "",
    detail: Mapping[str, Any] | None = None,
    actor_label: str = "",
) -> AuditEvent:
    """Add one line to the audit trail, with the address and correlation id of the work at hand.

    Args:
        actor: Who; None for the server itself or an unknown person.
        target: What was changed or seen; its organization is used where none is given, or else
            the only one of the actor, so that its auditors see what was searched for.
        actor_label: Who, in words, where there is no `actor`.
    """
    origin = current_origin.get()
    if organization is None:
        organization = getattr(target, "organization", None) or only_organization_of(actor)
    return AuditEvent.objects.create(
        action=action,
        actor=actor,
        actor_label=actor_label or (actor.email if actor else "server"),
        organization=organization,
        target_type=target._meta.label_lower if target else "",  # noqa: SLF001  # Django's public name
        target_id=str(target.pk) if target else "",
        target_label=_kept(target_label or str(target or ""))[:200],
        reason=_kept(reason)[:300],
        case_number=_kept(case_number)[:60],
        ip_address=origin.ip_address,
        user_agent=origin.user_agent[:300],
        request_id=origin.request_id[:64],
        detail=_kept(dict(detail or {})),
    )


def _kept(value: Any) -> Any:
    """The same with a sign for NUL, of which PostgreSQL keeps none: no line may be lost for it."""
    if isinstance(value, str):
        return value.replace("\0", "\N{SYMBOL FOR NULL}")
    if isinstance(value, Mapping):
        return {_kept(name): _kept(part) for name, part in value.items()}
    return [_kept(part) for part in value] if isinstance(value, list | tuple) else value


def state_reason(*, session: SessionBase, reason: str, case_number: str) -> None:
    """Keep why a person looks, for the pages that it opens within the next minutes."""
    session[STATED] = {"reason": reason[:300], "case_number": case_number[:60], "at": time()}


@transaction.atomic
def create_organization(
    *, name: str, owner: User | None = None, actor: User | None = None, **fields: Any
) -> Organization:
    """Make a tenant with its six role groups, and its first owner."""
    organization = Organization(
        name=name,
        slug=fields.pop("slug", None) or slugify(name)[:60] or secrets.token_hex(6),
        **fields,
    )
    organization.full_clean()
    organization.save()
    ensure_role_groups(organization=organization)
    record_audit_event(
        action=AuditEvent.Action.CREATED,
        actor=actor,
        organization=organization,
        target=organization,
    )
    if owner is not None:
        add_member(organization=organization, user=owner, role=Role.OWNER, actor=actor)
    return organization


def audit_change(*, target: models.Model, actor: User | None, changed: Iterable[str]) -> None:
    """Note which fields of a row changed and to what."""
    detail = {name: str(getattr(target, name)) for name in changed}
    record_audit_event(action=AuditEvent.Action.CHANGED, actor=actor, target=target, detail=detail)


@transaction.atomic
def ensure_role_groups(*, organization: Organization) -> None:
    """Make the organization's role groups and set their model permissions to the table's."""
    known = {
        row.role: row.group
        for row in RoleGroup.objects.filter(organization=organization).select_related("group")
    }
    permissions = {
        f"{row.content_type.app_label}.{row.codename}": row
        for row in Permission.objects.select_related("content_type")
    }
    for role in Role:
        group = known.get(role)
        if group is None:
            group = Group.objects.create(name=f"{organization.pk}: {role.value}")
            RoleGroup.objects.create(organization=organization, role=role, group=group)
        # One that is missing belongs to an app that is not migrated yet.
        group.permissions.set(
            permissions[name] for name in ROLE_PERMISSIONS[role] if name in permissions
        )


@transaction.atomic
def add_member(
    *, organization: Organization, user: User, role: Role, actor: User | None
) -> Membership:
    """Give a person a role, or another role, in an organization.

    Raises:
        MembershipError: The role is not the actor's to give or take, or no owner would be left.
    """
    membership = (
        Membership.objects.select_for_update().filter(user=user, organization=organization).first()
    )
    before = membership.role if membership else None
    _require_right_over(actor, organization, role, before)
    if before == role:
        assert membership is not None
        return membership
    if membership is None:
        membership = Membership(user=user, organization=organization)
    elif before == Role.OWNER:
        _require_another_owner(membership)
    if before is not None:
        user.groups.remove(role_group(organization, Role(before)))
    membership.role = role
    membership.full_clean()
    membership.save()
    user.groups.add(role_group(organization, role))
    _follow_staff_flag(user)
    record_audit_event(
        action=AuditEvent.Action.GRANTED,
        actor=actor,
        organization=organization,
        target=membership,
        target_label=user.email,
        detail={"role": role, "before": before},
    )
    return membership


@transaction.atomic
def remove_member(*, membership: Membership, actor: User | None) -> None:
    """Take a person's role away, and with it what was granted on single cameras.

    Raises:
        MembershipError: The role is not the actor's to take, or no owner would be left.
    """
    _require_right_over(actor, membership.organization, membership.role)
    if membership.role == Role.OWNER:
        _require_another_owner(membership)
    user, organization, role = membership.user, membership.organization, membership.role
    user.groups.remove(role_group(organization, Role(role)))
    record_audit_event(
        action=AuditEvent.Action.REVOKED,
        actor=actor,
        organization=organization,
        target=membership,
        target_label=user.email,
        detail={"role": role},
    )
    membership.delete()
    _follow_staff_flag(user)
    transaction.on_commit(
        partial(member_removed.send_robust, sender=User, user=user, organization=organization)
    )


@transaction.atomic
def invite_member(
    *, organization: Organization, email: str, role: Role, actor: User | None, name: str = ""
) -> Membership:
    """Make somebody a member, and a person of the server where the e-mail is new to it.

    A new person has no password: whoever invites sends the link with which to set one.

    Raises:
        MembershipError: The address is an API key's, or the role is not the actor's to give.
    """
    user = User.objects.filter(email=email.lower()).first()
    if user is not None and user.kind == User.Kind.SERVICE:
        message = "This is the account of an API key, which stays in its own organization."
        raise MembershipError(message)
    if user is None:
        user = create_person(email=email, display_name=name, actor=actor)
    return add_member(organization=organization, user=user, role=role, actor=actor)


@transaction.atomic
def create_person(*, email: str, actor: User | None, **fields: Any) -> User:
    """Make a person without a password."""
    user = User.objects.create_user(email, None, **fields)
    record_audit_event(action=AuditEvent.Action.CREATED, actor=actor, target=user)
    return user


@transaction.atomic
def update_person(*, user: User, actor: User | None, changed: Iterable[str]) -> None:
    """Keep what was changed of a person; an old e-mail stops being a way in."""
    names = sorted(changed)
    user.full_clean(exclude=["password"])
    user.save()
    if "email" in names:
        EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    _follow_staff_flag(user)
    audit_change(target=user, actor=actor, changed=names)


def _require_right_over(actor: User | None, organization: Organization, *roles: str | None) -> None:
    """Managers make and unmake members, and only owners make and unmake owners."""
    if actor is None or has_role(actor, organization, Role.OWNER):
        return
    if Role.OWNER in roles or not has_role(actor, organization, *MANAGING_ROLES):
        message = "Only owners and managers change members, and only owners change owners."
        raise MembershipError(message)


def _require_another_owner(membership: Membership) -> None:
    # Two owners who leave at once are one after the other here.
    Organization.objects.select_for_update().get(pk=membership.organization_id)
    owners = Membership.objects.filter(organization=membership.organization, role=Role.OWNER)
    if not owners.exclude(pk=membership.pk).exists():
        message = "This is the only owner. Make another member an owner first."
        raise MembershipError(message)


def _follow_staff_flag(user: User) -> None:
    """The admin is open to people who own, manage or audit an organization, not to programs."""
    has_admin_role = user.memberships.filter(role__in=ADMIN_ROLES).exists()
    is_staff = user.is_superuser or (has_admin_role and user.kind == User.Kind.PERSON)
    if user.is_staff != is_staff:
        user.is_staff = is_staff
        user.save(update_fields=["is_staff"])


@transaction.atomic
def create_api_key(
    *,
    organization: Organization,
    name: str,
    role: Role,
    scopes: Iterable[Scope],
    expires_at: datetime,
    created_by: User | None,
) -> tuple[ApiKey, str]:
    """Make a key and its service account.

    Returns:
        The row, and the key itself, which is not stored and cannot be shown again.

    Raises:
        ApiKeyError: The expiry lies in the past or more than 366 days ahead, no scope is named, or
            the role is owner.
        MembershipError: Whoever makes it may not give that role.
    """
    now = timezone.now()
    if not now < expires_at <= now + API_KEY_LONGEST:
        message = "An API key must expire between now and 366 days ahead."
        raise ApiKeyError(message)
    if role == Role.OWNER:
        message = "An API key cannot be an owner. Choose manager or less."
        raise ApiKeyError(message)
    chosen = sorted(set(scopes))
    if not chosen:
        message = "Choose at least one scope."
        raise ApiKeyError(message)
    prefix = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(12))
    secret = secrets.token_urlsafe(32)
    account = User.objects.create_user(
        email=f"{prefix}@keys.invalid", kind=User.Kind.SERVICE, display_name=name, password=None
    )
    add_member(organization=organization, user=account, role=role, actor=created_by)
    key = ApiKey(
        organization=organization,
        user=account,
        name=name,
        prefix=prefix,
        secret_sha256=hashlib.sha256(secret.encode()).hexdigest(),
        scopes=chosen,
        expires_at=expires_at,
        created_by=created_by,
    )
    key.full_clean()
    key.save()
    record_audit_event(
        action=AuditEvent.Action.CREATED,
        actor=created_by,
        target=key,
        detail={"scopes": chosen, "role": role},
    )
    return key, f"{API_KEY_SCHEME}_{prefix}_{secret}"


@transaction.atomic
def revoke_api_key(*, key: ApiKey, actor: User | None) -> None:
    """Stop a key at once and for good."""
    if key.revoked_at is not None:
        return
    key.revoked_at = timezone.now()
    key.save(update_fields=["revoked_at"])
    key.user.is_active = False
    key.user.save(update_fields=["is_active"])
    record_audit_event(action=AuditEvent.Action.REVOKED, actor=actor, target=key)


def authenticate_api_key(*, presented: str) -> ApiKey:
    """The usable key that a program presented.

    Raises:
        ApiKeyError: Malformed, unknown, expired or revoked; the answer does not say which.
    """
    message = "This API key is not valid. It may be mistyped, expired or revoked."
    parts = presented.split("_", 2)
    if len(parts) != 3 or parts[0] != API_KEY_SCHEME:  # noqa: PLR2004  # scheme, prefix, secret
        raise ApiKeyError(message)
    key = ApiKey.objects.select_related("user", "organization").filter(prefix=parts[1]).first()
    digest = hashlib.sha256(parts[2].encode()).hexdigest()
    # Compared in constant time even where there is no such prefix.
    matches = hmac.compare_digest(key.secret_sha256 if key else "0" * 64, digest)
    if (
        key is None
        or not matches
        or not key.is_usable
        or not key.user.is_active
        or not key.organization.is_active
    ):
        raise ApiKeyError(message)
    _note_use(key)
    return key


def _note_use(key: ApiKey) -> None:
    """Keep when a key was last used, and audit its first use from each address on each day."""
    now = timezone.now()
    if key.last_used_at is not None and now - key.last_used_at < LAST_USED_RESOLUTION:
        return
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    logged = AuditEvent.objects.filter(
        action=AuditEvent.Action.LOGGED_IN,
        target_type=ApiKey._meta.label_lower,  # noqa: SLF001  # Django's public name
        target_id=str(key.pk),
        ip_address=current_origin.get().ip_address,
        at__gte=now - USE_AUDITED_EVERY,
    )
    if not logged.exists():
        record_audit_event(action=AuditEvent.Action.LOGGED_IN, actor=key.user, target=key)
