"""How many vehicles passed, when and where: drawn from the hourly counts."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.views.decorators.http import require_GET

from cameras.selectors import cameras_visible_to
from detections.forms.analytics import AnalyticsForm
from detections.selectors.hits import sees_every_hit
from detections.selectors.statistics import (
    CountRow,
    Step,
    counts_by_step,
    passes_by_weekday,
    zone_of,
)
from detections.views.requests import user_of

CERTAIN = ("accepted", "confirmed", "corrected")
HEAT_LEVELS = 5
_FORMATS = {"hour": "D j M H:i", "day": "D j M", "week": "j M Y"}


@login_required
@require_GET
def analytics(request: HttpRequest) -> HttpResponse:
    """Passes by hour, day or week, by camera, and by the hour of the week."""
    user = user_of(request)
    form = AnalyticsForm(request.GET, user=user)
    form.full_clean()
    names = dict(
        cameras_visible_to(user)
        .filter(**form.wanted_cameras)
        .order_by("name")
        .values_list("pk", "name")
    )
    zone, step, now = zone_of(user), form.wanted_step, timezone.now()
    first = _begin(now - timedelta(days=form.days_back), step, zone)
    span: dict[str, Any] = {"since": first, "until": now, "zone": zone}
    rows = counts_by_step(list(names), step=step, **span)
    by_camera = counts_by_step(list(names), step="week", by_camera=True, **span)
    steps = _filled(rows, step, first, now, zone)
    sees_hits = sees_every_hit(user)
    context = {
        "form": form,
        "steps": steps,
        "totals": _totals(rows),
        "cameras": _by_camera(by_camera, names),
        "heat": _heat(list(names), span),
        "weekdays": list(WEEKDAYS_ABBR.values()),
        "has_cameras": bool(names),
        "sees_hits": sees_hits,
        "zone": zone.key,
        "chart": {
            "labels": [row["label"] for row in steps],
            "certain": [row["certain"] for row in steps],
            "pending": [row["pending"] for row in steps],
            "hits": [row["hits"] for row in steps] if sees_hits else None,
        },
    }
    return render(request, "detections/analytics.html", context)


def _begin(moment: datetime, step: Step, zone: ZoneInfo) -> datetime:
    """The first instant of the step that holds a moment."""
    if step == "hour":
        return moment.replace(minute=0, second=0, microsecond=0)
    local = moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return local - timedelta(days=local.weekday()) if step == "week" else local


def _filled(
    rows: list[CountRow], step: Step, first: datetime, now: datetime, zone: ZoneInfo
) -> list[dict[str, Any]]:
    """Every step of the span, those without detections too."""
    known = {row.start.timestamp(): row for row in rows}
    long = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}[step]
    steps, start = [], first
    while start < now:
        row = known.get(start.timestamp())
        counts = row.counts if row else {}
        steps.append(
            {
                "start": start,
                "label": date_format(start.astimezone(zone), _FORMATS[step]),
                "passes": row.passes if row else 0,
                "certain": sum(counts.get(name, 0) for name in CERTAIN),
                "pending": counts.get("pending", 0),
                "rejected": counts.get("rejected", 0),
                "hits": counts.get("hits", 0),
            }
        )
        # Days are added on the clock on the wall, hours on the one that runs.
        start = start + long
    return steps


def _totals(rows: list[CountRow]) -> dict[str, int]:
    names = ("pending", "rejected", "merged", "hits")
    totals = {name: sum(row.counts[name] for row in rows) for name in names}
    return {"passes": sum(row.passes for row in rows), **totals}


def _by_camera(rows: list[CountRow], names: dict[UUID, str]) -> list[dict[str, Any]]:
    """Each camera's part, the busiest first."""
    cameras: dict[UUID, dict[str, Any]] = {
        pk: {"id": pk, "name": name, "passes": 0, "pending": 0, "hits": 0}
        for pk, name in names.items()
    }
    for row in rows:
        if row.camera_id is not None:
            camera = cameras[row.camera_id]
            camera["passes"] += row.passes
            camera["pending"] += row.counts["pending"]
            camera["hits"] += row.counts["hits"]
    busiest = sorted(cameras.values(), key=lambda camera: -int(camera["passes"]))
    most = max((camera["passes"] for camera in busiest), default=0)
    for camera in busiest:
        camera["share"] = round(100 * camera["passes"] / most, 1) if most else 0
    return busiest


def _heat(camera_ids: list[UUID], span: dict[str, Any]) -> dict[str, Any]:
    """Passes of an average week: 24 rows of seven days, each with a level of 0 to 5."""
    passes = passes_by_weekday(camera_ids, **span)
    most = max(passes.values(), default=0)
    peak = max(passes, key=lambda slot: passes[slot], default=None)
    hours = [
        {
            "hour": hour,
            "days": [
                {
                    "count": passes.get((day, hour), 0),
                    "level": _level(passes.get((day, hour), 0), most),
                    "is_peak": (day, hour) == peak,
                }
                for day in range(7)
            ],
        }
        for hour in range(24)
    ]
    return {"hours": hours, "peak": peak and (WEEKDAYS_ABBR[peak[0]], peak[1])}


def _level(count: int, most: int) -> int:
    return -(-count * HEAT_LEVELS // most) if count else 0
