"""Makes and changes rules: managers do, and conditions that cannot hold are refused in words."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, User
from accounts.services import record_audit_event
from alerts.models import Alert, Rule
from alerts.services.managing import check_manager
from alerts.services.rules.conditions import check_conditions

# What a manager chooses; the organization stays.
CHOSEN = (
    "name",
    "trigger",
    "threshold",
    "conditions",
    "priority",
    "cooldown_seconds",
    "policy_id",
    "is_active",
    "is_shadow",
)


def check_rule(*, rule: Rule, wanted: Mapping[str, Any], actor: User) -> Rule:
    """The rule as it is wanted, not saved yet.

    Raises:
        NotAllowedError: The actor does not manage the organization.
        ConditionError: The conditions cannot be.
        ValidationError: A field is wrong.
    """
    _check_manager(rule, actor)
    for name in CHOSEN:
        if name in wanted:
            setattr(rule, name, wanted[name])
    rule.full_clean(exclude=["conditions"])
    check_conditions(rule.conditions, trigger=rule.trigger, organization_id=rule.organization_id)
    return rule


@transaction.atomic
def save_rule(*, rule: Rule, wanted: Mapping[str, Any], actor: User) -> Rule:
    """Make or change a rule; raises what `check_rule` does."""
    is_new = rule.pk is None
    check_rule(rule=rule, wanted=wanted, actor=actor)
    if is_new:
        rule.created_by = actor
    rule.save()
    record_audit_event(
        action=AuditEvent.Action.CREATED if is_new else AuditEvent.Action.CHANGED,
        actor=actor,
        target=rule,
        detail={name: str(wanted[name])[:500] for name in CHOSEN if name in wanted},
    )
    return rule


@transaction.atomic
def delete_rule(*, rule: Rule, actor: User) -> None:
    """Take a rule away; one that has raised alerts is only switched off, for they name it."""
    _check_manager(rule, actor)
    record_audit_event(action=AuditEvent.Action.DELETED, actor=actor, target=rule)
    if Alert.objects.filter(rule=rule).exists():
        rule.is_active = False
        rule.save(update_fields=["is_active", "updated_at"])
        return
    rule.delete()


def _check_manager(rule: Rule, actor: User) -> None:
    sentence = _("Only managers of the organization make rules.")
    check_manager(rule.organization, actor, else_say=sentence)
