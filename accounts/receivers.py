"""Log-ins and changes of passwords and second factors go into the audit trail, whichever door."""

from typing import Any

from allauth.account.signals import password_changed, password_reset
from allauth.mfa import signals as mfa
from django.apps import AppConfig, apps
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from accounts.models import AuditEvent, Organization, User
from accounts.selectors import only_organization_of
from accounts.services import ensure_role_groups, record_audit_event

Action = AuditEvent.Action


@receiver(user_logged_in)
def audit_log_in(sender: object, user: User, **kwargs: Any) -> None:
    """Note a log-in."""
    record_audit_event(action=Action.LOGGED_IN, actor=user, target=user)


@receiver(user_logged_out)
def audit_log_out(sender: object, user: User | None, **kwargs: Any) -> None:
    """Note a log-out; a session that was already gone has no user."""
    if user is not None:
        record_audit_event(action=Action.LOGGED_OUT, actor=user, target=user)


@receiver(user_login_failed)
def audit_failed_log_in(sender: object, credentials: dict[str, Any], **kwargs: Any) -> None:
    """Note a failed log-in; an e-mail that is nobody's may be a mistyped password."""
    email = str(credentials.get("email") or credentials.get("username") or "").lower()
    user = User.objects.filter(email=email).first()
    _audit_failure(user, "password")


@receiver(mfa.authentication_failed)
def audit_failed_second_factor(sender: object, user: User, **kwargs: Any) -> None:
    """Note a wrong code after a right password."""
    _audit_failure(user, "second factor")


def _audit_failure(user: User | None, what: str) -> None:
    # Nobody has proved to be that person, so the event has no actor.
    record_audit_event(
        action=Action.LOGIN_FAILED,
        actor=None,
        actor_label=user.email if user else "unknown",
        organization=only_organization_of(user),
        target=user,
        detail={"wrong": what},
    )


@receiver(password_changed)
@receiver(password_reset)
def audit_password(sender: object, user: User, **kwargs: Any) -> None:
    """Note a new password."""
    record_audit_event(
        action=Action.CHANGED, actor=user, target=user, detail={"changed": "password"}
    )


@receiver(mfa.authenticator_added)
@receiver(mfa.authenticator_removed)
@receiver(mfa.authenticator_reset)
def audit_second_factor(sender: object, user: User, **kwargs: Any) -> None:
    """Note a second factor that came, went or was renewed."""
    record_audit_event(
        action=Action.CHANGED, actor=user, target=user, detail={"changed": "second factor"}
    )


@receiver(post_migrate)
def renew_role_groups(sender: AppConfig, **kwargs: Any) -> None:
    """Give roles what a new release allows them, once all permissions are there."""
    last = [app for app in apps.get_app_configs() if app.models_module is not None][-1]
    if sender.name == last.name:
        for organization in Organization.objects.all():
            ensure_role_groups(organization=organization)
