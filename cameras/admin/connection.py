"""Test connection: a worker opens the source, the page asks for news of it."""

from typing import Any
from uuid import UUID

from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from accounts.selectors import organizations_managed_by
from cameras.admin.forms import SourceForm
from cameras.errors import ConnectionTestError
from cameras.models import Camera
from cameras.selectors import camera_picture, connection_test_of, connection_test_picture
from cameras.services import start_connection_test
from lpr_project.common.admin import person
from lpr_project.common.page_keys import number_of

_AWAY = 503


def start_test(page: ModelAdmin[Camera], request: HttpRequest) -> JsonResponse:
    """Check the form's source fields and queue the test; 400 says what is wrong with them."""
    if request.method != "POST":
        return _refuse(_("Send the camera's form."), 405)
    camera = _camera_of_form(page, request)
    form = SourceForm(request.POST, instance=camera)
    if not form.is_valid():
        return _refuse(" ".join(_sentences(form)))
    if camera.source_kind == Camera.SourceKind.PUSH:
        return _refuse(_("There is nothing to open: a device or person sends the pictures."))
    try:
        test_id = start_connection_test(camera=camera, actor=person(request))
    except ConnectionTestError as error:
        return _refuse(error.message, error.status)
    except (OperationalError, RedisError, OSError):
        return _refuse(_("Redis does not answer, so no worker can be asked."), _AWAY)
    return JsonResponse({"news_url": reverse("admin:cameras_camera_test_news", args=[test_id])})


def test_news(request: HttpRequest, test_id: UUID) -> JsonResponse:
    """What is known of a test that this person started."""
    try:
        news = connection_test_of(person(request), test_id)
    except (RedisError, OSError):
        return _refuse(_("Redis does not answer. The test may still run."), _AWAY)
    if news is None:
        return _refuse(_("This test is no longer known. Start another."), 404)
    answer: dict[str, Any] = {
        key: value for key, value in news.items() if key not in {"actor_id", "camera_id"}
    }
    if news["state"] == "done":
        answer["picture_url"] = reverse("admin:cameras_camera_test_picture", args=[test_id])
    return JsonResponse(answer)


def test_picture(request: HttpRequest, test_id: UUID) -> HttpResponse:
    """The picture that a test of this person brought."""
    return _jpeg(connection_test_picture(person(request), test_id))


def last_picture(page: ModelAdmin[Camera], request: HttpRequest, object_id: UUID) -> HttpResponse:
    """The picture of the camera's last good test, to draw areas on."""
    camera = get_object_or_404(page.get_queryset(request), pk=object_id)
    picture = camera_picture(camera)
    # A camera that was never tried is no mistake for the browser to complain of.
    return _jpeg(picture) if picture else HttpResponse(status=204)


def _camera_of_form(page: ModelAdmin[Camera], request: HttpRequest) -> Camera:
    """The camera that is being changed, or one that is about to be made."""
    if camera_id := request.POST.get("camera"):
        camera = page.get_object(request, camera_id)
        if camera is None or not page.has_change_permission(request, camera):
            raise PermissionDenied
        return camera
    organizations = organizations_managed_by(person(request))
    chosen = number_of(request.POST.get("organization", ""))
    organization = None if chosen is None else organizations.filter(pk=chosen).first()
    if not page.has_add_permission(request) or not organizations.exists():
        raise PermissionDenied
    return Camera(organization=organization or organizations.order_by("pk")[0])


def _sentences(form: SourceForm) -> list[str]:
    return [
        f"{form.fields[name].label}: {error}" if name in form.fields else str(error)
        for name, errors in form.errors.items()
        for error in errors
    ]


def _jpeg(picture: bytes | None) -> HttpResponse:
    if picture is None:
        raise Http404
    answer = HttpResponse(picture, content_type="image/jpeg")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _refuse(sentence: str, status: int = 400) -> JsonResponse:
    return JsonResponse({"state": "failed", "sentence": sentence}, status=status)
