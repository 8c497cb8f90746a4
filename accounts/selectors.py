"""Reads of people, organizations, roles, keys and audit events, each from what a user may see."""

from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet

from accounts.models import ApiKey, AuditEvent, Membership, Organization, Role, User

MANAGING_ROLES = (Role.OWNER, Role.MANAGER)
AUDITING_ROLES = (Role.OWNER, Role.AUDITOR)
ADMIN_ROLES = (Role.OWNER, Role.MANAGER, Role.AUDITOR)


def organizations_of(user: User, *roles: Role) -> QuerySet[Organization]:
    """Active organizations in which the user has one of `roles`, or any where none is named."""
    if not user.is_active:
        return Organization.objects.none()
    organizations = Organization.objects.filter(is_active=True)
    if user.is_superuser:
        return organizations
    memberships = Membership.objects.filter(user=user)
    if roles:
        memberships = memberships.filter(role__in=roles)
    return organizations.filter(pk__in=memberships.values("organization_id"))


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
