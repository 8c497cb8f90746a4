"""Log-ins go into the audit trail, whichever door was used."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import AuditEvent, Organization, User
from accounts.services import record_audit_event


def _organization(user: User) -> Organization | None:
    membership = user.memberships.select_related("organization").order_by("pk").first()
    return membership.organization if membership else None


@receiver(user_logged_in)
def audit_log_in(sender: object, user: User, **kwargs: Any) -> None:
    """Note a log-in in the person's first organization."""
    record_audit_event(
        action=AuditEvent.Action.LOGGED_IN,
        actor=user,
        organization=_organization(user),
        target=user,
    )


@receiver(user_logged_out)
def audit_log_out(sender: object, user: User | None, **kwargs: Any) -> None:
    """Note a log-out; a session that was already gone has no user."""
    if user is not None:
        record_audit_event(
            action=AuditEvent.Action.LOGGED_OUT,
            actor=user,
            organization=_organization(user),
            target=user,
        )


@receiver(user_login_failed)
def audit_failed_log_in(
    sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    """Note a failed log-in where the e-mail belongs to somebody; a mistyped one may be a password."""
    email = str(credentials.get("email") or credentials.get("username") or "").lower()
    user = User.objects.filter(email=email).first()
    record_audit_event(
        action=AuditEvent.Action.LOGIN_FAILED,
        actor=None,
        actor_label=user.email if user else "unknown",
        organization=_organization(user) if user else None,
        target=user,
    )
