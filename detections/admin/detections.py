"""Staff pages of detections, uploads and the funnel: evidence that nobody changes."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RangeDateTimeFilter
from unfold.utils import parse_datetime_str

from accounts.models import AuditEvent, User
from accounts.selectors import organizations_administered_by
from accounts.services import record_audit_event
from cameras.models import Camera
from detections.models import Detection, FunnelHour, Upload
from detections.selectors import in_time
from lpr_project.common.admin import (
    ReadOnlyModelAdmin,
    ScopedRelatedFilter,
    UncountedList,
    labelled,
    link_to,
    person,
)
from vehicles.selectors import plates_numbered
from vehicles.services import audit_plate_search

SEARCHED_PLATES_MOST = 200
HOURS_UNLESS_ASKED = 24


class CapturedWithin(DropdownFilter):  # type: ignore[misc]  # Unfold ships no types
    """How far back detections are shown, as a range of ids, which prunes partitions.

    The last day unless asked otherwise: together with any other filter this bounds what is read.
    """

    title = _("captured within")
    parameter_name = "within"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("", _("last 24 hours")),
            ("1", _("last hour")),
            ("168", _("last 7 days")),
            ("744", _("last 31 days")),
            ("8784", _("last year")),
        ]

    def queryset(
        self, request: HttpRequest, detections: QuerySet[Detection]
    ) -> QuerySet[Detection]:
        if any(name.startswith("captured_at_") and value for name, value in request.GET.items()):
            return detections  # the exact span below says it
        value = self.value() or ""
        known = value in {choice[0] for choice in self.lookup_choices if choice[0]}
        hours = int(value) if known else HOURS_UNLESS_ASKED
        return detections.filter(in_time(since=timezone.now() - timedelta(hours=hours)))


class CapturedBetween(RangeDateTimeFilter):  # type: ignore[misc]  # Unfold ships no types
    """An exact span of time, as a range of ids."""

    def queryset(
        self, request: HttpRequest, detections: QuerySet[Detection]
    ) -> QuerySet[Detection]:
        return detections.filter(in_time(since=self._moment("from"), until=self._moment("to")))

    def _moment(self, end: str) -> datetime | None:
        day = self.used_parameters.get(f"{self.parameter_name}_{end}_0")
        time = self.used_parameters.get(f"{self.parameter_name}_{end}_1") or "00:00:00"
        moment = parse_datetime_str(f"{day} {time}") if day else None
        if moment is None or timezone.is_aware(moment):
            return moment
        return timezone.make_aware(moment)


def camera_ids_administered_by(user: User) -> list[Any]:
    """Ids for `camera_id IN (...)`, which the detections' indexes serve best."""
    organizations = organizations_administered_by(user)
    return list(Camera.objects.filter(organization__in=organizations).values_list("pk", flat=True))


@admin.register(Detection)
class DetectionAdmin(UncountedList[Detection], ReadOnlyModelAdmin[Detection]):
    """Detections."""

    list_display = [
        "crop",
        "number",
        "camera",
        "captured_at",
        "confidence_label",
        "review_label",
        "origin",
        "detail_link",
    ]
    list_display_links = ["number"]
    list_filter = [
        CapturedWithin,
        ("captured_at", CapturedBetween),
        ("camera", ScopedRelatedFilter),
        ("review", ChoicesDropdownFilter),
        ("origin", ChoicesDropdownFilter),
    ]
    list_select_related = ["camera", "plate"]
    search_fields = ["plate__number"]
    search_help_text = _("The beginning of a plate's number, or all of it.")
    ordering = ["-id"]
    fieldsets = [
        (None, {"fields": ["frame", "crop", "number", "camera", "captured_at", "detail_link"]}),
        (
            _("What was read"),
            {
                "fields": [
                    "read_text",
                    "read_number",
                    "read_country",
                    "read_province",
                    "confidence",
                    "frames_agreed",
                    "frames_read",
                    "model_set",
                ]
            },
        ),
        (_("What became of it"), {"fields": ["review", "origin", "upload", "recorded_at"]}),
        (
            _("Vehicle"),
            {"fields": ["direction", "travel_degrees", "vehicle_kind", "vehicle_color"]},
        ),
        (_("Evidence"), {"fields": ["id", "frame_sha256", "crop_sha256"]}),
    ]

    def readable(self, user: User) -> QuerySet[Detection]:
        detections = Detection.objects.defer("evidence")
        if user.is_active and user.is_superuser:
            return detections
        return detections.filter(camera_id__in=camera_ids_administered_by(user))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Detection], search_term: str
    ) -> tuple[QuerySet[Detection], bool]:
        if not search_term.strip():
            return queryset, False
        audit_plate_search(actor=person(request), term=search_term)
        found = plates_numbered(search_term, is_prefix=True).filter(
            organization__in=organizations_administered_by(person(request))
        )
        ids = list(
            found.order_by("-last_seen_at").values_list("pk", flat=True)[:SEARCHED_PLATES_MOST]
        )
        return queryset.filter(plate_id__in=ids), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        detection = self.get_object(request, object_id)
        if detection is not None:
            record_audit_event(
                action=AuditEvent.Action.VIEWED, actor=person(request), target=detection
            )
        return super().change_view(request, object_id, form_url, extra_context)

    @admin.display(description=_("picture"))
    def crop(self, detection: Detection) -> SafeString | str:
        return _picture("detections:crop", detection, detection.crop_name, "lpr-crop")

    @admin.display(description=_("frame"))
    def frame(self, detection: Detection) -> SafeString | str:
        return _picture("detections:frame", detection, detection.frame_name, "lpr-frame")

    @admin.display(description=_("plate"))
    def number(self, detection: Detection) -> str:
        return str(detection.plate or detection.read_number)

    @labelled(_("confidence"), colors={"high": "success", "middling": "warning", "low": "danger"})
    def confidence_label(self, detection: Detection) -> tuple[str, str]:
        figure = f"{detection.confidence:.2f}"
        if detection.confidence >= detection.camera.accept_confidence:
            return "high", figure
        return (
            "middling" if detection.confidence >= detection.camera.review_confidence else "low"
        ), figure

    @labelled(
        _("review"),
        colors={
            "accepted": "default",
            "pending": "warning",
            "confirmed": "success",
            "corrected": "info",
            "rejected": "danger",
        },
    )
    def review_label(self, detection: Detection) -> tuple[str, str]:
        return detection.review, detection.get_review_display()

    @admin.display(description=_("page"))
    def detail_link(self, detection: Detection) -> SafeString:
        return link_to("detections:detail", detection.pk)


def _picture(url_name: str, detection: Detection, stored: str, css: str) -> SafeString | str:
    if not stored:
        return ""
    return format_html(
        '<img class="{}" src="{}" alt="" loading="lazy">',
        css,
        reverse(url_name, args=[detection.pk]),
    )


@admin.register(Upload)
class UploadAdmin(UncountedList[Upload], ReadOnlyModelAdmin[Upload]):
    """Uploads; made on the upload page."""

    list_display = [
        "original_name",
        "camera",
        "kind",
        "state_label",
        "progress_percent",
        "detections_count",
        "created_by",
        "created_at",
    ]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("camera", ScopedRelatedFilter),
    ]
    list_select_related = ["camera", "created_by"]
    search_fields = ["original_name"]
    ordering = ["-id"]
    fields = [
        "original_name",
        "camera",
        "kind",
        "state",
        "error",
        "captured_at",
        "detections_count",
        "size_bytes",
        "sha256",
        "created_by",
        "created_at",
        "finished_at",
    ]

    def readable(self, user: User) -> QuerySet[Upload]:
        return Upload.objects.filter(organization__in=organizations_administered_by(user))

    @labelled(
        _("state"),
        colors={"queued": "default", "reading": "info", "done": "success", "failed": "danger"},
    )
    def state_label(self, upload: Upload) -> tuple[str, str]:
        return upload.state, upload.get_state_display()

    @admin.display(description=_("progress"))
    def progress_percent(self, upload: Upload) -> str:
        return f"{upload.progress:.0%}"


@admin.register(FunnelHour)
class FunnelHourAdmin(UncountedList[FunnelHour], ReadOnlyModelAdmin[FunnelHour]):
    """Why something was or was not read, by camera and hour."""

    list_display = [
        "hour",
        "camera",
        "frames",
        "moved",
        "dropped",
        "boxes",
        "readings",
        "tracks",
        "accepted",
        "not_a_plate",
        "too_small",
        "blurred",
        "too_dark",
        "cut_off",
        "low_confidence",
        "bad_format",
        "one_frame_only",
        "excluded_zone",
        "duplicate",
        "stationary",
        "ignored",
    ]
    list_filter = [("hour", RangeDateTimeFilter), ("camera", ScopedRelatedFilter)]
    list_select_related = ["camera"]
    list_fullwidth = True
    ordering = ["-hour", "camera__name"]

    def readable(self, user: User) -> QuerySet[FunnelHour]:
        return FunnelHour.objects.filter(
            camera__organization__in=organizations_administered_by(user)
        )
