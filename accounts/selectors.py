"""Reads of people, organizations, roles, keys and audit events, each from what a user may see."""

from django.contrib.auth.models import Group
from django.db.models import QuerySet

from accounts.models import ApiKey, AuditEvent, Membership, Organization, Role, User

MANAGING_ROLES = (Role.OWNER, Role.MANAGER)
AUDITING_ROLES = (Role.OWNER, Role.AUDITOR)


def organizations_of(user: User, *roles: Role) -> QuerySet[Organization]:
    """Active organizations in which the user has one of `roles`, or any role where none is named."""
    if not user.is_active:
        return Organization.objects.none()
    organizations = Organization.objects.filter(is_active=True)
    if user.is_superuser:
        return organizations
    memberships = Membership.objects.filter(user=user)
    if roles:
        memberships = memberships.filter(role__in=roles)
    return organizations.filter(pk__in=memberships.values("organization_id"))


def has_role(user: User, organization: Organization, *roles: Role) -> bool:
    """Whether the user holds one of `roles` in an active organization; superusers hold all."""
    return organizations_of(user, *roles).filter(pk=organization.pk).exists()


def role_group(organization: Organization, role: Role) -> Group:
    """The Django group that stands for a role; made with the organization."""
    return Group.objects.get(role_group__organization=organization, role_group__role=role)


def memberships_visible_to(user: User) -> QuerySet[Membership]:
    """Members of the organizations that the user manages."""
    managed = organizations_of(user, *MANAGING_ROLES)
    return Membership.objects.filter(organization__in=managed).select_related(
        "user", "organization"
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
