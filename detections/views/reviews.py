"""The review page: one detection after another, by keyboard."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from detections.errors import ModelsUnknownError, ReviewRefusedError
from detections.forms import ReviewFilterForm
from detections.models import Detection, RejectReason, ReviewEntry
from detections.selectors import (
    HISTORY_ROLES,
    REVIEWING_ROLES,
    accuracy_of,
    as_rows,
    cameras_reviewed_by,
    detections_visible_to,
    neighbours_of,
    review_entries_visible_to,
)
from detections.selectors.models import model_registry
from detections.services.live import live_detection
from detections.services.passes import merge_detections, split_detection
from detections.services.queueing import (
    claim_detection,
    claim_next,
    count_waiting,
    release_detections,
    renew_claims,
)
from detections.services.reviewing import (
    confirm_detection,
    correct_detection,
    reject_detection,
    undo_entry,
)
from detections.views.evidence import show_evidence
from detections.views.presentation import show_detection, show_plate
from detections.views.requests import user_of
from lpr_project.common.errors import LprError
from lpr_project.common.page_keys import key_of, number_of
from lpr_project.common.pages import offered_to
from vehicles.plates.provinces import PROVINCES

KEYS = (
    ("c", _("Confirm")),
    ("e", _("Correct")),
    ("1 … 9", _("Take this reading")),
    ("x", _("Reject")),
    ("n", _("Pass over")),
    ("m", _("Merge with the neighbour")),
    ("u", _("Undo the last decision")),
    ("b", _("Box on, off")),
)
WAITING_MOST = 1_001
HELD_MOST = 200
CANDIDATES_MOST = 9
NEIGHBOURS_MOST = 4
ACCURACY_SPAN = timedelta(days=30)

View = Callable[..., HttpResponse]


def answers_refusals(view: View) -> View:
    """What a service refuses goes to the page's script as a sentence, with the field at fault."""

    @wraps(view)
    def answered(request: HttpRequest, *arguments: Any, **keywords: Any) -> HttpResponse:
        try:
            return view(request, *arguments, **keywords)
        except LprError as error:
            body = {"message": error.message, "field": error.detail.get("field", "")}
            return JsonResponse(body, status=error.status)

    return answered


@offered_to(*REVIEWING_ROLES)
@login_required
@require_GET
def review(request: HttpRequest) -> HttpResponse:
    """The page; `detection` asks for one that may not even wait. Its script fetches what comes."""
    user = user_of(request)
    form = ReviewFilterForm(request.GET, user=user)
    context = {
        "form": form,
        "may_review": cameras_reviewed_by(user).exists(),
        "reasons": RejectReason.choices,
        "provinces": PROVINCES,
        "keys": KEYS,
        "page": {
            "next": reverse("detections:review-next"),
            "hold": reverse("detections:review-hold"),
            "release": reverse("detections:review-release"),
            "camera": request.GET.get("camera", ""),
            "sample": "1" if form.only_sample else "",
            "detection": request.GET.get("detection", ""),
        },
    }
    return render(request, "detections/review.html", context)


@login_required
@require_POST
@answers_refusals
def next_item(request: HttpRequest) -> HttpResponse:
    """The next detection as a part of the page, now the person's; 204 where nothing waits."""
    user = user_of(request)
    form = ReviewFilterForm(request.POST, user=user)
    if asked := request.POST.get("detection"):
        detection_id = key_of(asked)
        _require_visible(user, detection_id)
        return _item(request, claim_detection(detection_id=detection_id, actor=user), form)
    if form.errors:
        # At a camera that the person does not review nothing waits.
        return HttpResponse(status=204)
    detection = claim_next(
        actor=user,
        camera_ids=form.camera_ids,
        passed_over=_ids(request, "passed"),
        only_sample=form.only_sample,
    )
    return HttpResponse(status=204) if detection is None else _item(request, detection, form)


@login_required
@require_POST
@answers_refusals
def decide(request: HttpRequest, detection_id: UUID) -> HttpResponse:
    """Confirm, correct or reject."""
    user, asked = user_of(request), request.POST
    _require_visible(user, detection_id)
    common: dict[str, Any] = {
        "detection_id": detection_id,
        "actor": user,
        "seen": asked.get("seen", ""),
        "reason": asked.get("reason", ""),
    }
    decision = asked.get("decision")
    if decision == "confirm":
        entry = confirm_detection(**common)
    elif decision == "correct":
        place: dict[str, Any] = {
            name: asked.get(name, "") for name in ("number", "country", "province")
        }
        entry = correct_detection(**common, **place)
    elif decision == "reject" and asked.get("reject_reason") in RejectReason.values:
        entry = reject_detection(reject_reason=RejectReason(asked["reject_reason"]), **common)
    else:
        raise ReviewRefusedError(str(_("Choose why it is rejected.")), field="reject_reason")
    return _decided(entry)


@login_required
@require_POST
@answers_refusals
def merge(request: HttpRequest, detection_id: UUID) -> HttpResponse:
    """Take another pass for the same vehicle as this one."""
    user = user_of(request)
    absorbed = key_of(request.POST.get("absorbed", ""))
    _require_visible(user, detection_id, absorbed)
    return _decided(merge_detections(kept_id=detection_id, absorbed_id=absorbed, actor=user))


@login_required
@require_POST
@answers_refusals
def split(request: HttpRequest, detection_id: UUID) -> HttpResponse:
    """Give a second vehicle a detection of its own."""
    user, asked = user_of(request), request.POST
    _require_visible(user, detection_id)
    entry = split_detection(
        detection_id=detection_id,
        actor=user,
        number=asked.get("number", ""),
        country=asked.get("country", ""),
        province=asked.get("province", ""),
        readings=[
            index for text in asked.getlist("reading") if (index := number_of(text)) is not None
        ],
    )
    return _decided(entry)


@login_required
@require_POST
@answers_refusals
def undo(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Take a decision back, and look at its detection again."""
    user = user_of(request)
    entry = get_object_or_404(review_entries_visible_to(user), pk=entry_id)
    undo_entry(entry=entry, actor=user)
    is_about_other = entry.kind in {ReviewEntry.Kind.MERGED, ReviewEntry.Kind.SPLIT}
    again = (entry.other_detection_id if is_about_other else None) or entry.detection_id
    detection = claim_detection(detection_id=again, actor=user)
    return _item(request, detection, ReviewFilterForm(request.POST, user=user))


@login_required
@require_POST
def hold(request: HttpRequest) -> HttpResponse:
    """Keep what the open page shows for its person."""
    renew_claims(detection_ids=_ids(request, "held"), actor=user_of(request))
    return HttpResponse(status=204)


@login_required
@require_POST
def release(request: HttpRequest) -> HttpResponse:
    """Give back what a page had that was closed."""
    release_detections(detection_ids=_ids(request, "held"), actor=user_of(request))
    return HttpResponse(status=204)


@login_required
@require_GET
def accuracy(request: HttpRequest) -> HttpResponse:
    """How well each camera reads, as people found it."""
    cameras = cameras_reviewed_by(user_of(request), *HISTORY_ROLES).order_by("name")
    names = dict(cameras.values_list("pk", "name"))
    found = accuracy_of(list(names), since=timezone.now() - ACCURACY_SPAN)
    rows = sorted(((names[row.camera_id], row) for row in found), key=lambda pair: pair[0])
    context = {"rows": rows, "days": ACCURACY_SPAN.days, "problem": ""}
    try:
        model_registry()
    except ModelsUnknownError as error:
        context["problem"] = error.message
    return render(request, "detections/accuracy.html", context)


def _item(request: HttpRequest, detection: Detection, form: ReviewFilterForm) -> HttpResponse:
    user = user_of(request)
    cameras = cameras_reviewed_by(user)
    if form.camera_ids:
        cameras = cameras.filter(pk__in=form.camera_ids)
    evidence = show_evidence(detection)
    read = (detection.read_number, detection.read_country, detection.read_province)
    texts = [detection.read_number, *(candidate.text for candidate in evidence.candidates)]
    context = {
        "detection": detection,
        "shown": show_detection(live_detection(detection)),
        "read": show_plate(*read),
        "plate": detection.plate,
        "evidence": evidence,
        "candidates": list(dict.fromkeys(text for text in texts if text))[:CANDIDATES_MOST],
        "readings": list(enumerate(evidence.readings)),
        "neighbours": [
            show_detection(live_detection(row))
            for row in as_rows(neighbours_of(detection))[:NEIGHBOURS_MOST]
        ],
        "waiting": count_waiting(cameras, most=WAITING_MOST),
    }
    return render(request, "detections/_review_item.html", context)


def _decided(entry: ReviewEntry) -> HttpResponse:
    undo_url = reverse("detections:review-undo", args=[entry.pk])
    body = {"undo": undo_url, "said": entry.get_kind_display(), "number": entry.after["number"]}
    return JsonResponse(body, status=201)


def _require_visible(user: User, *ids: UUID) -> None:
    visible = detections_visible_to(user).select_related(None).only("pk")
    for pk in ids:
        get_object_or_404(visible, pk=pk)


def _ids(request: HttpRequest, name: str) -> list[UUID]:
    return [key_of(text) for text in request.POST.getlist(name)[-HELD_MOST:]]
