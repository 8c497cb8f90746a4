"""The console, where people answer alerts."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.files.storage import storages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import AuditEvent, User
from accounts.selectors import MANAGING_ROLES, organizations_of
from accounts.services import record_audit_event
from alerts.models import Alert
from alerts.selectors.alerts import (
    ACTING_ROLES,
    alerts_answered_by,
    alerts_visible_to,
    changes_of,
    count_unanswered,
    members_to_assign,
    open_alerts,
    shift_notes_visible_to,
)
from alerts.services.announcing import live_alert
from alerts.services.answering import (
    acknowledge_alerts,
    assign_alert,
    comment_alert,
    hand_over,
    reject_alerts,
    reopen_alerts,
    resolve_alerts,
    see_alerts,
    verify_alerts,
)
from alerts.services.channels.web_push import public_key
from alerts.services.messages import detection_of_token
from alerts.views.presentation import compare, matched_by, reject_reasons, show_alert
from alerts.views.requests import user_of
from detections.models import Detection
from lpr_project.common.errors import LprError
from lpr_project.common.page_keys import number_of
from vehicles.selectors import reads_plates_of

ROWS = 200
BODY_MOST = 64 * 1024
NOTES = 5
CHANGES_MOST = 100
KEYS = (
    ("j", _("Next alert")),
    ("k", _("Alert before")),
    ("Enter", _("Open")),
    ("a", _("Acknowledge")),
    ("v", _("Verify: it is right")),
    ("x", _("Reject: it is none")),
    ("r", _("Resolve: nothing remains to be done")),
    ("s", _("Sound on, off")),
    ("Esc", _("Close")),
)
SHOWN = {"open": _("Open"), "mine": _("Mine"), "all": _("All")}


@login_required
@require_safe
def console(request: HttpRequest) -> HttpResponse:
    """What still has to be dealt with, the most urgent first; the socket keeps it up to date."""
    user = user_of(request)
    shown = request.GET.get("show", "open")
    shown = shown if shown in SHOWN else "open"
    alerts = {
        "open": lambda: open_alerts(user),
        "mine": lambda: open_alerts(user).filter(assigned_to=user),
        "all": lambda: alerts_visible_to(user),
    }[shown]()[:ROWS]
    now = timezone.now().isoformat()
    page = {
        "now": now,
        "show": shown,
        "alerts": [show_alert(live_alert(alert)) for alert in alerts],
        "open": _asked_alert(request),
        "socket": f"/ws/alerts/?language={get_language() or ''}",
        "session": reverse("detections:session"),
        "detections": reverse("detections:list"),
        "console": reverse("alerts:console"),
        "act": reverse("alerts:act"),
        "subscribe": reverse("alerts:subscribe"),
        "worker": static("alerts/push_worker.js"),
        "push_key": public_key(),
        "me": str(user),
        "leaflet": static("vendor/leaflet/leaflet.js"),
        "tiles": settings.MAP_TILE_URL,
        "attribution": settings.MAP_TILE_ATTRIBUTION,
    }
    context = {
        "page": page,
        "keys": KEYS,
        "shown": shown,
        "tabs": SHOWN.items(),
        "reasons": reject_reasons(),
        "notes": shift_notes_visible_to(user)[:NOTES],
        "may_act": organizations_of(user, *ACTING_ROLES).exists(),
        "may_manage": organizations_of(user, *MANAGING_ROLES).exists(),
        "organizations_noted": organizations_of(user, *ACTING_ROLES),
    }
    return render(request, "alerts/console.html", context)


@login_required
@require_safe
def alert_detail(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """Where links in messages lead: the console, with the alert opened."""
    _visible(user_of(request), alert_id)
    return redirect(f"{reverse('alerts:console')}?alert={alert_id}")


@login_required
@require_safe
def unanswered(request: HttpRequest) -> HttpResponse:
    """How many alerts nobody has taken on, for the navigation."""
    answer = JsonResponse({"count": count_unanswered(user_of(request))})
    answer.headers["Cache-Control"] = "no-store"
    return answer


@login_required
@require_safe
def alert_panel(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """All that is known of an alert, and what can be done with it."""
    user = user_of(request)
    alert = _visible(user, alert_id)
    may_act = alerts_answered_by(user).filter(pk=alert.pk).exists()
    record_audit_event(action=AuditEvent.Action.VIEWED, actor=user, target=alert)
    detection = (
        Detection.objects.filter(pk=alert.detection_id).defer("evidence").first()
        if alert.detection_id
        else None
    )
    is_readable = alert.organization_id in reads_plates_of(user)
    context = {
        "alert": alert,
        "plate_id": detection.plate_id if detection and is_readable else None,
        "shown": show_alert(live_alert(alert)),
        "compared": compare(alert),
        "matched": matched_by(alert),
        "detection": detection,
        "changes": changes_of(alert).reverse()[:CHANGES_MOST],
        "may_act": may_act,
        "members": members_to_assign(alert.organization) if may_act else (),
        "position": alert.facts.get("position"),
    }
    return render(request, "alerts/_panel.html", context)


def _asked_alert(request: HttpRequest) -> str:
    """The alert to open; the page makes an address of it, so nothing but an identifier will do."""
    try:
        return str(UUID(request.GET.get("alert", "")))
    except ValueError:
        return ""


def _visible(user: User, alert_id: UUID) -> Alert:
    return get_object_or_404(alerts_visible_to(user), pk=alert_id)


def _reject(wanted: dict[str, Any], **known: Any) -> list[Alert]:
    return reject_alerts(reason=str(wanted.get("reason", "")), text=_text(wanted), **known)


def _with_text(answer: Callable[..., list[Alert]], wanted: dict[str, Any], **known: Any) -> Any:
    return answer(text=_text(wanted), **known)


def _text(wanted: dict[str, Any]) -> str:
    return _without_nul(str(wanted.get("text", "")))


def _without_nul(text: str) -> str:
    """PostgreSQL keeps no NUL in a text."""
    return text.replace("\0", "")


def _see(_wanted: dict[str, Any], **known: Any) -> list[Alert]:
    return see_alerts(**known)


def _comment(wanted: dict[str, Any], *, alert_ids: list[UUID], actor: User) -> list[Alert]:
    return [comment_alert(alert_id=one, actor=actor, text=_text(wanted)) for one in alert_ids]


def _assign(wanted: dict[str, Any], *, alert_ids: list[UUID], actor: User) -> list[Alert]:
    chosen = number_of(str(wanted.get("assignee", "")))
    assignee = None if chosen is None else get_object_or_404(User, pk=chosen)
    return [assign_alert(alert_id=one, actor=actor, assignee=assignee) for one in alert_ids]


_ANSWERS: dict[str, Callable[..., list[Alert]]] = {
    "see": _see,
    "acknowledge": partial(_with_text, acknowledge_alerts),
    "verify": partial(_with_text, verify_alerts),
    "reject": _reject,
    "resolve": partial(_with_text, resolve_alerts),
    "reopen": partial(_with_text, reopen_alerts),
    "comment": _comment,
    "assign": _assign,
}


@login_required
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Answer alerts: JSON of `action`, `ids` and what the action needs."""
    try:
        wanted = orjson.loads(request.body[:BODY_MOST])
        answer = _ANSWERS[wanted["action"]]
        ids = [UUID(str(one)) for one in wanted["ids"]]
    except (ValueError, KeyError, TypeError):
        return _refusal(str(_("The page sent something that is not understood. Load it again.")))
    try:
        alerts = answer(wanted, alert_ids=ids, actor=user_of(request))
    except Alert.DoesNotExist as error:
        raise Http404 from error
    except LprError as error:
        return _refusal(error.message, error.status)
    return JsonResponse({"items": [show_alert(live_alert(alert)) for alert in alerts]})


def _refusal(message: str, status: int = 400) -> JsonResponse:
    return JsonResponse({"message": message}, status=status)


@login_required
@require_POST
def leave_note(request: HttpRequest) -> HttpResponse:
    """Leave a note for the next shift."""
    user = user_of(request)
    chosen = number_of(request.POST.get("organization", ""))
    mine = organizations_of(user, *ACTING_ROLES)
    organization = mine.first() if chosen is None else mine.filter(pk=chosen).first()
    if organization is None:
        raise Http404
    try:
        text = _without_nul(request.POST.get("text", ""))
        hand_over(organization=organization, actor=user, text=text)
    except (LprError, ValidationError) as error:
        message = error.message if isinstance(error, LprError) else error.messages[0]
        return render(request, "alerts/note_refused.html", {"message": message}, status=400)
    return redirect("alerts:console")


@require_safe
def picture(_request: HttpRequest, token: str) -> HttpResponse:
    """The plate of an alert, for whoever holds a link of a message that has not expired."""
    detection_id = detection_of_token(token)
    if detection_id is None:
        raise Http404
    detection = Detection.objects.filter(pk=detection_id).only("crop_name").first()
    if detection is None or not detection.crop_name:
        raise Http404
    try:
        with storages["pictures"].open(detection.crop_name) as stored:
            content = stored.read()
    except FileNotFoundError as error:
        raise Http404 from error
    kind = "image/webp" if detection.crop_name.endswith(".webp") else "image/jpeg"
    headers = {"Cache-Control": "private, max-age=3600", "X-Robots-Tag": "noindex"}
    return HttpResponse(content, content_type=kind, headers=headers)
