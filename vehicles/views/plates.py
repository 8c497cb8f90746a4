"""One plate: its status, whose it was, where it was seen."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.models import AuditEvent, User
from accounts.selectors import stated_in
from accounts.services import record_audit_event
from lpr_project.common.errors import LprError
from vehicles.forms import LookUpForm, StatusForm, show_refusal
from vehicles.models import Plate
from vehicles.selectors import (
    edits_vehicles,
    look_up_sources_of,
    look_ups_visible_to,
    plates_visible_to,
)
from vehicles.services.lookups.asking import look_up_plate
from vehicles.services.registrations import set_plate_status
from vehicles.views.requests import asked_why, draw, user_of

HISTORY_MOST = 50
ALIKE_MOST = 8
LOOK_UPS_MOST = 20


@login_required
@require_GET
def plate_detail(request: HttpRequest, plate_id: UUID) -> HttpResponse:
    """Everything that is known of a registration; opening it is audited."""
    user = user_of(request)
    plate = _visible(user, plate_id)
    if ask := asked_why(request, plate.organization):
        return ask
    record_audit_event(
        action=AuditEvent.Action.VIEWED,
        actor=user,
        target=plate,
        # As searches for it stand in the trail, so that looking again and again is seen.
        target_label=plate.number,
        **stated_in(request.session)._asdict(),
    )
    return _show(request, plate, StatusForm(initial={"status": plate.status}))


@login_required
@require_POST
def plate_status(request: HttpRequest, plate_id: UUID) -> HttpResponse:
    """Give a plate another status."""
    user = user_of(request)
    plate = _visible(user, plate_id)
    form = StatusForm(request.POST)
    if form.is_valid():
        try:
            set_plate_status(
                plate=plate,
                status=Plate.Status(form.cleaned_data["status"]),
                reason=form.cleaned_data["reason"],
                actor=user,
            )
        except LprError as error:
            show_refusal(form, error)
    if form.errors:
        return _show(request, plate, form, status=422)
    return redirect("vehicles:plate", plate.pk)


@login_required
@require_POST
def plate_look_up(request: HttpRequest, plate_id: UUID) -> HttpResponse:
    """Ask a register about a plate."""
    user = user_of(request)
    plate = _visible(user, plate_id)
    form = LookUpForm(request.POST, organization=plate.organization)
    if form.is_valid():
        try:
            look_up_plate(
                plate=plate,
                source=form.cleaned_data["source"],
                reason=form.cleaned_data["reason"],
                actor=user,
            )
        except LprError as error:
            show_refusal(form, error)
    if form.errors:
        status_form = StatusForm(initial={"status": plate.status})
        return _show(request, plate, status_form, status=422, look_up=form)
    return redirect(f"{reverse('vehicles:plate', args=[plate.pk])}#look-ups")


def _visible(user: User, plate_id: UUID) -> Plate:
    return get_object_or_404(
        plates_visible_to(user).select_related("organization", "vehicle"), pk=plate_id
    )


def _show(
    request: HttpRequest,
    plate: Plate,
    form: StatusForm,
    status: int = 200,
    look_up: LookUpForm | None = None,
) -> HttpResponse:
    user = user_of(request)
    alike = plates_visible_to(user).filter(organization=plate.organization, number=plate.number)
    others = alike.exclude(pk=plate.pk).order_by("-last_seen_at")[:ALIKE_MOST]
    context = {
        "plate": plate,
        "shown": draw(plate),
        "form": form,
        "entries": plate.status_entries.all()[:HISTORY_MOST],
        "tenures": plate.tenures.select_related("vehicle"),
        "alike": [(other, draw(other)) for other in others],
        "may_edit": edits_vehicles(user, plate.organization),
        "sources": look_up_sources_of(plate.organization),
        "look_ups": look_ups_visible_to(user, plate)[:LOOK_UPS_MOST],
        "look_up_errors": [
            told for messages in (look_up.errors.values() if look_up else ()) for told in messages
        ],
    }
    return render(request, "vehicles/plate.html", context, status=status)
