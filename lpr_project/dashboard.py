"""The admin's first page: how cameras, recognition and the server fare, at a glance.

Everybody sees the cameras of the organizations that they own, manage or audit; figures of the
machine are for superusers and are asked for by the page itself, since workers take a moment.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import RedisError

from accounts.models import User
from accounts.selectors import organizations_administered_by
from cameras.models import Camera, CameraStatus
from detections.models import FunnelHour
from detections.recognition.errors import RecognitionError
from detections.recognition.registry import ModelRegistry
from detections.selectors.statistics import counts_by_step, zone_of
from detections.services.keeping.forecast import forecasts
from lpr_project.celery import app
from lpr_project.common.admin import person

HOURS = 24
CHART_KEPT_SECONDS = 60
WORST_SHOWN = 8
PING_SECONDS = 1.0
QUEUES = ("streams", "recognition", "default", "deliveries")
# A queue of frames is answered in milliseconds; one that grows has too few workers.
QUEUE_LONG = 100
STAGES = {
    "frames": _("frames looked at"),
    "moved": _("with movement"),
    "boxes": _("plates found"),
    "readings": _("readings"),
    "tracks": _("vehicles followed"),
    "accepted": _("accepted"),
}
REASONS = {
    "dropped": _("frame dropped: too few recognition workers"),
    "not_a_plate": _("no plate: a lamp, an emblem, a sign"),
    "too_small": _("plate too small: move the camera closer or zoom in"),
    "blurred": _("blurred: shorten the exposure or focus"),
    "too_dark": _("too dark: add light or infrared"),
    "cut_off": _("cut off by the picture's edge: turn the camera"),
    "low_confidence": _("too uncertain: see the camera's thresholds"),
    "bad_format": _("like no known plate"),
    "one_frame_only": _("seen in too few frames"),
    "excluded_zone": _("outside the areas to look at"),
    "duplicate": _("the same vehicle again"),
    "stationary": _("a parked vehicle, read once already"),
    "ignored": _("an ignored plate, of which nothing is kept"),
}
# Worst first.
_STATES = (
    CameraStatus.State.FAILING,
    CameraStatus.State.WAITING,
    CameraStatus.State.CONNECTING,
    CameraStatus.State.ONLINE,
    CameraStatus.State.RESTING,
    CameraStatus.State.OFF,
)


def system_state(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the panels of the first page to Unfold's context."""
    user = person(request)
    cameras = Camera.objects.filter(
        organization__in=organizations_administered_by(user), is_archived=False
    )
    if user.has_perm("cameras.view_camera"):
        context |= {"cameras": camera_states(cameras), "worst": worst_cameras(cameras)}
    if user.has_perm("detections.view_detection"):
        context |= {"chart": hourly_chart(user, cameras), "funnel": funnel(cameras)}
    context["shows_host"] = user.is_superuser
    return context


def state_panels(request: HttpRequest) -> HttpResponse:
    """The same panels again, for the first page to renew them by itself."""
    return render(request, "admin/_system_state.html", system_state(request, {}))


def camera_states(cameras: QuerySet[Camera]) -> list[dict[str, Any]]:
    """How many cameras are in each state, worst first; states without cameras are left out."""
    counted = dict(cameras.order_by().values_list("status__state").annotate(count=Count("pk")))
    return [
        {"state": state.value, "label": state.label, "count": counted[state.value]}
        for state in _STATES
        if counted.get(state.value)
    ]


def worst_cameras(cameras: QuerySet[Camera]) -> list[CameraStatus]:
    """Cameras that people must look at, failing ones first, the longest first."""
    troubled = CameraStatus.objects.filter(
        camera__in=cameras, state__in=[CameraStatus.State.FAILING, CameraStatus.State.WAITING]
    )
    return list(troubled.select_related("camera").order_by("state", "since")[:WORST_SHOWN])


def hourly_chart(user: User, cameras: QuerySet[Camera]) -> dict[str, Any]:
    """Detections of each of the last 24 hours, oldest first, heights as per cent of the most."""
    key = f"dashboard-chart:{user.pk}"
    counted: dict[str, int] | None
    try:
        counted = cache.get(key)
        if counted is None:
            counted = _count_by_hour(user, cameras)
            cache.set(key, counted, CHART_KEPT_SECONDS)
    except (RedisError, OSError):
        counted = _count_by_hour(user, cameras)
    # Hours are counted in UTC; in some zones they begin at half past.
    now = timezone.localtime(timezone.now().replace(minute=0, second=0, microsecond=0))
    hours = [now - timedelta(hours=ago) for ago in range(HOURS - 1, -1, -1)]
    counts = [counted.get(_hour_key(hour), 0) for hour in hours]
    most = max(counts)
    bars = [
        {
            "hour": hour,
            "count": count,
            "height": round(100 * count / most, 1) if most else 0,
            "x": index * 10,
        }
        for index, (hour, count) in enumerate(zip(hours, counts, strict=True))
    ]
    return {"bars": bars, "most": most, "total": sum(bar["count"] for bar in bars)}


def _hour_key(hour: datetime) -> str:
    """An hour as the cache's JSON can hold it among the names of an object."""
    return hour.astimezone(UTC).isoformat()


def _count_by_hour(user: User, cameras: QuerySet[Camera]) -> dict[str, int]:
    now = timezone.now()
    rows = counts_by_step(
        list(cameras.order_by().values_list("pk", flat=True)),
        step="hour",
        since=now - timedelta(hours=HOURS - 1),
        until=now + timedelta(hours=1),
        zone=zone_of(user),
    )
    return {_hour_key(row.start): row.passes for row in rows}


def funnel(cameras: QuerySet[Camera]) -> dict[str, Any]:
    """What became of everything that the cameras saw within a day, and why the rest was refused."""
    since = timezone.now() - timedelta(hours=HOURS)
    hours = FunnelHour.objects.filter(camera__in=cameras, hour__gte=since).order_by()
    sums = hours.aggregate(**{name: Sum(name, default=0) for name in (*STAGES, *REASONS)})
    most = max(sums["frames"], 1)
    stages = [
        {"label": label, "count": sums[name], "width": round(100 * sums[name] / most, 1)}
        for name, label in STAGES.items()
    ]
    reasons = [
        {"label": label, "count": sums[name]} for name, label in REASONS.items() if sums[name]
    ]
    reasons.sort(key=lambda reason: -reason["count"])
    return {"stages": stages, "reasons": reasons, "is_empty": not sums["frames"]}


def host_state(request: HttpRequest) -> HttpResponse:
    """The machine's panels: queues, workers, disk and models, each with its own failure."""
    if not (isinstance(request.user, User) and request.user.is_superuser):
        raise PermissionDenied
    context = {"queues": queues(), "workers": workers(), "disk": disk(), "models": models()}
    return render(request, "admin/_host_state.html", context)


def queues() -> dict[str, Any]:
    """How many messages wait in each queue."""
    try:
        with Redis.from_url(
            settings.CELERY_BROKER_URL, socket_connect_timeout=2, socket_timeout=2
        ) as broker:
            depths = [(name, broker.llen(name)) for name in QUEUES]
    except (RedisError, OSError):
        return {"error": _("Redis does not answer. Cameras and recognition stand still.")}
    rows = [{"name": name, "depth": depth, "is_long": depth > QUEUE_LONG} for name, depth in depths]
    return {"rows": rows}


def workers() -> dict[str, Any]:
    """Which Celery workers answered within a second."""
    try:
        answers = app.control.ping(timeout=PING_SECONDS) or []
    except (OperationalError, RedisError, OSError):
        return {"error": _("Redis does not answer, so no worker can be asked.")}
    names = sorted(name for answer in answers for name in answer)
    missing = [
        kind
        for kind in ("streams", "recognition", "worker", "deliveries")
        if not any(name.startswith(f"{kind}@") for name in names)
    ]
    return {"names": names, "missing": missing}


def disk() -> dict[str, Any]:
    """How full the disks are, how fast they fill, and what to do."""
    try:
        return {"places": forecasts()}
    except OSError as error:
        return {
            "error": _("%(folder)s cannot be looked at: %(why)s")
            % {"folder": settings.DATA_DIR, "why": error.strerror}
        }
    except DatabaseError:
        return {"error": _("PostgreSQL does not answer.")}


def models() -> dict[str, Any]:
    """Which recognition model sets are whole."""
    try:
        registry = ModelRegistry.load(settings.MODELS_DIR)
        sets = [
            {
                "name": name,
                "is_installed": all(
                    registry.is_installed(registry.model(model)) for model in chosen.members
                ),
            }
            for name, chosen in sorted(registry.sets.items())
        ]
    except RecognitionError as error:
        return {"error": str(error)}
    return {"sets": sets}
