"""The console, where people answer alerts."""

from typing import cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.files.storage import storages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import User
from alerts.selectors.alerts import alerts_visible_to, open_alerts
from alerts.services.messages import detection_of_token
from detections.models import Detection

ROWS = 200


@require_safe
def picture(_request: HttpRequest, token: str) -> HttpResponse:
    """The plate of an alert, for whoever holds a link of a message that has not expired."""
    detection_id = detection_of_token(token)
    detection = Detection.objects.filter(pk=detection_id).only("crop_name").first()
    if detection_id is None or detection is None or not detection.crop_name:
        raise Http404
    try:
        with storages["pictures"].open(detection.crop_name) as stored:
            content = stored.read()
    except FileNotFoundError as error:
        raise Http404 from error
    kind = "image/webp" if detection.crop_name.endswith(".webp") else "image/jpeg"
    headers = {"Cache-Control": "private, max-age=3600", "X-Robots-Tag": "noindex"}
    return HttpResponse(content, content_type=kind, headers=headers)


@login_required
@require_safe
def console(request: HttpRequest) -> HttpResponse:
    """What still has to be dealt with, the most urgent first."""
    alerts = open_alerts(cast("User", request.user))[:ROWS]
    return render(request, "alerts/console.html", {"alerts": alerts})


@login_required
@require_safe
def alert_detail(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """Where links in messages lead: the console, with the alert opened."""
    if not alerts_visible_to(cast("User", request.user)).filter(pk=alert_id).exists():
        raise Http404
    return redirect(f"{reverse('alerts:console')}?alert={alert_id}")
