"""Writes hits, once each, and sees to it that none is forgotten."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

import orjson
import structlog
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.services import record_audit_event
from alerts.models import Entry, Hit, PendingMatch
from alerts.selectors.past import past_of_entry
from alerts.services.matching import (
    Candidate,
    Match,
    Seen,
    find_candidates,
    find_matches,
    match_with,
)
from alerts.signals import hits_recorded, hits_recording, hits_withdrawn, passes_matched
from detections.models import Detection, ReviewEntry
from detections.services.keeping.hits import mark_hits, unmark_hits
from lpr_project.common.models import uuid7

log = structlog.get_logger(__name__)

LOST_AFTER = timedelta(seconds=10)
"""What waits longer than this was forgotten by whoever recorded it."""

_SWEPT_AT_ONCE = 50
_LOCK_MOST_MS = "60000"
_COLUMNS = (
    "id, organization_id, detection_id, captured_at, matched_at, entry_id, watchlist_id, camera_id,"
    " origin, number, country, province, entry_number, entry_said, policy, edits, distance,"
    " certainty, province_agrees"
)
_WRITTEN_AGAIN = (
    "matched_at, origin, number, country, province, entry_number, entry_said, policy, edits,"
    " distance, certainty, province_agrees"
)


def note_pending(*, pk: UUID, kind: PendingMatch.Kind, detection_ids: Sequence[UUID]) -> None:
    """Note detections that must be matched, in the transaction that makes or moves them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO alerts_pendingmatch (id, kind, detection_ids, created_at)"
            " VALUES (%s, %s, %s::uuid[], now()) ON CONFLICT (id) DO NOTHING",
            # Written here: the driver looks at each item of a list for what must be quoted.
            [pk, kind, f"{{{','.join(one.hex for one in detection_ids)}}}"],
        )


def match_recorded(*, detections: Sequence[Detection]) -> list[Hit]:
    """Match detections that were just committed, in the order in which they were noted.

    Returns:
        The hits. What somebody is changing at this moment is left to `match_pending`.
    """
    pending_id = detections[0].pk
    candidates = find_candidates(detections=detections, ended=pending_id)
    if not candidates:
        return []
    by_id = {detection.pk: detection for detection in detections}
    hits, is_whole = _match_held(candidates, by_id, pending_id=pending_id)
    if not is_whole:
        log.info("matching_put_off", pending_id=str(pending_id))
    return hits


@transaction.atomic
def _match_held(
    candidates: Sequence[Candidate], by_id: dict[UUID, Detection], *, pending_id: UUID
) -> tuple[list[Hit], bool]:
    """Write what holds under locks, and say whether nothing was skipped."""
    held = find_matches(candidates=candidates, locked="skipping")
    hits = _write(held, by_id, Hit.Origin.LIVE)
    written = {match.key for match in held}
    # Skipped, or no hit: only a look without locks can tell.
    left = [one for one in candidates if (one.seen.detection_id, one.entry_id) not in written]
    is_whole = not find_matches(candidates=left)
    if is_whole:
        PendingMatch.objects.filter(pk=pending_id).delete()
    return hits, is_whole


def match_reviewed(*, changes: Sequence[ReviewEntry]) -> list[Hit]:
    """Let hits follow plates that a decision moved; returns those that are new or count again."""
    return _follow_plates([change.detection for change in changes], pending_id=changes[0].pk)


@transaction.atomic
def _follow_plates(detections: Sequence[Detection], *, pending_id: UUID) -> list[Hit]:
    by_id = {detection.pk: detection for detection in detections}
    candidates = find_candidates(detections=detections)
    matches = find_matches(candidates=candidates, locked="waiting")
    hits = _write(matches, by_id, Hit.Origin.CORRECTION)
    _withdraw(by_id, {match.key for match in matches})
    PendingMatch.objects.filter(pk=pending_id).delete()
    return hits


def _withdraw(by_id: dict[UUID, Detection], matched: set[tuple[UUID, UUID]]) -> None:
    """Withdraw the hits of plates that their detections no longer have."""
    standing = Hit.objects.filter(detection__in=list(by_id), withdrawn_at__isnull=True)
    # A hit of the same plate stays, though its entry may have ended or gone since.
    gone = [
        hit
        for hit in standing.select_for_update(of=("self",))
        if (hit.detection_id, hit.entry_id) not in matched
        and not _is_of(hit, by_id[hit.detection_id])
    ]
    if not gone:
        return
    now = timezone.now()
    for hit in gone:
        hit.withdrawn_at = now
    Hit.objects.bulk_update(gone, ["withdrawn_at"])
    ids = {hit.detection_id for hit in gone}
    others = Hit.objects.filter(detection__in=ids, withdrawn_at=None)
    unmark_hits(detection_ids=ids - set(others.values_list("detection_id", flat=True)))
    transaction.on_commit(partial(hits_withdrawn.send_robust, sender=Hit, hits=gone))


def _is_of(hit: Hit, detection: Detection) -> bool:
    plate = detection.plate
    return plate is not None and (hit.number, hit.country, hit.province) == (
        plate.number,
        plate.country,
        plate.province,
    )


def match_pending() -> int:
    """Match what was forgotten; returns how many batches. Another run takes others."""
    done = 0
    overdue = PendingMatch.objects.filter(created_at__lt=timezone.now() - LOST_AFTER)
    for pk in list(overdue.order_by("created_at").values_list("pk", flat=True)[:_SWEPT_AT_ONCE]):
        done += _match_one_pending(pk)
    if done:
        log.info("forgotten_detections_matched", batches=done)
    return done


@transaction.atomic
def _match_one_pending(pk: UUID) -> int:
    pending = PendingMatch.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
    if pending is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_LOCK_MOST_MS])
    detections = list(
        Detection.objects.filter(pk__in=pending.detection_ids).select_related(
            "plate", "camera__organization"
        )
    )
    if pending.kind == PendingMatch.Kind.REVIEWED:
        _follow_plates(detections, pending_id=pk)
        return 1
    candidates = find_candidates(detections=detections)
    matches = find_matches(candidates=candidates, locked="waiting")
    _write(matches, {detection.pk: detection for detection in detections}, Hit.Origin.LIVE)
    pending.delete()
    transaction.on_commit(
        partial(passes_matched.send_robust, sender=PendingMatch, detections=detections)
    )
    return 1


@transaction.atomic
def note_past_hits(*, entry: Entry, actor: User, days: int) -> int:
    """Write the hits that an entry would have made in the last days; gives how many are new.

    At cameras that the actor sees. They say that they were found afterwards, and alert nobody.
    """
    # Held, so that it is not deleted before its hits are there.
    entry = Entry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
    passes = past_of_entry(entry, user=actor, days=days).passes
    by_id = {one.detection.pk: one.detection for one in passes if not one.is_hit}
    matches = [
        match_with(Seen.of(one.detection, one.detection.plate), entry, edits=one.edits)
        for one in passes
        if one.detection.pk in by_id and one.detection.plate is not None
    ]
    hits = _write(matches, by_id, Hit.Origin.PAST)
    record_audit_event(
        action=AuditEvent.Action.CHANGED,
        actor=actor,
        organization=entry.watchlist.organization,
        target=entry,
        detail={"list": str(entry.watchlist_id), "days": days, "hits_of_the_past": len(hits)},
    )
    return len(hits)


def _write(matches: Iterable[Match], by_id: dict[UUID, Detection], origin: Hit.Origin) -> list[Hit]:
    """Write hits within a transaction; returns those that are new or count again.

    A hit that stands is left as it is. `hits_recording` is sent here, `hits_recorded` on commit.
    """
    rows = [_row(match, origin) for match in matches]
    if not rows:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO alerts_hit AS hit ({_COLUMNS})
            SELECT {_COLUMNS} FROM json_populate_recordset(NULL::alerts_hit, %s)
            ON CONFLICT (detection_id, entry_id) DO UPDATE
            SET ({_WRITTEN_AGAIN}, withdrawn_at) =
                ROW ({", ".join(f"excluded.{name.strip()}" for name in _WRITTEN_AGAIN.split(","))},
                NULL)
            WHERE hit.withdrawn_at IS NOT NULL
                OR (hit.number, hit.country, hit.province)
                    <> (excluded.number, excluded.country, excluded.province)
            RETURNING id
            """,  # noqa: S608  # names of columns that stand above
            [orjson.dumps(rows).decode()],
        )
        ids = [pk for (pk,) in cursor.fetchall()]
    hits = list(
        Hit.objects.filter(pk__in=ids)
        .select_related("watchlist__organization", "entry")
        .order_by("id")
    )
    for hit in hits:
        hit.detection = by_id[hit.detection_id]
        hit.camera = hit.detection.camera
    if hits:
        # Retention keeps what is a hit.
        mark_hits(detection_ids={hit.detection_id for hit in hits})
        hits_recording.send(sender=Hit, hits=hits)
        transaction.on_commit(partial(hits_recorded.send_robust, sender=Hit, hits=hits))
    return hits


def _row(match: Match, origin: Hit.Origin) -> dict[str, object]:
    seen = match.seen
    return {
        "id": uuid7(),
        "organization_id": seen.organization_id,
        "detection_id": seen.detection_id,
        "captured_at": seen.captured_at,
        "matched_at": timezone.now(),
        "entry_id": match.entry_id,
        "watchlist_id": match.watchlist_id,
        "camera_id": seen.camera_id,
        "origin": origin,
        "number": seen.number,
        "country": seen.country,
        "province": seen.province,
        "entry_number": match.number,
        "entry_said": match.said,
        "policy": match.policy,
        "edits": match.edits,
        "distance": match.distance,
        "certainty": match.certainty,
        "province_agrees": match.province_agrees,
    }
