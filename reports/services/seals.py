"""Seals over the audit trail: a chain that shows a later change of any event that it holds.

Triggers refuse changes; the chain shows those of somebody who could switch triggers off. Each seal
holds the hash tree's root over new events and the seal before it, and is signed. Events are sealed
whatever their ids, since one of a long transaction becomes visible late.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.models import AuditEvent
from lpr_project.common.models import uuid7_floor, uuid7_time
from reports.documents.merkle import path_to, root_of
from reports.documents.verifier import leaf_hash, seal_hash
from reports.models import AuditSeal, SealedEvent
from reports.services.keys import signing_key

SEAL_EVENTS_MOST = 10_000
# How much later than its moment an event may become visible, the longest transaction included.
LATE_MOST = timedelta(days=2)
# Younger events may not be sealed yet.
SEALED_WITHIN = timedelta(hours=1)
_LOCK = 0x5EA1
_FIELDS = (
    "id",
    "at",
    "organization_id",
    "actor_id",
    "actor_label",
    "action",
    "target_type",
    "target_id",
    "target_label",
    "reason",
    "case_number",
    "ip_address",
    "user_agent",
    "request_id",
    "detail",
)
Plain = dict[str, Any]


def plain_event(event: AuditEvent) -> Plain:
    """An event as it is hashed: as the database holds it, in plain JSON."""
    plain = {name: getattr(event, name) for name in _FIELDS}
    return {**plain, "id": str(event.pk), "at": event.at.astimezone(UTC).isoformat()}


def plain_seal(seal: AuditSeal) -> Plain:
    """A seal as it is hashed and told."""
    return {
        "number": seal.number,
        "made_at": seal.made_at.astimezone(UTC).isoformat(),
        "events": seal.events_count,
        "root": seal.root,
        "previous": seal.previous,
        "key_id": seal.key_id,
        "hash": seal.sha256,
        "signature": seal.signature,
    }


def seal_trail() -> int:
    """Seal what is not sealed yet; returns how many events."""
    count = 0
    while sealed := _seal_some():
        count += sealed
    return count


@transaction.atomic
def _seal_some() -> int:
    with connection.cursor() as cursor:
        # Two that seal at once would give the chain two ends.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    last = AuditSeal.objects.order_by("-number").first()
    events = list(_unsealed(_frontier(last)).order_by("id")[:SEAL_EVENTS_MOST])
    if not events:
        return 0
    private, key = signing_key()
    leaves = [leaf_hash(plain_event(event)) for event in events]
    seal = AuditSeal(
        number=last.number + 1 if last else 1,
        made_at=timezone.now(),
        events_count=len(events),
        root=root_of(leaves),
        previous=last.sha256 if last else "",
        key=key,
    )
    seal.sha256 = seal_hash(plain_seal(seal))
    seal.signature = private.sign(bytes.fromhex(seal.sha256)).hex()
    seal.save(force_insert=True)
    SealedEvent.objects.bulk_create(
        [
            SealedEvent(event_id=event.pk, seal_id=seal.pk, position=position, leaf=leaf)
            for position, (event, leaf) in enumerate(zip(events, leaves, strict=True))
        ],
        batch_size=2_000,
    )
    return len(events)


def _frontier(last: AuditSeal | None) -> datetime | None:
    """The moment before which nothing new can be unsealed; None where nothing is sealed yet.

    It follows the events, not the clock: where there are many, older ones wait for the next seal.
    """
    if last is None:
        return None
    newest = SealedEvent.objects.filter(seal=last.number).latest("position")
    return uuid7_time(newest.event_id) - LATE_MOST


def _unsealed(since: datetime | None, until: datetime | None = None) -> QuerySet[AuditEvent]:
    events = AuditEvent.objects.filter(~Exists(SealedEvent.objects.filter(event=OuterRef("pk"))))
    if since is not None:
        events = events.filter(pk__gte=uuid7_floor(since))
    return events if until is None else events.filter(pk__lt=uuid7_floor(until))


def proofs_of(events: Sequence[AuditEvent]) -> tuple[list[Plain], list[Plain], list[str]]:
    """What proves that events are in the chain.

    Returns:
        A row for each event with its place and path; the seals from the first of them to the head
        of the chain; and a sentence for each event that is not what was sealed.
    """
    places = SealedEvent.objects.in_bulk([event.pk for event in events])
    leaves: dict[int, list[str]] = {}
    rows, warnings = [], []
    for event in events:
        place, plain = places.get(event.pk), plain_event(event)
        if place is None:
            warnings.append(f"Audit event {event.pk} is in no seal.")
            continue
        if place.leaf != leaf_hash(plain):
            warnings.append(f"Audit event {event.pk} is not what was sealed.")
        tree = leaves.setdefault(place.seal_id, _leaves_of(place.seal_id))
        path = path_to(place.position, tree)
        rows.append(
            {"event": plain, "seal": place.seal_id, "position": place.position, "path": path}
        )
    first = min(leaves, default=None)
    seals = AuditSeal.objects.order_by("number")
    chain = seals.filter(number__gte=first) if first is not None else seals.reverse()[:1]
    return rows, [plain_seal(seal) for seal in chain], warnings


def _leaves_of(number: int) -> list[str]:
    rows = SealedEvent.objects.filter(seal=number).order_by("position")
    return list(rows.values_list("leaf", flat=True))


def check_trail(*, head: str = "") -> Iterator[str]:
    """Compare the whole audit trail with its seals; a sentence for each thing that is wrong.

    Args:
        head: The hash of a seal that was known before, such as one from an evidence pack.
    """
    previous, number, has_head = "", 0, not head
    public_keys: dict[str, Ed25519PublicKey] = {}
    for seal in AuditSeal.objects.select_related("key").order_by("number").iterator(500):
        number += 1
        if seal.number != number or seal.previous != previous:
            yield f"Seal {seal.number} does not follow the one before it: some are missing."
            number = seal.number
        if seal_hash(plain_seal(seal)) != seal.sha256:
            yield f"Seal {seal.number} was changed."
        if not _is_signed(seal, public_keys):
            yield f"Seal {seal.number} is not signed by key {seal.key_id}."
        yield from _check_events(seal)
        previous, has_head = seal.sha256, has_head or seal.sha256 == head
    if not has_head:
        yield f"No seal has the hash {head}: the chain was cut off or made anew."
    late = _unsealed(None, timezone.now() - SEALED_WITHIN)
    for pk in late.order_by("id").values_list("pk", flat=True)[:1000]:
        yield f"Audit event {pk} is in no seal, though it should have been sealed long ago."


def _is_signed(seal: AuditSeal, keys: dict[str, Ed25519PublicKey]) -> bool:
    key = keys.get(seal.key_id)
    if key is None:
        raw = bytes.fromhex(seal.key.public_key)
        key = keys[seal.key_id] = Ed25519PublicKey.from_public_bytes(raw)
    try:
        key.verify(bytes.fromhex(seal.signature), bytes.fromhex(seal.sha256))
    except (InvalidSignature, ValueError):
        return False
    return True


def _check_events(seal: AuditSeal) -> Iterator[str]:
    places = list(SealedEvent.objects.filter(seal=seal.number).order_by("position"))
    leaves = [place.leaf for place in places]
    if len(leaves) != seal.events_count or root_of(leaves) != seal.root:
        yield f"The list of events in seal {seal.number} was changed."
    events: dict[UUID, AuditEvent] = AuditEvent.objects.in_bulk([row.event_id for row in places])
    for place in places:
        event = events.get(place.event_id)
        if event is None:
            yield f"Audit event {place.event_id} is gone."
        elif leaf_hash(plain_event(event)) != place.leaf:
            yield f"Audit event {place.event_id} was changed after it was sealed."
