"""The list of detections, and everything about one of them."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import ReasonDemandedError
from accounts.models import AuditEvent, User
from accounts.selectors import EXPORTING_ROLES, has_role, organizations_of, stated_in
from accounts.services import record_audit_event
from detections.criteria.criteria import Criteria
from detections.forms import DetectionFilterForm
from detections.models import Detection
from detections.selectors import (
    as_rows,
    cameras_reviewed_by,
    detections_visible_to,
)
from detections.services.searching import check_stated, note_search
from detections.services.verification import verify_pictures
from detections.views.evidence import show_evidence
from detections.views.history import show_history
from detections.views.keeping import show_keeping
from detections.views.live import socket_settings
from detections.views.presentation import show_rows, show_vehicle
from detections.views.requests import ask_why, user_of
from lpr_project.common.page_keys import key_in

PAGE_ROWS = 50
LIST_KEYS = (
    ("j", _("Next row")),
    ("k", _("Row before")),
    ("Enter", _("Open")),
    ("n", _("Newer page")),
    ("o", _("Older page")),
)
DETAIL_KEYS = (("j", _("Older detection")), ("k", _("Newer detection")), ("b", _("Box on, off")))


@login_required
@require_GET
def detection_list(request: HttpRequest) -> HttpResponse:
    """Pages by key: `after` is the id above, `before` the id below; nothing is ever counted."""
    user = user_of(request)
    form = DetectionFilterForm(request.GET, user=user)
    form.full_clean()
    wanted = as_rows(form.narrow(detections_visible_to(user)))
    after, before = key_in(request, "after"), key_in(request, "before")
    if form.filter.prefix:
        criteria = Criteria(text=form.filter.prefix, match="prefix")
        try:
            note_search(actor=user, criteria=criteria, stated=stated_in(request.session))
        except ReasonDemandedError:
            return ask_why(request)
    rows, has_newer, has_older = _page(wanted, after, before)
    context = {
        "form": form,
        "rows": show_rows(user, rows),
        "newer": rows[0].pk if rows and has_newer else None,
        "older": rows[-1].pk if rows and has_older else None,
        "is_first": not (after or before),
        "query": _query_without_keys(request),
        "export_query": form.criteria.as_query(),
        "may_export": organizations_of(user, *EXPORTING_ROLES).exists(),
        "keys": LIST_KEYS,
        "page": socket_settings(request),
    }
    return render(request, "detections/list.html", context)


def _page(
    wanted: QuerySet[Detection], after: UUID | None, before: UUID | None
) -> tuple[list[Detection], bool, bool]:
    """One page, and whether there are newer and older rows beside it."""
    if before is not None:
        rows = list(wanted.filter(pk__gt=before).order_by("id")[: PAGE_ROWS + 1])
        return rows[:PAGE_ROWS][::-1], len(rows) > PAGE_ROWS, True
    if after is not None:
        wanted = wanted.filter(pk__lt=after)
    rows = list(wanted[: PAGE_ROWS + 1])
    return rows[:PAGE_ROWS], after is not None, len(rows) > PAGE_ROWS


def _query_without_keys(request: HttpRequest) -> str:
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    return query.urlencode()


@login_required
@require_GET
def detection_detail(request: HttpRequest, detection_id: UUID) -> HttpResponse:
    """Everything that is known of a detection; opening it is audited."""
    user = user_of(request)
    detection, stated = _detection(user, detection_id), stated_in(request.session)
    try:
        check_stated(actor=user, organization=detection.organization, stated=stated)
    except ReasonDemandedError:
        return ask_why(request)
    record_audit_event(
        action=AuditEvent.Action.VIEWED, actor=user, target=detection, **stated._asdict()
    )
    seen = detections_visible_to(user).select_related(None).only("pk")
    context = {
        "detection": detection,
        "shown": show_rows(user, [detection])[0],
        "evidence": show_evidence(detection),
        "newer": seen.filter(pk__gt=detection.pk).order_by("id").first(),
        "older": seen.filter(pk__lt=detection.pk).first(),
        "vehicle": show_vehicle(detection),
        "keys": DETAIL_KEYS,
        "history": show_history(user, detection),
        "may_export": has_role(user, detection.organization, *EXPORTING_ROLES),
        "keeping": show_keeping(user, detection),
        "may_review": cameras_reviewed_by(user).filter(pk=detection.camera_id).exists(),
    }
    return render(request, "detections/detail.html", context)


@login_required
@require_POST
def detection_verify(request: HttpRequest, detection_id: UUID) -> HttpResponse:
    """Hash the pictures again and say whether they are what was recorded."""
    detection = _detection(user_of(request), detection_id)
    context = {"detection": detection, "checks": verify_pictures(detection=detection)}
    return render(request, "detections/_verification.html", context)


def _detection(user: User, detection_id: UUID) -> Detection:
    detections = detections_visible_to(user).defer(None)
    return get_object_or_404(
        detections.select_related("camera__organization", "plate", "upload"), pk=detection_id
    )
