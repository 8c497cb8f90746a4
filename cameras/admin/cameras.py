"""The camera's page: where pictures come from, what it looks at, who may see it."""

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from accounts.models import User
from accounts.selectors import organizations_administered_by, organizations_managed_by
from cameras.admin import connection
from cameras.admin.forms import CameraForm
from cameras.admin.grants import CameraGrantInline, save_grants
from cameras.models import Camera, CameraStatus
from cameras.services import (
    audit_camera_change,
    delete_camera,
    finish_new_camera,
    update_camera,
)
from lpr_project.common.admin import ScopedModelAdmin, ScopedRelatedFilter, labelled, person
from lpr_project.common.tags import span_since

NEIGHBOURS_MOST = 500
STATE_LABELS: dict[str, str] = {
    CameraStatus.State.OFF: "default",
    CameraStatus.State.WAITING: "warning",
    CameraStatus.State.RESTING: "info",
    CameraStatus.State.CONNECTING: "info",
    CameraStatus.State.ONLINE: "success",
    CameraStatus.State.FAILING: "danger",
}


@admin.register(Camera)
class CameraAdmin(ScopedModelAdmin[Camera]):
    """Cameras."""

    form = CameraForm
    list_display = ["name", "state", "error", "last_frame", "purpose", "organization", "is_enabled"]
    list_filter = [
        ("status__state", ChoicesDropdownFilter),
        ("purpose", ChoicesDropdownFilter),
        ("source_kind", ChoicesDropdownFilter),
        ("groups", ScopedRelatedFilter),
        ("organization", ScopedRelatedFilter),
        "is_enabled",
        "is_archived",
    ]
    list_select_related = ["organization", "status"]
    search_fields = ["name"]
    ordering = ["name", "pk"]
    actions = ["enable", "disable", "archive"]
    autocomplete_fields = ["groups"]
    readonly_fields = ["fares", "connection_test"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "fares",
                    "organization",
                    "name",
                    "purpose",
                    "groups",
                    "is_enabled",
                    "is_archived",
                ]
            },
        ),
        (
            _("Where pictures come from"),
            {
                "fields": [
                    "source_kind",
                    "source_url",
                    "source_username",
                    "source_password",
                    "analyse_fps",
                    "connection_test",
                ]
            },
        ),
        (_("Where it stands"), {"fields": ["point", "heading_degrees", "country"]}),
        (_("What it looks at"), {"fields": ["include_areas", "exclude_areas", "active_hours"]}),
        (
            _("What counts as read"),
            {
                "fields": [
                    "model_set",
                    "detector_confidence",
                    "accept_confidence",
                    "review_confidence",
                    "review_sample_rate",
                    "min_frames_agreed",
                    "min_plate_width_px",
                ],
                "description": _(
                    "Certainties run from 0 to 1. Raise a threshold when wrong plates come "
                    "through, lower it when right ones are missed; the funnel says which."
                ),
            },
        ),
        (_("How long it keeps"), {"fields": ["retention_hours", "hit_retention_hours"]}),
    ]

    def readable(self, user: User) -> QuerySet[Camera]:
        # Without the password: one that cannot be decrypted must not close the list.
        return Camera.objects.defer("source_password").filter(
            organization__in=organizations_administered_by(user)
        )

    def writable(self, user: User) -> QuerySet[Camera]:
        return Camera.objects.filter(organization__in=organizations_managed_by(user))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial: dict[str, Any] = dict(super().get_changeform_initial_data(request))
        own = organizations_managed_by(person(request)).values_list("pk", flat=True)[:2]
        if len(own) == 1:
            initial.setdefault("organization", own[0])
        return initial

    def get_fieldsets(self, request: HttpRequest, obj: Camera | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None:
            return fieldsets
        (title, options), *others = fieldsets
        fields = [name for name in options["fields"] if name not in {"fares", "is_archived"}]
        return [(title, {**options, "fields": fields}), *others]

    def get_inlines(self, request: HttpRequest, obj: Camera | None = None) -> Any:
        return [CameraGrantInline] if obj is not None else []

    def get_form(
        self, request: HttpRequest, obj: Camera | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        # Set on a class made for this request: fields themselves are shared by all.
        own = organizations_managed_by(person(request)).values_list("slug", flat=True)[:2]
        form.short_name = obj.organization.slug if obj else own[0] if len(own) == 1 else ""
        if obj is not None:
            form.picture_urls = _picture_urls(obj)
        located = self.get_queryset(request).filter(point__isnull=False, is_archived=False)
        if obj is not None:
            located = located.exclude(pk=obj.pk)
        form.neighbours = tuple(
            {"name": name, "latitude": point.y, "longitude": point.x}
            for name, point in located.values_list("name", "point")[:NEIGHBOURS_MOST]
            if point
        )
        return form

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path(
                "test-connection/",
                guard(partial(connection.start_test, self)),
                name="cameras_camera_test",
            ),
            path(
                "test-connection/<uuid:test_id>/",
                guard(connection.test_news),
                name="cameras_camera_test_news",
            ),
            path(
                "test-connection/<uuid:test_id>/picture/",
                guard(connection.test_picture),
                name="cameras_camera_test_picture",
            ),
            path(
                "<uuid:object_id>/picture/",
                guard(partial(connection.last_picture, self)),
                name="cameras_camera_picture",
            ),
            *super().get_urls(),
        ]

    def save_model(
        self, request: HttpRequest, obj: Camera, form: ModelForm[Any], change: bool
    ) -> None:
        if "model_set" in form.changed_data:
            obj.previous_model_set = form.initial.get("model_set", "")
        super().save_model(request, obj, form, change)

    def save_related(
        self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        if not change:
            finish_new_camera(camera=form.instance, actor=person(request))
        elif form.changed_data:
            audit_camera_change(
                camera=form.instance, actor=person(request), changed=form.changed_data
            )

    def save_formset(
        self, request: HttpRequest, form: ModelForm[Any], formset: Any, change: bool
    ) -> None:
        save_grants(formset, form.instance, person(request))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        # Django would load every row that hangs on the camera; a million detections do.
        camera = objs[0]
        protected = [str(_("Detections or uploads hang on it. Archive it instead."))]
        in_use = camera.detections.exists() or camera.uploads.exists()
        return [str(camera)], {self.opts.verbose_name: 1}, set(), protected if in_use else []

    def delete_model(self, request: HttpRequest, obj: Camera) -> None:
        delete_camera(camera=obj, actor=person(request))

    @admin.action(description=_("Switch on"), permissions=["change"])
    def enable(self, request: HttpRequest, cameras: QuerySet[Camera]) -> None:
        self._set(request, cameras, is_enabled=True)

    @admin.action(description=_("Switch off"), permissions=["change"])
    def disable(self, request: HttpRequest, cameras: QuerySet[Camera]) -> None:
        self._set(request, cameras, is_enabled=False)

    @admin.action(description=_("Archive: taken down, detections stay"), permissions=["change"])
    def archive(self, request: HttpRequest, cameras: QuerySet[Camera]) -> None:
        self._set(request, cameras, is_archived=True)

    def _set(self, request: HttpRequest, cameras: QuerySet[Camera], **fields: Any) -> None:
        chosen = list(cameras.filter(pk__in=self.writable(person(request))))
        for camera in chosen:
            update_camera(camera=camera, actor=person(request), **fields)
        self.message_user(request, _("Cameras changed: %d.") % len(chosen), messages.SUCCESS)

    @labelled(_("state"), ordering="status__state", colors=STATE_LABELS)
    def state(self, camera: Camera) -> tuple[str, str]:
        return camera.status.state, camera.status.get_state_display()

    @admin.display(description=_("what is wrong"))
    def error(self, camera: Camera) -> str:
        return camera.status.error

    @admin.display(description=_("last picture"), ordering="status__last_frame_at")
    def last_frame(self, camera: Camera) -> str:
        seen = camera.status.last_frame_at
        return str(_("%s ago") % span_since(seen, depth=1)) if seen else ""

    @admin.display(description=_("how it fares"))
    def fares(self, camera: Camera) -> str:
        return render_to_string(
            "admin/cameras/fares.html", {"camera": camera, "status": camera.status}
        )

    @admin.display(description=_("test"))
    def connection_test(self, camera: Camera | None) -> str:
        is_saved = camera is not None and not camera._state.adding  # noqa: SLF001  # Django's public name
        return render_to_string(
            "admin/cameras/connection_test.html", {"camera": camera if is_saved else None}
        )


def _picture_urls(camera: Camera) -> tuple[str, ...]:
    """Where a picture to draw on may be had, best first."""
    names = ("detections:camera-frame", "admin:cameras_camera_picture")
    return tuple(reverse(name, args=[camera.pk]) for name in names)
