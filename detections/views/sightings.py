"""Where and when vehicles and plates were seen: parts that their pages load when looked at."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import wraps
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import formats, timezone
from django.views.decorators.http import require_GET

from accounts.errors import ReasonDemandedError
from accounts.selectors import stated_in
from cameras.models import Camera
from detections.models import Detection
from detections.selectors import as_rows, passes_of_plate, passes_of_vehicle
from detections.services.searching import note_view
from detections.services.visits import Pass, visits_of
from detections.views.presentation import show_rows
from detections.views.requests import ask_why, user_of
from lpr_project.common.models import uuid7_time
from lpr_project.common.page_keys import only_key_in
from vehicles.models import Plate, Vehicle
from vehicles.selectors import plates_visible_to, vehicles_visible_to

PAGE_ROWS = 20
CROPS_MOST = 12
CROPS_AMONG = 100
VISITS_AMONG = 500
RHYTHM_AMONG = 2000
GAPS_MINUTES = (5, 15, 30, 60, 240)
_GAP_MINUTES = 30
_HOURS, _DAYS = 24, 7


Part = Callable[[HttpRequest, QuerySet[Detection]], HttpResponse]


def _of_vehicle(part: Part) -> Callable[[HttpRequest, UUID], HttpResponse]:
    """A part of a vehicle's page, with its passes, for who said what is demanded."""

    @wraps(part)
    def view(request: HttpRequest, vehicle_id: UUID) -> HttpResponse:
        user = user_of(request)
        seen = vehicles_visible_to(user).select_related("organization")
        vehicle = get_object_or_404(seen, pk=vehicle_id)
        return _ask_first(request, vehicle) or part(request, passes_of_vehicle(user, vehicle))

    return view


def _of_plate(part: Part) -> Callable[[HttpRequest, UUID], HttpResponse]:
    """A part of a plate's page, with its passes, for who said what is demanded."""

    @wraps(part)
    def view(request: HttpRequest, plate_id: UUID) -> HttpResponse:
        user = user_of(request)
        seen = plates_visible_to(user).select_related("organization")
        plate = get_object_or_404(seen, pk=plate_id)
        return _ask_first(request, plate) or part(request, passes_of_plate(user, plate))

    return view


def _ask_first(request: HttpRequest, seen: Plate | Vehicle) -> HttpResponse | None:
    try:
        note_view(actor=user_of(request), target=seen, stated=stated_in(request.session))
    except ReasonDemandedError:
        return ask_why(request)
    return None


@login_required
@require_GET
@_of_vehicle
def vehicle_passes(request: HttpRequest, passes: QuerySet[Detection]) -> HttpResponse:
    """Passes of a vehicle, newest first, a page at a time."""
    return _passes(request, passes)


@login_required
@require_GET
@_of_plate
def plate_passes(request: HttpRequest, passes: QuerySet[Detection]) -> HttpResponse:
    """Passes of a plate, newest first, a page at a time."""
    return _passes(request, passes)


def _passes(request: HttpRequest, passes: QuerySet[Detection]) -> HttpResponse:
    after = only_key_in(request, "after")
    if after is not None:
        passes = passes.filter(pk__lt=after)
    rows = list(as_rows(passes)[: PAGE_ROWS + 1])
    context = {
        "rows": show_rows(user_of(request), rows[:PAGE_ROWS]),
        "older": rows[PAGE_ROWS - 1].pk if len(rows) > PAGE_ROWS else None,
        "is_first": after is None,
        "path": request.path,
    }
    return render(request, "vehicles/_passes.html", context)


@login_required
@require_GET
@_of_vehicle
def vehicle_gallery(request: HttpRequest, passes: QuerySet[Detection]) -> HttpResponse:
    """The newest pictures of a vehicle's plates."""
    pictured = passes.select_related(None).select_related("camera")
    newest = pictured.only("id", "crop_name", "captured_at", "camera__name")
    crops = [row for row in newest[:CROPS_AMONG] if row.crop_name][:CROPS_MOST]
    return render(request, "vehicles/_gallery.html", {"crops": crops})


@login_required
@require_GET
@_of_vehicle
def vehicle_visits(request: HttpRequest, passes: QuerySet[Detection]) -> HttpResponse:
    """Visits with entry, exit and how long, from the newest passes."""
    gap = _chosen(request, "gap", GAPS_MINUTES, _GAP_MINUTES)
    by_group = request.GET.get("by") == "group"
    newest = list(passes.order_by("-id").values_list("id", "camera_id")[: VISITS_AMONG + 1])
    named = _named(newest[:VISITS_AMONG], by_group=by_group)
    context = {
        "visits": visits_of(named, gap=timedelta(minutes=gap)),
        "gap": gap,
        "gaps": GAPS_MINUTES,
        "by_group": by_group,
        "is_cut": len(newest) > VISITS_AMONG,
        "among": VISITS_AMONG,
        "path": request.path,
    }
    return render(request, "vehicles/_visits.html", context)


def _chosen(request: HttpRequest, name: str, known: Sequence[int], otherwise: int) -> int:
    text = request.GET.get(name, "")
    return next((number for number in known if str(number) == text), otherwise)


def _named(rows: Sequence[tuple[UUID, UUID]], *, by_group: bool) -> list[Pass]:
    """Passes with the names of their cameras, and of the first group where visits go by group."""
    cameras = Camera.objects.in_bulk({camera_id for _id, camera_id in rows})
    places = {pk: camera.name for pk, camera in cameras.items()}
    if by_group:
        groups = Camera.objects.filter(pk__in=cameras).order_by("groups__name")
        named = groups.values_list("pk", "groups__name")
        places |= {camera_id: name for camera_id, name in reversed(named) if name}
    return [
        Pass(id=pk, at=uuid7_time(pk), camera=cameras[camera_id].name, place=places[camera_id])
        for pk, camera_id in rows
    ]


class Bar(NamedTuple):
    """One bar of a rhythm; `percent` of the highest."""

    label: str
    passes: int
    percent: int


@login_required
@require_GET
@_of_plate
def plate_rhythm(request: HttpRequest, passes: QuerySet[Detection]) -> HttpResponse:
    """When and where a plate is seen: by hour, by day of the week, by camera."""
    newest = list(passes.order_by("-id").values_list("id", "camera_id")[: RHYTHM_AMONG + 1])
    rows = newest[:RHYTHM_AMONG]
    moments = [timezone.localtime(uuid7_time(pk)) for pk, _camera in rows]
    context = {
        "count": len(rows),
        "is_cut": len(newest) > RHYTHM_AMONG,
        "hours": _bars([f"{hour:02d}" for hour in range(_HOURS)], Counter(m.hour for m in moments)),
        "days": _bars(_day_names(), Counter(m.weekday() for m in moments)),
        "cameras": _by_camera(rows),
    }
    return render(request, "vehicles/_rhythm.html", context)


def _day_names() -> list[str]:
    monday = timezone.localdate() - timedelta(days=timezone.localdate().weekday())
    return [formats.date_format(monday + timedelta(days=day), "D") for day in range(_DAYS)]


def _bars(labels: Sequence[str], counts: Counter[int]) -> list[Bar]:
    most = max(counts.values(), default=0) or 1
    return [
        Bar(label, counts[at], round(100 * counts[at] / most)) for at, label in enumerate(labels)
    ]


def _by_camera(rows: Sequence[tuple[UUID, UUID]]) -> list[dict[str, Any]]:
    counts = Counter(camera_id for _id, camera_id in rows)
    cameras = Camera.objects.in_bulk(counts)
    most = max(counts.values(), default=1)
    return [
        {"camera": cameras[pk], "count": count, "percent": round(100 * count / most)}
        for pk, count in counts.most_common(20)
    ]
