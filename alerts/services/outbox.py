"""Makes deliveries: rows first, then a word to the workers once they are committed.

What an endpoint wants told together (a digest, the alerts of quiet hours, more than so many a
minute) is carried by one delivery that falls due at the end of the period.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Count, Max, Min, Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import Role
from alerts.models import (
    Alert,
    Channel,
    Delivery,
    Endpoint,
    Lane,
    PushSubscription,
)
from alerts.models.deliveries import LONGEST_REST_SECONDS
from alerts.selectors.alerts import users_who_see

log = structlog.get_logger(__name__)

_PENDING = Delivery.State.PENDING
STORM_WINDOW = timedelta(minutes=1)


class Told(NamedTuple):
    """One alert to be told to one endpoint, at a step of its escalation."""

    alert: Alert
    step: int
    endpoint: Endpoint


def make_deliveries(told: Sequence[Told]) -> int:
    """Write the deliveries, each once whatever is tried again; returns how many were asked for.

    Part of the caller's transaction, so that an alert is never there without them.
    """
    told = [one for one in told if one.endpoint.is_active]
    if not told:
        return 0
    now = timezone.now()
    carriers = _Carriers(now, told)
    carried = [
        (one, browser, carriers.of(one, browser)) for one in told for browser in _subscriptions(one)
    ]
    carriers.save()
    rows = [
        # A clock that went back leads to one that was sent: nobody would hear of it there.
        _row(one, now, carrier if carrier and carrier.state == _PENDING else None, browser)
        for one, browser, carrier in carried
    ]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1_000)
    wake_lanes({one.endpoint.pk for one in told})
    return len(rows)


def wake_lanes(endpoint_ids: Iterable[int]) -> None:
    """Tell workers, after commit, that these endpoints have something to send."""
    for endpoint_id in sorted(endpoint_ids):
        transaction.on_commit(partial(_wake, endpoint_id))


def _wake(endpoint_id: int) -> None:
    from alerts.tasks import send_lane  # noqa: PLC0415  # tasks call services

    try:
        # Whoever raised the alert does not wait for Redis to come back.
        send_lane.apply_async(args=(endpoint_id,), retry=False)
    except (OperationalError, OSError):
        # The sweeper finds the rows.
        log.warning("lane_not_woken_yet", endpoint_id=endpoint_id)


def _row(
    one: Told, now: datetime, carrier: Delivery | None, subscription: PushSubscription | None
) -> Delivery:
    return Delivery(
        organization_id=one.alert.organization_id,
        endpoint=one.endpoint,
        alert=one.alert,
        step=one.step,
        subscription=subscription,
        state=Delivery.State.GATHERED if carrier else Delivery.State.PENDING,
        carried_by=carrier,
        due_at=carrier.due_at if carrier else now,
    )


def _subscriptions(one: Told) -> list[PushSubscription | None]:
    """The browsers that a web push goes to: of those people only who may see the alert."""
    if one.endpoint.channel != Channel.WEB_PUSH:
        return [None]
    roles = one.endpoint.options.get("roles") or [Role.OPERATOR, Role.MANAGER, Role.OWNER]
    users = users_who_see(one.alert, roles=roles)
    return list(PushSubscription.objects.filter(user__in=users, gone_at=None))


# Those that are being sent are waited for; those that wait stay until the transaction ends.
_KEEP_CARRIERS = """
SELECT id, endpoint_id, subscription_id, kind, due_at, state FROM alerts_delivery
WHERE endpoint_id = ANY(%s) AND due_at = ANY(%s) AND kind IN ('storm', 'digest', 'quiet')
ORDER BY id FOR KEY SHARE
"""
# An endpoint, and of web push the browser.
Receiver = tuple[int, UUID | None]


class _Carriers:
    """Which alerts are told together, and by which delivery."""

    def __init__(self, now: datetime, told: Sequence[Told]) -> None:
        self._now = now
        self._wanted: dict[tuple[Receiver, str, datetime], Delivery] = {}
        limited = {one.endpoint.pk for one in told if one.endpoint.most_per_minute}
        self._sent = _recent_counts(limited, now)

    def of(self, one: Told, browser: PushSubscription | None) -> Delivery | None:
        """The delivery that carries this one; None where it travels alone."""
        if one.endpoint.channel == Channel.RELAY:
            return None
        receiver = (one.endpoint.pk, browser.pk if browser else None)
        is_loud = one.alert.priority >= one.endpoint.loud_priority
        quiet_until = None if is_loud else quiet_end(one.endpoint, self._now)
        if quiet_until is not None:
            return self._carrier(one, receiver, Delivery.Kind.QUIET, quiet_until)
        if one.endpoint.digest_minutes and not is_loud:
            period = timedelta(minutes=one.endpoint.digest_minutes)
            due_at = next_end(self._now, period)
            return self._carrier(one, receiver, Delivery.Kind.DIGEST, due_at)
        limit = one.endpoint.most_per_minute
        if limit and self._sent[receiver] >= limit:
            due_at = next_end(self._now, STORM_WINDOW)
            return self._carrier(one, receiver, Delivery.Kind.STORM, due_at)
        self._sent[receiver] += 1
        return None

    def save(self) -> None:
        """Write the carriers that are not there yet, and take the ids of those that are."""
        if not self._wanted:
            return
        wanted = self._wanted.values()
        Delivery.objects.bulk_create(wanted, ignore_conflicts=True)
        known = Delivery.objects.raw(
            _KEEP_CARRIERS,
            [[one.endpoint_id for one in wanted], [one.due_at for one in wanted]],
        )
        for row in known:
            key = ((row.endpoint_id, row.subscription_id), row.kind, row.due_at)
            if (mine := self._wanted.get(key)) is not None:
                mine.pk, mine.state = row.pk, row.state

    def _carrier(
        self, one: Told, receiver: Receiver, kind: Delivery.Kind, due_at: datetime
    ) -> Delivery:
        key = (receiver, str(kind), due_at)
        if key not in self._wanted:
            self._wanted[key] = Delivery(
                organization_id=one.alert.organization_id,
                endpoint=one.endpoint,
                subscription_id=receiver[1],
                kind=kind,
                due_at=due_at,
            )
        return self._wanted[key]


def _recent_counts(endpoint_ids: Iterable[int], now: datetime) -> dict[Receiver, int]:
    counts: dict[Receiver, int] = defaultdict(int)
    if not endpoint_ids:
        return counts
    counted = (
        Delivery.objects.filter(
            endpoint__in=endpoint_ids,
            kind=Delivery.Kind.ALERT,
            created_at__gt=now - STORM_WINDOW,
        )
        .exclude(state=Delivery.State.GATHERED)
        .order_by()
        .values_list("endpoint_id", "subscription_id")
        .annotate(count=Count("*"))
    )
    for endpoint_id, browser_id, count in counted:
        counts[endpoint_id, browser_id] = count
    return counts


def next_end(now: datetime, period: timedelta) -> datetime:
    """The end of the period that `now` lies in, periods counted from the epoch.

    >>> next_end(datetime(2026, 1, 1, 10, 7, 30, tzinfo=UTC), timedelta(minutes=5)).minute
    10
    """
    seconds = int(period.total_seconds())
    end = (int(now.timestamp()) // seconds + 1) * seconds
    return datetime.fromtimestamp(end, tz=now.tzinfo)


def quiet_end(endpoint: Endpoint, now: datetime) -> datetime | None:
    """When the endpoint's quiet hours end; None outside them. They may pass midnight."""
    begin, end = endpoint.quiet_from, endpoint.quiet_until
    if begin is None or end is None or begin == end:
        return None
    local = now.astimezone(endpoint.organization.zone)
    at = local.time().replace(tzinfo=None)
    is_quiet = begin <= at < end if begin < end else at >= begin or at < end
    if not is_quiet:
        return None
    ends = local.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    ends = ends if ends > local else ends + timedelta(days=1)
    # In an hour that the clocks skip or repeat, a local time equals no other (PEP 495), not even
    # the same moment as it comes from the database.
    return ends.astimezone(UTC)


def end_rest(endpoint_id: int) -> None:
    """Let an endpoint be tried at once, unless somebody is sending to it at this moment."""
    lane = Lane.objects.select_for_update(skip_locked=True, no_key=True).filter(
        endpoint=endpoint_id
    )
    if found := lane.first():
        found.rests_until = None
        found.save(update_fields=["rests_until"])


def due_by(moment: datetime) -> Q:
    """What is due: only what carries others waits for a moment, whatever the clock says."""
    return ~Q(kind__in=Delivery.CARRIERS) | Q(due_at__lte=moment)


def lanes_to_wake() -> list[int]:
    """Endpoints that have something due which no worker may know of."""
    now = timezone.now()
    waiting = Delivery.objects.filter(
        due_by(now), state=Delivery.State.PENDING, endpoint__is_active=True
    )
    # As `Lane.rests_at`.
    longest = now + timedelta(seconds=LONGEST_REST_SECONDS)
    resting = Lane.objects.filter(rests_until__gt=now, rests_until__lte=longest)
    return list(
        waiting.exclude(endpoint__in=resting.values("endpoint_id"))
        .order_by()
        .values_list("endpoint_id", flat=True)
        .distinct()
    )


def queue_lengths(endpoint_ids: Iterable[int]) -> Mapping[int, tuple[int, datetime]]:
    """How many deliveries wait at each endpoint, and since when."""
    waiting = Delivery.objects.filter(state=Delivery.State.PENDING, endpoint__in=endpoint_ids)
    counted = (
        waiting.order_by()
        .values_list("endpoint_id")
        .annotate(count=Count("*"), oldest=Min("created_at"), newest=Max("created_at"))
    )
    return {endpoint_id: (count, oldest) for endpoint_id, count, oldest, _ in counted}
