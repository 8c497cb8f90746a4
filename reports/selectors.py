"""Reads of exports, keys and seals, each from what a user may see."""

from django.db.models import Q, QuerySet

from accounts.models import Organization, Role, User
from accounts.selectors import AUDITING_ROLES, EXPORTING_ROLES, organizations_of
from reports.models import AuditSeal, Export, SigningKey

READING_ROLES = (Role.OWNER, Role.MANAGER, Role.AUDITOR)


def organizations_exported_by(user: User, kind: Export.Kind) -> QuerySet[Organization]:
    """Organizations of which the user may take such files away, by name."""
    roles = AUDITING_ROLES if kind is Export.Kind.AUDIT_TRAIL else EXPORTING_ROLES
    return organizations_of(user, *roles).order_by("name")


def exports_visible_to(user: User) -> QuerySet[Export]:
    """The user's own exports, as long as it may take such files away, newest first."""
    exports = Export.objects.select_related("organization", "created_by").order_by("-id")
    if user.is_active and user.is_superuser:
        return exports
    audit = organizations_exported_by(user, Export.Kind.AUDIT_TRAIL).order_by()
    others = organizations_exported_by(user, Export.Kind.DETECTIONS).order_by()
    allowed = Q(kind=Export.Kind.AUDIT_TRAIL, organization__in=audit) | Q(
        ~Q(kind=Export.Kind.AUDIT_TRAIL), organization__in=others
    )
    return exports.filter(allowed, created_by=user)


def exports_administered_by(user: User) -> QuerySet[Export]:
    """Exports of the organizations that the user runs or audits: who took what, not the files."""
    organizations = organizations_of(user, *READING_ROLES)
    return Export.objects.filter(organization__in=organizations).select_related(
        "organization", "created_by"
    )


def signing_keys() -> QuerySet[SigningKey]:
    """All public keys, the present one first. They are for everybody to see."""
    return SigningKey.objects.order_by("-created_at")


def last_seal() -> AuditSeal | None:
    """The head of the chain over the audit trail; None before the first seal."""
    return AuditSeal.objects.order_by("-number").first()
