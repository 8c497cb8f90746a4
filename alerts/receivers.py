"""What alerts do at news: match detections, raise alerts."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.dispatch import receiver

from accounts.models import User
from accounts.signals import names_asked
from alerts.models import Hit, PendingMatch
from alerts.selectors.marks import hits_condition, mark_sources_visible_to, marks_visible_to
from alerts.selectors.watchlists import watchlists_visible_to
from alerts.services.answering import note_withdrawn
from alerts.services.erasing import erase_plate
from alerts.services.hits import match_recorded, match_reviewed, note_pending
from alerts.services.marking import mark_live
from alerts.services.raising import raise_for_hits
from alerts.services.rules.firing import fire_for_passes
from alerts.signals import hits_recorded, hits_withdrawn, passes_matched
from detections.events import LiveMark
from detections.models import Detection, ReviewEntry
from detections.signals import (
    detections_recorded,
    detections_recording,
    detections_reviewed,
    detections_reviewing,
    hits_asked,
    mark_sources_asked,
    marks_asked,
    plate_erased,
)
from vehicles.models import Plate


@receiver(detections_recording)
def note_recorded(sender: object, detections: Sequence[Detection], **kwargs: Any) -> None:
    """Whoever dies after the commit leaves a note of what was to be matched."""
    ids = [detection.pk for detection in detections]
    note_pending(pk=ids[0], kind=PendingMatch.Kind.RECORDED, detection_ids=ids)


@receiver(detections_recorded)
def find_hits(sender: object, detections: Sequence[Detection], **kwargs: Any) -> None:
    """Match at once, where recording ran: a task would cost more than matching does."""
    match_recorded(detections=detections)


@receiver(hits_recorded)
def raise_alerts(sender: object, hits: Sequence[Hit], **kwargs: Any) -> None:
    """Raise at once: people are to hear within a tenth of a second."""
    raise_for_hits(hits=hits)


# Behind `raise_alerts`: people are told first, and the mark leads to the alert.
@receiver((hits_recorded, hits_withdrawn))
def mark_rows(sender: object, hits: Sequence[Hit], **kwargs: Any) -> None:
    """Let pages that show these detections show whose hits they are."""
    mark_live(hits=hits)


@receiver(marks_asked)
def mark_hits(
    sender: object, user: User, ids: Sequence[UUID], **kwargs: Any
) -> dict[UUID, list[LiveMark]]:
    """Say of detections that a person is shown which lists name them."""
    return marks_visible_to(user, ids)


@receiver(mark_sources_asked)
def name_lists(sender: object, user: User, **kwargs: Any) -> frozenset[str]:
    """Say which lists may mark detections for a person."""
    return frozenset(map(str, mark_sources_visible_to(user)))


@receiver(hits_asked)
def tell_hits(sender: object, user: User, **kwargs: Any) -> Q | None:
    """Say which detections are hits for a person."""
    return hits_condition(user)


@receiver(names_asked)
def name_watchlists(
    sender: object, user: User, ids: Collection[UUID], **kwargs: Any
) -> dict[UUID, str]:
    """Name the lists of which events of the trail hold the ids."""
    found = watchlists_visible_to(user).filter(pk__in=ids)
    return dict(found.order_by().values_list("pk", "name"))


@receiver(hits_withdrawn)
def follow_withdrawn(sender: object, hits: Sequence[Hit], **kwargs: Any) -> None:
    """Tell nobody more of what turned out to be another plate."""
    note_withdrawn(hits=hits)


# Behind `find_hits`, whose hits rules ask for: receivers are called in the order of this module.
@receiver((detections_recorded, passes_matched))
def hold_against_rules(sender: object, detections: Sequence[Detection], **kwargs: Any) -> None:
    """Fire the rules that passes fulfil."""
    fire_for_passes(detections=detections)


@receiver(detections_reviewing)
def note_reviewed(sender: object, changes: Sequence[ReviewEntry], **kwargs: Any) -> None:
    """As `note_recorded`, for what a decision may have moved."""
    ids = [change.detection_id for change in changes]
    note_pending(pk=changes[0].pk, kind=PendingMatch.Kind.REVIEWED, detection_ids=ids)


@receiver(detections_reviewed)
def follow_decisions(sender: object, changes: Sequence[ReviewEntry], **kwargs: Any) -> None:
    """Let hits follow the plates that people moved."""
    match_reviewed(changes=changes)


@receiver(plate_erased)
def forget_erased_plate(sender: object, plate: Plate, **kwargs: Any) -> None:
    """Let hits, alerts and messages name it no more, within the erasure's transaction."""
    erase_plate(plate=plate)
