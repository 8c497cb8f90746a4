"""How every camera fares, and why it read nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from cameras.models import Camera, CameraStatus
from cameras.selectors import cameras_visible_to
from detections.models import FunnelHour
from detections.selectors import funnel_visible_to
from detections.views.requests import user_of

NOTHING: Mapping[str, Any] = {}
SPAN = timedelta(hours=24)
# A camera task writes its status every two seconds.
SILENT_AFTER = timedelta(seconds=30)

STAGES: dict[str, str | Promise] = {
    "frames": gettext_lazy("Frames"),
    "moved": gettext_lazy("with movement"),
    "boxes": gettext_lazy("Plates found"),
    "readings": gettext_lazy("Readings"),
    "tracks": gettext_lazy("Vehicles"),
    "accepted": gettext_lazy("Detections"),
}


class Reason(NamedTuple):
    """Why a vehicle became no detection, and what helps against it, if anything need."""

    name: str | Promise
    advice: str | Promise


REASONS: dict[str, Reason] = {
    "not_a_plate": Reason(gettext_lazy("Not a plate: a lamp, an emblem, a sign"), ""),
    "too_small": Reason(
        gettext_lazy("Plate too small"),
        gettext_lazy("Zoom in, or move the camera closer to the road."),
    ),
    "blurred": Reason(
        gettext_lazy("Blurred"),
        gettext_lazy("Shorten the camera's exposure, and check its focus."),
    ),
    "too_dark": Reason(
        gettext_lazy("Too dark"), gettext_lazy("Add light, or an infrared lamp at night.")
    ),
    "cut_off": Reason(
        gettext_lazy("Cut off by the edge"),
        gettext_lazy("Turn the camera so that vehicles pass through the middle of the picture."),
    ),
    "low_confidence": Reason(
        gettext_lazy("Read, but not certain enough"),
        gettext_lazy("Check sharpness and angle; lower “kept for review at” to see them."),
    ),
    "bad_format": Reason(
        gettext_lazy("Not the format of a plate"),
        gettext_lazy("Signs and stickers end here; draw an area to be left out over them."),
    ),
    "one_frame_only": Reason(
        gettext_lazy("Seen in too few frames"),
        gettext_lazy("Analyse more frames per second, or let fewer frames agree."),
    ),
    "excluded_zone": Reason(gettext_lazy("In an area that is left out"), ""),
    "duplicate": Reason(gettext_lazy("Same vehicle again"), ""),
    "stationary": Reason(gettext_lazy("Parked, read before"), ""),
    "ignored": Reason(gettext_lazy("Ignored plate, not kept"), ""),
}


class Count(NamedTuple):
    """A labelled count; `share` is of the largest beside it, 0 to 1."""

    name: str | Promise
    number: int
    share: float
    advice: str | Promise = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraReport:
    """A camera as the page shows it; `sentence` says what its last 24 hours mean."""

    camera: Camera
    health: "Health"
    stages: list[Count]
    rejections: list[Count]
    dropped: int
    sentence: str

    @property
    def has_counts(self) -> bool:
        return any(stage.number for stage in self.stages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a camera fares: a state, its word, since when, and what is wrong or to be done."""

    state: str
    word: str
    is_wrong: bool
    since: datetime | None
    advice: str


@login_required
@require_GET
def camera_list(request: HttpRequest) -> HttpResponse:
    """All cameras that the person sees, those that need somebody first."""
    user = user_of(request)
    now = timezone.now()
    cameras = cameras_visible_to(user).filter(is_archived=False).order_by("name")
    counts: dict[UUID, Mapping[str, Any]] = {
        row["camera_id"]: row
        for row in funnel_visible_to(user)
        .filter(hour__gte=now - SPAN)
        .order_by()
        .values("camera_id")
        .annotate(**{name: Sum(name) for name in _counted()})
    }
    reports = [report_camera(camera, counts.get(camera.pk, NOTHING), now) for camera in cameras]
    reports.sort(key=lambda report: not report.health.is_wrong)
    context = {
        "reports": reports,
        "wrong": sum(report.health.is_wrong for report in reports),
    }
    return render(request, "detections/cameras.html", context)


def _counted() -> list[str]:
    counted = {*STAGES, *REASONS, "dropped"}
    fields = FunnelHour._meta.fields  # noqa: SLF001  # Django's public name
    return [field.name for field in fields if field.name in counted]


def report_camera(camera: Camera, counts: Mapping[str, Any], now: datetime) -> CameraReport:
    """Put a camera's status and counts in words."""
    numbers = {name: int(counts.get(name) or 0) for name in (*STAGES, *REASONS, "dropped")}
    lost = sorted(REASONS, key=lambda name: -numbers[name])
    return CameraReport(
        camera=camera,
        health=judge_health(camera, now),
        stages=[Count(word, numbers[name], 0) for name, word in STAGES.items()],
        rejections=[
            Count(
                REASONS[name].name,
                numbers[name],
                numbers[name] / numbers[lost[0]],
                REASONS[name].advice,
            )
            for name in lost
            if numbers[name]
        ],
        dropped=numbers["dropped"],
        sentence=_sentence(camera, numbers, lost[0]),
    )


def judge_health(camera: Camera, now: datetime) -> Health:
    """What a camera's status means, taking a task that reports nothing any more for what it is."""
    status: CameraStatus | None = getattr(camera, "status", None)
    if status is None or not camera.takes_frames:
        is_push = camera.is_enabled and camera.source_kind == Camera.SourceKind.PUSH
        word = _("receives from outside") if is_push else _("switched off")
        return Health(state="off", word=word, is_wrong=False, since=None, advice="")
    if status.updated_at is None or now - status.updated_at > SILENT_AFTER:
        return Health(
            state="waiting",
            word=_("nobody watches it"),
            is_wrong=True,
            since=status.updated_at or status.since,
            advice=_("No camera worker reports. Check that the process “streams” runs."),
        )
    is_wrong = status.state in {CameraStatus.State.FAILING, CameraStatus.State.WAITING} or bool(
        status.error
    )
    return Health(
        state=status.state,
        word=status.get_state_display(),
        is_wrong=is_wrong,
        since=status.since,
        advice=status.error,
    )


def _sentence(camera: Camera, numbers: Mapping[str, int], worst: str) -> str:
    """Why nothing, or little, was read: the first step at which everything got lost."""
    if numbers["accepted"] > numbers[worst]:
        return ""
    if not numbers["frames"]:
        return _("No pictures came from it.") if camera.takes_frames else ""
    if not numbers["moved"]:
        return _("Pictures came, and nothing moved in them.")
    if not numbers["boxes"]:
        return _(
            "Something moved, and no plate was found. "
            "Check where the camera looks and how large plates are."
        )
    if numbers[worst]:
        reason = REASONS[worst]
        lost = _("Most were lost here: %(name)s. %(advice)s")
        return (lost % {"name": reason.name, "advice": reason.advice}).strip()
    return ""
