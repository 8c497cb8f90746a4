"""All that is kept about a plate, exported or erased for whom it concerns."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import storages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.errors import ReasonDemandedError
from accounts.models import AuditEvent, User
from accounts.selectors import MANAGING_ROLES, organizations_of, stated_in
from accounts.services import record_audit_event
from detections.criteria.criteria import Criteria
from detections.forms.keeping import ErasureForm, PlateRequestForm
from detections.models import Detection, PlateRequest
from detections.selectors.keeping import active_holds, held_by, plate_requests_visible_to
from detections.services.keeping.subjects import request_plate
from detections.services.searching import note_search, note_view
from detections.views.presentation import show_plate
from detections.views.requests import ask_why, user_of
from lpr_project.common.errors import LprError
from vehicles.models import Plate
from vehicles.plates.text import PlateTextError, normalise

FOUND_MOST = 20
COUNTED_MOST = 10_000


def plates_managed_by(user: User) -> QuerySet[Plate]:
    """Plates of the organizations whose data the person answers for."""
    managed = organizations_of(user, *MANAGING_ROLES)
    return Plate.objects.filter(organization__in=managed).select_related("organization")


@login_required
@require_GET
def plates(request: HttpRequest) -> HttpResponse:
    """Find the plate that somebody asks about; asking is audited."""
    user = user_of(request)
    text, found, error = request.GET.get("number", "").strip(), [], ""
    may_ask = organizations_of(user, *MANAGING_ROLES).exists()
    if text and may_ask:
        try:
            number = normalise(text)
        except PlateTextError as problem:
            error = str(problem)
        else:
            criteria = Criteria(text=number, match="exact")
            try:
                note_search(actor=user, criteria=criteria, stated=stated_in(request.session))
            except ReasonDemandedError:
                return ask_why(request)
            found = list(plates_managed_by(user).filter(number=number)[:FOUND_MOST])
    context = {
        "text": text,
        "error": error,
        "may_ask": may_ask,
        "found": [(row, _shown(row)) for row in found],
        "requests": plate_requests_visible_to(user)[:FOUND_MOST],
    }
    return render(request, "detections/subjects.html", context, status=422 if error else 200)


def _shown(plate: Plate) -> Any:
    return show_plate(plate.number, plate.country, plate.province)


@login_required
@require_http_methods(["GET", "POST"])
def plate(request: HttpRequest, plate_id: UUID) -> HttpResponse:
    """What is kept about a plate, and the two things that may be asked for."""
    user = user_of(request)
    row = get_object_or_404(plates_managed_by(user), pk=plate_id)
    try:
        note_view(actor=user, target=row, stated=stated_in(request.session))
    except ReasonDemandedError:
        return ask_why(request)
    wanted = request.POST.get("do", "")
    export = PlateRequestForm(request.POST if wanted == "export" else None, auto_id="export_%s")
    erasure = ErasureForm(
        request.POST if wanted == "erasure" else None, wanted=row.number, auto_id="erasure_%s"
    )
    form = {"export": export, "erasure": erasure}.get(wanted)
    if form is not None and form.is_valid():
        try:
            request_plate(
                plate=row,
                kind=PlateRequest.Kind(wanted),
                actor=user,
                reason=form.cleaned_data["reason"],
                case_number=form.cleaned_data["case_number"],
            )
        except LprError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("This is being done. Its state is shown here."))
            return redirect("detections:subjects")
    kept = Detection.objects.filter(plate=row).order_by()
    holds = active_holds(row.organization)
    held = kept.filter(held_by(holds))[:COUNTED_MOST].count() if holds else 0
    context = {
        "plate": row,
        "shown": _shown(row),
        "held": held,
        "export": export,
        "erasure": erasure,
    }
    is_wrong = bool(form and form.errors)
    return render(request, "detections/subject.html", context, status=422 if is_wrong else 200)


@login_required
@require_GET
def file(request: HttpRequest, request_id: UUID) -> HttpResponseBase:
    """The file of an export, while it may be taken."""
    user = user_of(request)
    row = get_object_or_404(plate_requests_visible_to(user), pk=request_id)
    if not row.has_file:
        raise Http404
    record_audit_event(action=AuditEvent.Action.EXPORTED, actor=user, target=row)
    stored = storages["exports"].open(row.stored_name)
    return FileResponse(stored, as_attachment=True, filename=f"plate-{row.pk}.zip")
