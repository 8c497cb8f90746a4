"""Sends what waits at an endpoint, in order, one sender at a time, as often as it takes.

Whoever sends holds the lock of the endpoint's lane for one message: a worker that is killed lets
it go with its connection. A receiver that fails rests the lane, longer each time; the next message
is the probe, and then the lane catches up. Nothing is ever switched off.
"""

import json
import random
import time
from collections.abc import Iterable
from datetime import timedelta
from enum import Enum, auto
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, User
from accounts.services import record_audit_event
from alerts.errors import AlertError, DeliveryFailedError
from alerts.models import (
    Channel,
    Delivery,
    DeliveryAttempt,
    Endpoint,
    Lane,
    PushSubscription,
)
from alerts.models.deliveries import LONGEST_REST_SECONDS
from alerts.selectors.alerts import alerts_told_by
from alerts.services.channels import SENDERS
from alerts.services.channels.message import Target
from alerts.services.messages import render
from alerts.services.outbox import due_by, end_rest, wake_lanes

log = structlog.get_logger(__name__)

FIRST_REST_SECONDS = 1.0
# After so many failures of the same message another is tried in between: if that one passes, the
# first can never be delivered.
STUCK_AFTER = 6
# What nobody could be told within this time is laid aside for people to decide on.
OLDEST = timedelta(days=7)
# How long a message of many waits for alerts whose transaction is still open.
GRACE = timedelta(seconds=2)


class Sent(Enum):
    """What became of a look at a lane."""

    ONE = auto()
    NOTHING_DUE = auto()
    RESTING = auto()
    BUSY = auto()


def drain_lane(*, endpoint_id: int, seconds: float = 20.0) -> bool:
    """Send what is due at an endpoint, for a while; returns whether there may be more."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        outcome = send_next(endpoint_id=endpoint_id)
        if outcome in {Sent.BUSY, Sent.RESTING}:
            return False
        # A row that was committed while this sender held the lock woke a worker that found it
        # held. The lock is free now, so one more look finds that row, or leaves it to that worker.
        if outcome is Sent.NOTHING_DUE and not _is_due(endpoint_id):
            return False
    return True


def _due() -> Q:
    return Q(state=Delivery.State.PENDING) & due_by(timezone.now() - GRACE)


def _is_due(endpoint_id: int) -> bool:
    return Delivery.objects.filter(_due(), endpoint=endpoint_id).exists()


@transaction.atomic
def send_next(*, endpoint_id: int) -> Sent:
    """Send the endpoint's oldest due delivery, and note how it went."""
    lane = (
        Lane.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        .select_related("endpoint__organization", "endpoint__template")
        .filter(endpoint=endpoint_id)
        .first()
    )
    if lane is None:
        return Sent.BUSY
    if not lane.endpoint.is_active or lane.rests_at(timezone.now()):
        return Sent.RESTING
    delivery, passed_over = _choose(lane)
    if delivery is None:
        return Sent.NOTHING_DUE
    if not _is_for_somebody(delivery):
        Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.CANCELLED)
        return Sent.ONE
    started = time.monotonic()
    try:
        _send(delivery, lane.endpoint)
    except DeliveryFailedError as error:
        _note_failure(lane, delivery, error, started)
    else:
        _note_success(lane, delivery, started)
        if passed_over is not None:
            _lay_aside(passed_over, passed_over.last_error)
    return Sent.ONE


def _choose(lane: Lane) -> tuple[Delivery | None, Delivery | None]:
    """What to send now, and what it passes over because that one has failed too often."""
    waiting = list(
        Delivery.objects.select_related("alert__organization", "subscription__user")
        .filter(_due(), endpoint=lane.endpoint_id)
        .order_by("id")[:2]
    )
    if not waiting:
        return None, None
    is_stuck = waiting[0].attempts >= STUCK_AFTER and lane.failures % 2 == 1
    if is_stuck and len(waiting) > 1:
        return waiting[1], waiting[0]
    return waiting[0], None


def _is_for_somebody(delivery: Delivery) -> bool:
    """Whether there is still something to tell, and in a browser somebody who may hear it."""
    carries = delivery.kind in Delivery.CARRIERS
    if delivery.kind == Delivery.Kind.TEST or not (carries or delivery.subscription):
        return True
    if carries:
        # Alerts that are being added hold a share of it: wait for their commit.
        Delivery.objects.select_for_update().get(pk=delivery.pk)
    return alerts_told_by(delivery).exists()


def _send(delivery: Delivery, endpoint: Endpoint) -> None:
    subscription = delivery.subscription
    secret = subscription.secret if subscription else endpoint.secret
    target = Target(
        name=endpoint.name, options=endpoint.options, secret=json.loads(secret) if secret else {}
    )
    try:
        SENDERS[endpoint.channel](render(delivery, endpoint), target)
    except (KeyError, TypeError, ValueError) as error:
        # It would fail for ever, and hold up all that stands behind it.
        log.exception("delivery_not_understood", delivery_id=str(delivery.pk))
        raise DeliveryFailedError(
            "The message could not be made. Look at the recipient's settings and template.",
            is_about_message=True,
        ) from error


def _note_success(lane: Lane, delivery: Delivery, started: float) -> None:
    now = timezone.now()
    delivery.state, delivery.sent_at, delivery.last_error = Delivery.State.SENT, now, ""
    _note_attempt(delivery, started)
    lane.failures, lane.failing_since, lane.rests_until = 0, None, None
    lane.last_sent_at, lane.last_error = now, ""
    lane.save()


def _note_failure(
    lane: Lane, delivery: Delivery, error: DeliveryFailedError, started: float
) -> None:
    delivery.last_error = error.message[:300]
    if error.is_about_message:
        delivery.state = Delivery.State.DEAD
    _note_attempt(delivery, started)
    log.warning(
        "delivery_failed",
        delivery_id=str(delivery.pk),
        endpoint_id=lane.endpoint_id,
        attempts=delivery.attempts,
        reason=error.message,
    )
    if error.is_about_message:
        if delivery.subscription is not None:
            # The browser has taken its permission back, or is no more.
            delivery.subscription.gone_at = timezone.now()
            delivery.subscription.save(update_fields=["gone_at"])
        return
    now = timezone.now()
    if now - delivery.created_at > OLDEST:
        _lay_aside(delivery, delivery.last_error)
    lane.failures += 1
    lane.failing_since = lane.failing_since or now
    lane.last_error = delivery.last_error
    lane.rests_until = now + timedelta(seconds=rest_seconds(lane.failures, error.retry_after_s))
    lane.save()


def _note_attempt(delivery: Delivery, started: float) -> None:
    delivery.attempts += 1
    said = ["sent_at", "last_error", "attempts", "content"]
    # Somebody may have answered meanwhile: what is no longer needed does not wait again.
    is_over = delivery.state != Delivery.State.PENDING
    delivery.save(update_fields=["state", *said] if is_over else said)
    took_ms = int((time.monotonic() - started) * 1000)
    DeliveryAttempt.objects.create(delivery=delivery, took_ms=took_ms, error=delivery.last_error)


def _lay_aside(delivery: Delivery, error: str) -> None:
    delivery.state, delivery.last_error = Delivery.State.DEAD, error[:300]
    delivery.save(update_fields=["state", "last_error"])


def rest_seconds(failures: int, asked_for: int | None = None) -> float:
    """How long an endpoint rests after so many failures in a row: doubled each time, with chance.

    Chance keeps the endpoints of one receiver from coming back all at once. Source: M. Brooker,
    "Exponential backoff and jitter", AWS Architecture Blog, 2015 ("equal jitter").
    """
    longest = min(FIRST_REST_SECONDS * 2 ** min(failures - 1, 20), LONGEST_REST_SECONDS)
    rest: float = longest / 2 + random.uniform(0, longest / 2)  # noqa: S311  # no secret
    return max(rest, min(asked_for or 0, LONGEST_REST_SECONDS))


@transaction.atomic
def replay_delivery(*, delivery: Delivery, actor: User) -> None:
    """Send again what could not be delivered, as the same message with the same key."""
    taken = Delivery.objects.select_for_update(of=("self",)).get(pk=delivery.pk)
    if taken.state not in {Delivery.State.DEAD, Delivery.State.SENT}:
        return
    taken.state, taken.attempts, taken.due_at = Delivery.State.PENDING, 0, timezone.now()
    taken.save(update_fields=["state", "attempts", "due_at"])
    end_rest(taken.endpoint_id)
    record_audit_event(
        action=AuditEvent.Action.CHANGED, actor=actor, target=taken, detail={"replayed": True}
    )
    wake_lanes([taken.endpoint_id])


@transaction.atomic
def test_endpoint(*, endpoint: Endpoint, actor: User) -> UUID:
    """Queue a message that says that it is a test; returns the id of the, or a, delivery.

    Raises:
        AlertError: It goes to browsers, and none of the actor's is told.
    """
    deliveries = [
        Delivery(
            organization=endpoint.organization,
            endpoint=endpoint,
            subscription=browser,
            kind=Delivery.Kind.TEST,
            due_at=timezone.now(),
        )
        for browser in _tested_browsers(endpoint, actor)
    ]
    Delivery.objects.bulk_create(deliveries)
    end_rest(endpoint.pk)
    record_audit_event(action=AuditEvent.Action.TESTED, actor=actor, target=endpoint)
    wake_lanes([endpoint.pk])
    return deliveries[0].pk


def _tested_browsers(endpoint: Endpoint, actor: User) -> list[PushSubscription | None]:
    if endpoint.channel != Channel.WEB_PUSH:
        return [None]
    own = PushSubscription.objects.filter(user=actor, gone_at=None)
    if not own:
        message = _("No browser of yours is told. Allow notifications at the console, then test.")
        raise AlertError(message)
    return list(own)


def cancel_reminders(*, alert_ids: Iterable[UUID]) -> None:
    """Let go what only reminds of alerts that somebody has answered."""
    _cancel(Delivery.objects.filter(alert__in=alert_ids, step__gt=0))


def cancel_waiting(*, endpoint: Endpoint) -> None:
    """Let go what waits at a recipient that is taken away."""
    _cancel(Delivery.objects.filter(endpoint=endpoint))


def _cancel(deliveries: QuerySet[Delivery]) -> None:
    """Those that wait, and those that wait to be told with others."""
    gathered = Q(state=Delivery.State.GATHERED, carried_by__state=Delivery.State.PENDING)
    waiting = deliveries.filter(Q(state=Delivery.State.PENDING) | gathered)
    # By id: what carries others may be among them.
    ids = list(waiting.order_by("id").values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=ids).update(state=Delivery.State.CANCELLED)
