"""Steps by time until somebody answers: what comes when, and the clock that makes it so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone

from alerts.models import (
    Alert,
    AlertChange,
    Endpoint,
    EscalationPolicy,
    EscalationStep,
)
from alerts.models.escalation import STEPS_MOST
from alerts.services.outbox import Told, make_deliveries

log = structlog.get_logger(__name__)

AT_ONCE_MOST = 200


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step of a policy as it will come: so long after the alert, to these."""

    after: timedelta
    endpoints: tuple[Endpoint, ...]


class Plans:
    """The policies of some organizations, read once, and what they plan."""

    def __init__(self, organization_ids: Iterable[int]) -> None:
        endpoints = Endpoint.objects.select_related("organization", "template")
        steps = EscalationStep.objects.prefetch_related(Prefetch("endpoints", endpoints))
        policies = EscalationPolicy.objects.filter(
            organization__in=set(organization_ids)
        ).prefetch_related("watchlists", Prefetch("steps", steps))
        self._policies = {policy.pk: policy for policy in policies}
        self._plans: dict[int, tuple[PlannedStep, ...]] = {}

    def policy_for(self, alert: Alert, chosen_id: int | None = None) -> EscalationPolicy | None:
        """The policy chosen, or else the first that fits the alert."""
        if chosen_id is not None and (chosen := self._policies.get(chosen_id)) is not None:
            return chosen
        return next((policy for policy in self._policies.values() if _fits(policy, alert)), None)

    def plan(self, policy_id: int | None) -> tuple[PlannedStep, ...]:
        """All steps of a policy, its repeats, and those of policies it hands over to, by time."""
        if policy_id is None or policy_id not in self._policies:
            return ()
        if policy_id not in self._plans:
            self._plans[policy_id] = tuple(self._planned(policy_id))
        return self._plans[policy_id]

    def _planned(self, policy_id: int | None) -> list[PlannedStep]:
        planned: list[PlannedStep] = []
        begin = timedelta()
        passed: set[int] = set()
        # A circle is refused when it is made; rows written otherwise must not hang a worker.
        while policy_id in self._policies and policy_id not in passed and len(passed) < STEPS_MOST:
            passed.add(policy_id)
            policy = self._policies[policy_id]
            own = [
                PlannedStep(begin + after, tuple(step.endpoints.all()))
                for step in policy.steps.all()
                for after in _times(step)
            ]
            planned += sorted(own, key=lambda step: step.after)
            begin = planned[-1].after if own else begin
            policy_id = policy.hands_over_to_id
        return planned


def _times(step: EscalationStep) -> list[timedelta]:
    every = timedelta(seconds=step.repeat_every_seconds)
    first = timedelta(seconds=step.after_seconds)
    return [first + number * every for number in range(step.repeats + 1)]


def _fits(policy: EscalationPolicy, alert: Alert) -> bool:
    if policy.organization_id != alert.organization_id or not policy.is_active:
        return False
    lists = {watchlist.pk for watchlist in policy.watchlists.all()}
    return alert.priority >= policy.least_priority and (not lists or alert.watchlist_id in lists)


def begin_escalation(alerts: Sequence[Alert], plans: Plans) -> None:
    """Tell those of new alerts who are told at once, and set the clock for the others.

    The alerts are not saved yet; the caller saves the clock with them, then calls the result.
    """
    for alert in alerts:
        plan = plans.plan(alert.policy_id)
        at_once = sum(1 for step in plan if not step.after)
        _set_clock(alert, plan, at_once)


def told_at_once(alerts: Sequence[Alert], plans: Plans) -> list[Told]:
    """Who is told of new alerts at once."""
    return [
        Told(alert, number, endpoint)
        for alert in alerts
        for number, step in enumerate(plans.plan(alert.policy_id))
        if not step.after
        for endpoint in step.endpoints
    ]


def _set_clock(alert: Alert, plan: Sequence[PlannedStep], number: int) -> None:
    alert.next_step = number
    alert.next_step_at = alert.raised_at + plan[number].after if number < len(plan) else None


@transaction.atomic
def escalate_due() -> int:
    """Take the next step of every alert whose time has come; returns how many there were."""
    now = timezone.now()
    due = list(
        Alert.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("organization")
        .filter(next_step_at__lte=now, state__in=Alert.UNANSWERED)
        .order_by("next_step_at")[:AT_ONCE_MOST]
    )
    plans = Plans(alert.organization_id for alert in due)
    told: list[Told] = []
    changes: list[AlertChange] = []
    for alert in due:
        plan = plans.plan(alert.policy_id)
        number = alert.next_step
        if number < len(plan):
            told += [Told(alert, number, endpoint) for endpoint in plan[number].endpoints]
            changes.append(_change(alert, number, plan[number]))
        _set_clock(alert, plan, number + 1)
    Alert.objects.bulk_update(due, ["next_step", "next_step_at"])
    AlertChange.objects.bulk_create(changes)
    make_deliveries(told)
    return len(due)


def _change(alert: Alert, number: int, step: PlannedStep) -> AlertChange:
    names = ", ".join(endpoint.name for endpoint in step.endpoints)
    return AlertChange(
        alert=alert,
        kind=AlertChange.Kind.ESCALATED,
        actor_label="server",
        before=alert.state,
        after=alert.state,
        text=f"{number + 1}: {names}"[:1000],
    )
