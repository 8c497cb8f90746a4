"""How long things are kept: rules in force, legal holds, and certificates of what was deleted."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import AuditEvent, User
from accounts.selectors import MANAGING_ROLES, has_role, organizations_of
from accounts.services import record_audit_event
from cameras.models import Camera
from cameras.selectors import retentions_of
from detections.forms.keeping import DetectionHoldForm, HoldForm, LiftForm, SpanHoldForm
from detections.models import Detection, LegalHold
from detections.selectors import detections_visible_to
from detections.selectors.hits import hits_seen_by, sees_every_hit
from detections.selectors.keeping import (
    KEEPING_ROLES,
    certificates_visible_to,
    holds_on,
    legal_holds_visible_to,
)
from detections.services.keeping.certificates import as_document
from detections.services.keeping.holds import Span, create_hold, lift_hold
from detections.services.keeping.retention import expires_at
from detections.views.requests import user_of
from lpr_project.common.errors import LprError
from lpr_project.common.pages import offered_to

SHOWN_MOST = 50
AROUND = timedelta(minutes=5)


@offered_to(*KEEPING_ROLES)
@login_required
@require_http_methods(["GET", "POST"])
def keeping(request: HttpRequest) -> HttpResponse:
    """Holds, certificates and rules; a hold on a span of time of a camera is made here."""
    user = user_of(request)
    form = SpanHoldForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        span = Span(camera_id=asked["camera"].pk, since=asked["since"], until=asked["until"])
        if _hold(request, form, asked["camera"].organization, {"spans": [span]}):
            return redirect("detections:keeping")
    holds = legal_holds_visible_to(user).prefetch_related(
        "held_detections", "held_plates__plate", "held_spans__camera"
    )
    context = {
        "form": form,
        "may_see": organizations_of(user, *KEEPING_ROLES).exists(),
        "may_hold": organizations_of(user, *MANAGING_ROLES).exists(),
        "holds": holds[:SHOWN_MOST],
        "certificates": certificates_visible_to(user)[:SHOWN_MOST],
        "rules": _rules(user),
    }
    status = 422 if form.errors else 200
    return render(request, "detections/keeping.html", context, status=status)


def _rules(user: User) -> list[dict[str, Any]]:
    """How long each camera's detections are kept, and who says so."""
    cameras = Camera.objects.filter(organization__in=organizations_of(user, *KEEPING_ROLES))
    shown = list(cameras.select_related("organization").order_by("name")[:SHOWN_MOST])
    said_by = {
        "camera": _("the camera"),
        "purpose": _("its purpose"),
        "organization": _("the organization"),
    }
    return [
        {
            "camera": camera,
            "kept": _in_words(rule.hours),
            "hits_kept": _in_words(rule.hit_hours),
            "said_by": said_by[rule.rule],
            "hits_said_by": said_by[rule.hit_rule],
        }
        for camera, rule in zip(shown, retentions_of(shown), strict=True)
    ]


def _in_words(hours: int) -> str:
    days, rest = divmod(hours, 24)
    if not rest:
        return _("%(days)d days") % {"days": days} if days != 1 else _("1 day")
    return _("%(hours)d hours") % {"hours": hours} if hours != 1 else _("1 hour")


@login_required
@require_POST
def hold_detection(request: HttpRequest, detection_id: UUID) -> HttpResponse:
    """Keep a detection, its plate, or what its camera saw around it."""
    detection = get_object_or_404(detections_visible_to(user_of(request)), pk=detection_id)
    form = DetectionHoldForm(request.POST)
    if form.is_valid():
        _hold(request, form, detection.organization, _named(detection, form.cleaned_data["keeps"]))
    for errors in form.errors.values():
        messages.error(request, str(errors[0]))
    return redirect("detections:detail", detection.pk)


def _named(detection: Detection, keeps: str) -> dict[str, Any]:
    if keeps == "plate" and detection.plate_id:
        return {"plate_ids": [detection.plate_id]}
    if keeps == "around":
        at = detection.captured_at
        span = Span(camera_id=detection.camera_id, since=at - AROUND, until=at + AROUND)
        return {"spans": [span]}
    return {"detection_ids": [detection.pk]}


def _hold(request: HttpRequest, form: HoldForm, organization: Any, named: dict[str, Any]) -> bool:
    asked = form.cleaned_data
    try:
        create_hold(
            organization=organization,
            actor=user_of(request),
            reason=asked["reason"],
            case_number=asked["case_number"],
            ends_at=asked["ends_at"],
            **named,
        )
    except LprError as error:
        field = error.detail.get("field")
        form.add_error(field if field in form.fields else None, error.message)
        return False
    messages.success(request, _("This is kept now, whatever its retention says."))
    return True


@login_required
@require_POST
def lift(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    """End a hold."""
    user = user_of(request)
    hold: LegalHold = get_object_or_404(legal_holds_visible_to(user), pk=hold_id)
    form = LiftForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        lift_hold(hold=hold, actor=user, reason=reason)
    except LprError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The hold has ended. What it kept goes when its time comes."))
    return redirect("detections:keeping")


@login_required
@require_GET
def certificate(request: HttpRequest, certificate_id: UUID) -> HttpResponse:
    """A certificate as a file."""
    user = user_of(request)
    row = get_object_or_404(certificates_visible_to(user), pk=certificate_id)
    if row.ended_at is None:
        raise Http404
    record_audit_event(action=AuditEvent.Action.EXPORTED, actor=user, target=row)
    answer = JsonResponse(as_document(row), json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="deletion-{row.pk}.json"'
    return answer


def show_keeping(user: User, detection: Detection) -> dict[str, Any]:
    """What a detection's page says of its keeping: until when, and what holds it."""
    [retention] = retentions_of([detection.camera])
    # Its end would tell that a list names it which this person may not know of.
    is_hit = Detection.objects.filter(hits_seen_by(user), pk=detection.pk).exists()
    organization = detection.organization
    return {
        "expires_at": expires_at(detection, retention, is_hit=is_hit),
        "holds": list(holds_on(detection)),
        "is_hit": is_hit,
        "may_be_longer": not is_hit and not sees_every_hit(user),
        "may_know": has_role(user, organization, *KEEPING_ROLES),
        "form": DetectionHoldForm() if has_role(user, organization, *MANAGING_ROLES) else None,
    }
