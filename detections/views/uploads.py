"""Sending a picture or video, and watching it being read."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from cameras.selectors import camera_ids_visible_to
from detections.errors import UploadRefusedError
from detections.forms import UploadForm
from detections.models import Upload
from detections.selectors import HISTORY_ROLES, as_rows, detections_visible_to, uploads_visible_to
from detections.services.uploads import create_upload
from detections.views.presentation import show_rows
from detections.views.requests import user_of
from lpr_project.common.page_keys import only_key_in
from lpr_project.common.pages import offered_to

PAGE_ROWS = 30
ROWS_OF_ONE = 200


@offered_to(*HISTORY_ROLES, or_if=lambda user: bool(camera_ids_visible_to(user, "operate_camera")))
@login_required
@require_http_methods(["GET", "POST"])
def upload_list(request: HttpRequest) -> HttpResponse:
    """The form and what was sent before; the page's script sends the form and asks for JSON."""
    user = user_of(request)
    if request.method == "GET":
        return _list_page(request, UploadForm(user=user))
    form = UploadForm(request.POST, request.FILES, user=user)
    upload = _create(request, form) if form.is_valid() else None
    if upload is None:
        if request.headers.get("Accept") == "application/json":
            return JsonResponse({"errors": form.errors}, status=422)
        return _list_page(request, form, status=422)
    url = reverse("detections:upload", args=[upload.pk])
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"url": url}, status=201)
    return redirect(url)


def _create(request: HttpRequest, form: UploadForm) -> Upload | None:
    """The upload, or None with the reason in the form."""
    asked = form.cleaned_data
    try:
        return create_upload(
            user=user_of(request),
            camera=asked["camera"],
            file=asked["file"],
            original_name=asked["file"].name,
            captured_at=asked["captured_at"] or timezone.now(),
        )
    except UploadRefusedError as error:
        field = error.detail.get("field")
        form.add_error(field if field in form.fields else None, error.message)
        return None


def _list_page(request: HttpRequest, form: UploadForm, status: int = 200) -> HttpResponse:
    user = user_of(request)
    uploads = uploads_visible_to(user).order_by("-id")
    if after := only_key_in(request, "after"):
        uploads = uploads.filter(pk__lt=after)
    rows = list(uploads[: PAGE_ROWS + 1])
    context = {
        "form": form,
        "may_upload": form.fields["camera"].queryset.exists(),  # type: ignore[attr-defined]
        "uploads": rows[:PAGE_ROWS],
        "is_reading": not all(upload.is_finished for upload in rows[:PAGE_ROWS]),
        "older": rows[PAGE_ROWS - 1].pk if len(rows) > PAGE_ROWS else None,
    }
    return render(request, "detections/uploads.html", context, status=status)


@login_required
@require_GET
def upload_detail(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """How far the reading of a file is, and what was found in it; htmx asks for the inner part."""
    user = user_of(request)
    upload = get_object_or_404(uploads_visible_to(user), pk=upload_id)
    found = as_rows(detections_visible_to(user).filter(upload=upload)).order_by("id")
    rows = list(found[: ROWS_OF_ONE + 1])
    context = {
        "upload": upload,
        "percent": round(upload.progress * 100),
        "rows": show_rows(user, rows[:ROWS_OF_ONE]),
        "has_more": len(rows) > ROWS_OF_ONE,
    }
    is_part = bool(request.headers.get("HX-Request"))
    template = "detections/_upload_state.html" if is_part else "detections/upload.html"
    return render(request, template, context)
