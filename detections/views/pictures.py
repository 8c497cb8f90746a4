"""Pictures of detections and cameras, for those who may see them."""

from uuid import UUID

import structlog
from django.contrib.auth.decorators import login_required
from django.core.files.storage import storages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from cameras.selectors import cameras_visible_to
from detections.models import Detection
from detections.selectors import detections_visible_to
from detections.services.frames import last_frame
from detections.views.requests import user_of

log = structlog.get_logger(__name__)

# A picture never changes; how long somebody who lost the right may still have it in a browser.
KEPT_SECONDS = 3600


@login_required
@require_safe
def detection_frame(request: HttpRequest, detection_id: UUID) -> HttpResponseBase:
    """The frame that was read."""
    detection = _detection(request, detection_id)
    return picture_response(request, detection.frame_name, detection.frame_sha256)


@login_required
@require_safe
def detection_crop(request: HttpRequest, detection_id: UUID) -> HttpResponseBase:
    """The plate, cut out of the frame that was read."""
    detection = _detection(request, detection_id)
    return picture_response(request, detection.crop_name, detection.crop_sha256)


@login_required
@require_safe
def camera_frame(request: HttpRequest, camera_id: UUID) -> HttpResponse:
    """The last analysed frame of a camera; no content where there is none of the last minute."""
    if not cameras_visible_to(user_of(request)).filter(pk=camera_id).exists():
        raise Http404
    try:
        jpeg = last_frame(camera_id)
    except (RedisError, OSError):
        log.warning("last_frame_unavailable", camera_id=str(camera_id))
        return HttpResponse(status=503, headers={"Retry-After": "5"})
    if jpeg is None:
        return HttpResponse(status=204)
    return HttpResponse(jpeg, content_type="image/jpeg", headers={"Cache-Control": "no-store"})


def _detection(request: HttpRequest, detection_id: UUID) -> Detection:
    fields = ("frame_name", "frame_sha256", "crop_name", "crop_sha256")
    visible = detections_visible_to(user_of(request)).select_related(None).only(*fields)
    detection = visible.filter(pk=detection_id).first()
    if detection is None:
        raise Http404
    return detection


def picture_response(request: HttpRequest, name: str, sha256: str) -> HttpResponseBase:
    """A kept picture, or that the browser has it already; 404 where there is none."""
    if not name:
        raise Http404
    etag = quote_etag(sha256)
    headers = {"ETag": etag, "Cache-Control": f"private, max-age={KEPT_SECONDS}"}
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        unchanged["Cache-Control"] = headers["Cache-Control"]
        return unchanged
    try:
        # Pictures are small, and a stream of a file holds a thread of an ASGI server for longer.
        with storages["pictures"].open(name) as stored:
            content = stored.read()
    except FileNotFoundError as error:
        log.exception("picture_missing", name=name)
        raise Http404 from error
    content_type = "image/webp" if name.endswith(".webp") else "image/jpeg"
    return HttpResponse(content, content_type=content_type, headers=headers)
