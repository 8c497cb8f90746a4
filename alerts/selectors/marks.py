"""What hits say of detections: the list that names the plate, and where the alert is."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from accounts.models import User
from accounts.selectors import organizations_of
from alerts.models import Hit, Watchlist
from alerts.selectors.alerts import alerts_raised_by
from alerts.selectors.watchlists import watchlists_with_hits_visible_to
from detections.events import LiveMark

HITS_NAMED_MOST = 500


def standing_hits(detection_ids: Collection[UUID]) -> QuerySet[Hit]:
    """Hits of these detections that were not withdrawn, of all lists, the weightiest first."""
    hits = Hit.objects.filter(detection__in=detection_ids, withdrawn_at__isnull=True)
    return hits.select_related("watchlist").order_by("-watchlist__priority", "id")


def hit_marks(hits: QuerySet[Hit]) -> dict[UUID, list[LiveMark]]:
    """Marks by detection: one for each list, that leads to the alert if one was raised."""
    found = list(hits)
    alerts = alerts_raised_by(found)
    marks: dict[UUID, dict[UUID, LiveMark]] = defaultdict(dict)
    for hit in found:
        alert_id = alerts.get(hit.pk)
        path = reverse("alerts:alert", args=[alert_id]) if alert_id else reverse("alerts:hits")
        mark: LiveMark = {
            "of": str(hit.watchlist_id),
            "label": hit.watchlist.name,
            "color": hit.watchlist.color,
            "path": path,
        }
        marks[hit.detection_id].setdefault(hit.watchlist_id, mark)
    return {pk: list(by_list.values()) for pk, by_list in marks.items()}


def marks_visible_to(user: User, detection_ids: Collection[UUID]) -> dict[UUID, list[LiveMark]]:
    """Marks of detections that the user sees, of lists whose hits the user may see."""
    lists = list(mark_sources_visible_to(user))
    return hit_marks(standing_hits(detection_ids).filter(watchlist__in=lists))


def mark_sources_visible_to(user: User) -> frozenset[UUID]:
    """Lists whose hits the user may see."""
    lists = watchlists_with_hits_visible_to(user).order_by()
    return frozenset(lists.values_list("pk", flat=True))


def hits_condition(user: User) -> Q | None:
    """What a detection that is a hit fulfils where the user may see it; None: it may see every one.

    A few are named, which the ids' index finds among any number of others'; of more, a question
    for each hit, from the newest on, soon finds a page.
    """
    seen = mark_sources_visible_to(user)
    lists = Watchlist.objects.filter(organization__in=organizations_of(user))
    if not lists.exclude(pk__in=seen).exists():
        return None
    hits = Hit.objects.filter(watchlist__in=list(seen), withdrawn_at__isnull=True).order_by()
    named = list(hits.values_list("detection_id", flat=True)[: HITS_NAMED_MOST + 1])
    if len(named) <= HITS_NAMED_MOST:
        return Q(pk__in=named)
    return Q(Exists(hits.filter(detection=OuterRef("pk"))))
