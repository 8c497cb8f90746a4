"""Corrections of many detections at once, and of all that are still to come."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from detections.forms import CorrectionForm
from detections.models import NumberMatch
from detections.selectors import (
    CORRECTING_ROLES,
    cameras_reviewed_by,
    correction_batches_visible_to,
    correction_rules_visible_to,
)
from detections.services.corrections import (
    BATCH_MOST,
    Proposal,
    Wanted,
    correct_batch,
    create_rule,
    preview_correction,
    switch_off_rule,
    undo_batch,
)
from detections.services.live import live_detection
from detections.views.presentation import show_detection, show_plate
from detections.views.requests import user_of
from lpr_project.common.errors import LprError
from vehicles.plates.provinces import PROVINCES

SHOWN_MOST = 50


@login_required
@require_http_methods(["GET", "POST"])
def corrections(request: HttpRequest) -> HttpResponse:
    """The form, what it would change, the rules, and what was done before."""
    user = user_of(request)
    form = CorrectionForm(request.POST or None, user=user)
    preview: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        try:
            if request.POST.get("do") != "preview":
                messages.success(request, _carry_out(request, _wanted(form)))
                return redirect("detections:corrections")
            preview = _show(preview_correction(wanted=_wanted(form), actor=user))
        except LprError as error:
            field = error.detail.get("field")
            form.add_error(field if field in form.fields else None, error.message)
    context = {
        "form": form,
        "preview": preview,
        "may_correct": cameras_reviewed_by(user, *CORRECTING_ROLES).exists(),
        "rules": correction_rules_visible_to(user).filter(is_active=True)[:SHOWN_MOST],
        "batches": correction_batches_visible_to(user)[:SHOWN_MOST],
        "provinces": PROVINCES,
    }
    status = 422 if form.errors else 200
    return render(request, "detections/corrections.html", context, status=status)


def _carry_out(request: HttpRequest, wanted: Wanted) -> str:
    user = user_of(request)
    if request.POST.get("do") == "rule":
        create_rule(wanted=wanted, actor=user)
        return _("From now on this is corrected as it is read.")
    count = correct_batch(wanted=wanted, actor=user).detections_count
    sentence = ngettext("%(count)d detection corrected.", "%(count)d detections corrected.", count)
    return sentence % {"count": count}


def _wanted(form: CorrectionForm) -> Wanted:
    asked = dict(form.cleaned_data)
    return Wanted(match=NumberMatch(asked.pop("match")), **asked)


def _show(proposals: list[Proposal]) -> dict[str, Any]:
    return {
        "count": len(proposals),
        "is_too_many": len(proposals) > BATCH_MOST,
        "rows": [
            (show_detection(live_detection(proposal.detection)), show_plate(*proposal.after))
            for proposal in proposals[:SHOWN_MOST]
        ],
    }


@login_required
@require_POST
def undo(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Take a batch back."""
    user = user_of(request)
    batch = get_object_or_404(correction_batches_visible_to(user), pk=batch_id)
    try:
        count = undo_batch(batch=batch, actor=user).detections_count
    except LprError as error:
        messages.error(request, error.message)
    else:
        sentence = ngettext(
            "%(count)d detection stands as before.", "%(count)d detections stand as before.", count
        )
        messages.success(request, sentence % {"count": count})
    return redirect("detections:corrections")


@login_required
@require_POST
def switch_off(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Stop a rule."""
    user = user_of(request)
    rule = get_object_or_404(correction_rules_visible_to(user), pk=rule_id)
    try:
        switch_off_rule(rule=rule, actor=user)
    except LprError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The rule is switched off. What it corrected stays."))
    return redirect("detections:corrections")
