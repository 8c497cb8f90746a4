"""How well each camera reads, as people found it, and its model set by one click."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.views import ChangeList

from accounts.models import User
from accounts.selectors import organizations_administered_by, organizations_managed_by
from detections.errors import ModelsUnknownError
from detections.models import CameraAccuracy
from detections.selectors import Accuracy, accuracy_of, count_sample_waiting
from detections.selectors.models import model_registry
from detections.services.model_sets import switch_model_set
from lpr_project.common.admin import ReadOnlyModelAdmin, ScopedRelatedFilter, person
from lpr_project.common.errors import LprError

SPAN = timedelta(days=30)


class AccuracyChangeList(ChangeList):  # type: ignore[misc]  # Unfold ships no types
    """Counts once for all cameras of a page."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        cameras: list[Any] = list(self.result_list)  # type: ignore[has-type]  # set just now
        figures: dict[UUID, list[Accuracy]] = {}
        ids, since = [camera.pk for camera in cameras], timezone.now() - SPAN
        for row in accuracy_of(ids, since=since):
            figures.setdefault(row.camera_id, []).append(row)
        waiting = count_sample_waiting(ids, since=since)
        changeable = set(organizations_managed_by(person(request)).values_list("pk", flat=True))
        sets = _model_sets(request)
        for camera in cameras:
            camera.figures = figures.get(camera.pk, [])
            camera.sample_waiting = waiting.get(camera.pk, 0)
            camera.other_sets = (
                _others(camera, sets) if camera.organization_id in changeable else []
            )
        self.result_list = cameras


def _model_sets(request: HttpRequest) -> list[str]:
    """Names of all sets; none, and a sentence on the page, where the registry is malformed."""
    try:
        return sorted(model_registry().sets)
    except ModelsUnknownError as error:
        messages.error(request, error.message)
        return []


def _others(camera: CameraAccuracy, sets: Iterable[str]) -> list[str]:
    """Sets that the camera can be switched to, the one before first."""
    others = [name for name in sets if name != camera.model_set]
    return sorted(others, key=lambda name: name != camera.previous_model_set)


@admin.register(CameraAccuracy)
class CameraAccuracyAdmin(ReadOnlyModelAdmin[CameraAccuracy]):
    """Accuracy by camera and model set, of the last 30 days."""

    list_display = ["name", "model_set", "sample", "reviewed", "other_models", "switch"]
    list_filter = [("organization", ScopedRelatedFilter)]
    list_select_related = ["organization"]
    list_fullwidth = True
    search_fields = ["name"]
    ordering = ["name", "pk"]
    fields = ["name", "organization", "model_set"]

    def readable(self, user: User) -> QuerySet[CameraAccuracy]:
        return CameraAccuracy.objects.defer("source_password").filter(
            organization__in=organizations_administered_by(user), is_archived=False
        )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Any]:
        return AccuracyChangeList

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path(
                "<uuid:object_id>/switch/",
                guard(require_POST(partial(switch, self))),
                name="detections_cameraaccuracy_switch",
            ),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("random sample"))
    def sample(self, camera: Any) -> str:
        return _template("sample", camera)

    @admin.display(description=gettext_lazy("all reviewed"))
    def reviewed(self, camera: Any) -> str:
        return _template("reviewed", camera)

    @admin.display(description=gettext_lazy("with other models"))
    def other_models(self, camera: Any) -> str:
        return _template("others", camera)

    @admin.display(description=gettext_lazy("switch"))
    def switch(self, camera: Any) -> str:
        return _template("switch", camera)


def _template(part: str, camera: Any) -> str:
    # The page of one camera shows its fields only.
    figures = getattr(camera, "figures", [])
    own = next((row for row in figures if row.model_set == camera.model_set), None)
    others = [row for row in figures if row.model_set != camera.model_set]
    context = {"part": part, "camera": camera, "own": own, "others": others, "days": SPAN.days}
    return render_to_string("admin/detections/accuracy.html", context)


def switch(page: CameraAccuracyAdmin, request: HttpRequest, object_id: UUID) -> HttpResponse:
    """Set a camera to another model set; its running task takes it up within seconds."""
    user = person(request)
    if not page.has_view_permission(request):
        raise Http404
    camera = page.readable(user).filter(pk=object_id).first()
    if camera is None:
        raise Http404
    try:
        switch_model_set(camera=camera, model_set=request.POST.get("model_set", ""), actor=user)
    except LprError as error:
        page.message_user(request, error.message, messages.ERROR)
    else:
        told = {"camera": camera, "models": camera.model_set}
        page.message_user(request, _("%(camera)s now reads with %(models)s.") % told)
    return redirect("admin:detections_cameraaccuracy_changelist")
