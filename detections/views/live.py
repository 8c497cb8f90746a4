"""The live page: what operators watch."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_safe

from accounts.errors import ReasonDemandedError
from accounts.models import User
from accounts.selectors import stated_in
from cameras.models import CameraStatus
from cameras.selectors import cameras_visible_to
from detections.criteria.criteria import Criteria
from detections.forms import LiveFilterForm
from detections.selectors import as_rows, detections_visible_to
from detections.services.searching import note_search
from detections.views.cameras import judge_health
from detections.views.presentation import ShownDetection, show_rows
from detections.views.requests import ask_why, user_of
from vehicles.selectors import reads_plates_of

ROWS = 60
KEYS = (
    ("j", _("Next row")),
    ("k", _("Row before")),
    ("Enter", _("Open")),
    ("Esc", _("Let go of the row")),
    ("p", _("Pause, go on")),
    ("s", _("Sound on, off")),
)
TILES_MOST = 64
# Stands in an address where scripts write the id of a plate.
NO_PLATE = UUID(int=0)


@login_required
@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """The newest detections and the cameras, which the socket then keeps up to date."""
    user = user_of(request)
    form = LiveFilterForm(request.GET, user=user)
    chosen = form.filter
    cameras = cameras_visible_to(user).filter(is_archived=False).order_by("name")
    if chosen.camera_ids is not None:
        cameras = cameras.filter(pk__in=chosen.camera_ids)
    tiles = list(cameras[: TILES_MOST + 1])
    now = timezone.now()
    rows = newest_detections(user, form)
    if chosen.prefix:
        criteria = Criteria(text=chosen.prefix, match="prefix")
        try:
            note_search(actor=user, criteria=criteria, stated=stated_in(request.session))
        except ReasonDemandedError:
            return ask_why(request)
    context = {
        "form": form,
        "tiles": [(camera, judge_health(camera, now)) for camera in tiles[:TILES_MOST]],
        "has_more_tiles": len(tiles) > TILES_MOST,
        "has_detections": bool(rows),
        "keys": KEYS,
        "page": page_settings(request, rows, now.isoformat()),
    }
    return render(request, "detections/live.html", context)


def newest_detections(user: User, form: LiveFilterForm) -> list[ShownDetection]:
    """The newest detections that pass the page's filters."""
    rows = as_rows(form.filter.narrow(detections_visible_to(user)))[:ROWS]
    return show_rows(user, rows)


def page_settings(request: HttpRequest, rows: list[ShownDetection], now: str) -> dict[str, Any]:
    """What the page's script starts from."""
    return {
        **socket_settings(request),
        "now": now,
        "rows": rows,
        "states": {str(value): str(label) for value, label in CameraStatus.State.choices},
    }


def socket_settings(request: HttpRequest) -> dict[str, Any]:
    """Where a page's script hears of what happens, and where detections and plates are."""
    query = request.GET.copy()
    query["language"] = get_language() or ""
    return {
        "socket": f"/ws/live/?{query.urlencode()}",
        "session": reverse("detections:session"),
        "detections": reverse("detections:list"),
        "plate": reverse("vehicles:plate", args=[NO_PLATE]),
        "readable": sorted(reads_plates_of(user_of(request))),
    }


@login_required
@require_safe
def session(_request: HttpRequest) -> HttpResponse:
    """Says that the server answers and the person is logged in; asked when the socket breaks."""
    return HttpResponse(status=204)
