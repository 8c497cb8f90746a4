"""Makes and changes escalation policies with their steps: managers do."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, User
from accounts.services import record_audit_event
from alerts.errors import AlertError
from alerts.models import Endpoint, EscalationPolicy, EscalationStep
from alerts.models.escalation import STEPS_MOST
from alerts.services.managing import check_manager

CHOSEN = (
    "name",
    "position",
    "least_priority",
    "cooldown_seconds",
    "hands_over_to",
    "is_active",
)


@transaction.atomic
def save_policy(
    *, policy: EscalationPolicy, wanted: Mapping[str, Any], actor: User
) -> EscalationPolicy:
    """Make or change a policy.

    Args:
        wanted: Fields of `CHOSEN`, `watchlists`, and `steps` as tables of their fields; what is
            left out stays. Steps are replaced as a whole.

    Raises:
        NotAllowedError: The actor does not manage the organization.
        AlertError: Lists or recipients of another organization, or too many steps.
        ValidationError: A field is wrong, or policies would go round in a circle.
    """
    _check_manager(policy, actor)
    # Of two that hand over to each other at once, the second sees the first.
    list(
        EscalationPolicy.objects.select_for_update(no_key=True)
        .filter(organization=policy.organization_id)
        .order_by("pk")
    )
    is_new = policy.pk is None
    for name in CHOSEN:
        if name in wanted:
            setattr(policy, name, wanted[name])
    policy.full_clean()
    policy.save()
    if "watchlists" in wanted:
        _check_own(policy, wanted["watchlists"], "watchlists")
        policy.watchlists.set(wanted["watchlists"])
    if "steps" in wanted:
        _replace_steps(policy, wanted["steps"])
    record_audit_event(
        action=AuditEvent.Action.CREATED if is_new else AuditEvent.Action.CHANGED,
        actor=actor,
        target=policy,
        detail={name: str(wanted[name])[:500] for name in CHOSEN if name in wanted}
        | ({"steps": len(wanted["steps"])} if "steps" in wanted else {}),
    )
    return policy


def _replace_steps(policy: EscalationPolicy, steps: Sequence[Mapping[str, Any]]) -> None:
    if len(steps) > STEPS_MOST:
        message = _("A policy has at most %d steps.") % STEPS_MOST
        raise AlertError(message, field="steps")
    policy.steps.all().delete()
    for fields in steps:
        endpoints: Sequence[Endpoint] = fields["endpoints"]
        if not endpoints:
            raise AlertError(_("Each step needs somebody to tell."), field="steps")
        _check_own(policy, endpoints, "steps")
        step = EscalationStep(
            policy=policy, **{name: value for name, value in fields.items() if name != "endpoints"}
        )
        step.full_clean()
        step.save()
        step.endpoints.set(endpoints)


@transaction.atomic
def delete_policy(*, policy: EscalationPolicy, actor: User) -> None:
    """Take a policy away; alerts that follow it are escalated no further.

    Raises:
        NotAllowedError: The actor does not manage the organization.
        AlertError: Another policy hands over to it.
    """
    _check_manager(policy, actor)
    record_audit_event(action=AuditEvent.Action.DELETED, actor=actor, target=policy)
    try:
        policy.delete()
    except ProtectedError as error:
        message = _("Another policy hands over to this one. Change that first.")
        raise AlertError(message) from error


def _check_manager(policy: EscalationPolicy, actor: User) -> None:
    sentence = _("Only managers of the organization say who is told.")
    check_manager(policy.organization, actor, else_say=sentence)


def _check_own(policy: EscalationPolicy, things: Sequence[Any], field: str) -> None:
    if any(one.organization_id != policy.organization_id for one in things):
        raise AlertError(_("This belongs to another organization."), field=field)
