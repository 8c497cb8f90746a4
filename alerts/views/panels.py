"""What watchlists say of a detection or a plate: parts of the pages of others."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.errors import ReasonDemandedError
from accounts.models import User
from accounts.selectors import stated_in
from alerts.models import Hit, Watchlist
from alerts.selectors.alerts import alerts_raised_by, alerts_visible_to
from alerts.selectors.watchlists import (
    entries_visible_to,
    hits_visible_to,
    watchlists_changeable_by,
)
from alerts.views.requests import ask_why, user_of
from detections.models import Detection
from detections.selectors import detections_visible_to
from detections.services.searching import note_view
from vehicles.models import Plate
from vehicles.selectors import plates_visible_to

ROWS = 5


@login_required
@require_safe
def of_detection(request: HttpRequest, detection_id: UUID) -> HttpResponse:
    """The hits of a detection, with their alerts."""
    user = user_of(request)
    seen = detections_visible_to(user).select_related("organization", "plate")
    detection = get_object_or_404(seen, pk=detection_id)
    hits = hits_visible_to(user).filter(detection=detection, withdrawn_at__isnull=True)
    return _panel(request, detection, detection.plate, hits)


@login_required
@require_safe
def of_plate(request: HttpRequest, plate_id: UUID) -> HttpResponse:
    """The entries that name a plate, and its last hits, with their alerts."""
    user = user_of(request)
    plate = get_object_or_404(plates_visible_to(user).select_related("organization"), pk=plate_id)
    hits = hits_visible_to(user).filter(
        organization=plate.organization,
        number=plate.number,
        country=plate.country,
        province=plate.province,
        withdrawn_at__isnull=True,
    )
    entries = entries_visible_to(user).filter(
        watchlist__organization=plate.organization, number=plate.number
    )
    return _panel(request, plate, plate, hits, entries=entries[:ROWS])


def _panel(
    request: HttpRequest,
    target: Detection | Plate,
    plate: Plate | None,
    hits: QuerySet[Hit],
    **context: Any,
) -> HttpResponse:
    user = user_of(request)
    try:
        note_view(actor=user, target=target, stated=stated_in(request.session))
    except ReasonDemandedError:
        page = "vehicles:plate" if isinstance(target, Plate) else "detections:detail"
        return ask_why(request, whole=reverse(page, args=[target.pk]))
    rows = list(hits.order_by("-id")[:ROWS])
    context |= {
        "hits": [(hit, alert) for hit, alert in zip(rows, _alerts_of(user, rows), strict=True)],
        "plate": plate,
        "lists": _lists_for(user, plate),
    }
    return render(request, "alerts/_about.html", context)


def _alerts_of(user: User, hits: list[Hit]) -> list[UUID | None]:
    """The alert that each of these hits raised, or added to, if the user may see it."""
    raised = alerts_raised_by(hits)
    visible = set(
        alerts_visible_to(user).filter(pk__in=raised.values()).values_list("pk", flat=True)
    )
    return [pk if (pk := raised.get(hit.pk)) in visible else None for hit in hits]


def _lists_for(user: User, plate: Plate | None) -> QuerySet[Watchlist]:
    """Lists that the user may put a plate on."""
    if plate is None or not plates_visible_to(user).filter(pk=plate.pk).exists():
        return Watchlist.objects.none()
    lists = watchlists_changeable_by(user).filter(organization=plate.organization_id)
    return lists.order_by("name")


def entry_of(user: User, asked: str) -> dict[str, str]:
    """What an entry form begins with: the plate that the address names, if the user sees it."""
    try:
        plate = plates_visible_to(user).filter(pk=UUID(asked)).first()
    except ValueError:
        return {}
    if plate is None:
        return {}
    return {"number": plate.number, "country": plate.country, "province": plate.province}
