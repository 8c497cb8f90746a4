"""What an entry would have hit before it was in its list, and noting it as hits."""

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import ReasonDemandedError
from accounts.selectors import stated_in
from alerts.selectors.past import DAYS, Past, past_of_entry
from alerts.selectors.watchlists import entries_changeable_by, entries_visible_to
from alerts.tasks import note_past_hits
from alerts.views.requests import ask_why, user_of
from detections.criteria.criteria import Criteria, match_of
from detections.services.searching import note_search
from lpr_project.common.errors import LprError

USUAL_DAYS = 7
SHOWN_MOST = 200


@login_required
@require_safe
def past(request: HttpRequest, listed_id: UUID) -> HttpResponse:
    """Passes of the last days that an entry would have hit."""
    user = user_of(request)
    entry = get_object_or_404(entries_visible_to(user), pk=listed_id)
    days = _days(request.GET.get("days", ""))
    try:
        note_search(
            actor=user,
            criteria=Criteria(text=entry.number, match=match_of(entry.number)),
            stated=stated_in(request.session),
        )
    except ReasonDemandedError:
        return ask_why(request)
    found, sentence = Past([], is_cut=False), ""
    try:
        found = past_of_entry(entry, user=user, days=days, most=SHOWN_MOST)
    except LprError as error:
        sentence = error.message
    context = {
        "entry": entry,
        "watchlist": entry.watchlist,
        "days": days,
        "choices": DAYS,
        "found": found,
        "sentence": sentence,
        "is_new": any(not one.is_hit for one in found.passes),
        "may_change": entries_changeable_by(user).filter(pk=entry.pk).exists(),
    }
    return render(request, "alerts/past.html", context)


@login_required
@require_POST
def note_past(request: HttpRequest, listed_id: UUID) -> HttpResponse:
    """Let a worker note as hits what an entry would have hit."""
    user = user_of(request)
    entry = get_object_or_404(entries_changeable_by(user), pk=listed_id)
    days = _days(request.POST.get("days", ""))
    transaction.on_commit(partial(note_past_hits.delay, str(entry.pk), user.pk, days))
    messages.success(
        request, _("The passes are being noted as hits, found afterwards. They alert nobody.")
    )
    return redirect("alerts:hits")


def _days(text: str) -> int:
    return next((days for days in DAYS if str(days) == text), USUAL_DAYS)
