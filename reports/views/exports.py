"""Pages of exports: choosing, watching them being made, taking them away."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import ReasonDemandedError
from accounts.models import User
from accounts.selectors import AUDITING_ROLES, EXPORTING_ROLES, Stated, stated_in, stated_in_query
from accounts.services import state_reason
from cameras.selectors import cameras_visible_to
from detections.criteria.criteria import Criteria
from detections.errors import CriteriaRefusedError
from detections.selectors import as_rows, detections_visible_to
from detections.selectors.search import detections_found
from detections.services.live import live_detection
from detections.services.searching import note_search, note_view
from lpr_project.common.errors import LprError
from lpr_project.common.page_keys import key_of, only_key_in
from lpr_project.common.pages import offered_to
from reports.errors import ExportTooLargeError
from reports.forms import EvidenceForm, ExportForm
from reports.models import Export
from reports.selectors import exports_visible_to, organizations_exported_by
from reports.services.exports import (
    Wanted,
    cancel_export,
    check_link,
    create_export,
    link_token,
    new_export,
    take_file,
)
from reports.services.making import send_at_once
from reports.views.requests import file_response, stored_response, user_of
from vehicles.errors import SearchTooSlowError
from vehicles.selectors import in_bounded_time

PAGE_ROWS = 30


@offered_to(*EXPORTING_ROLES, *AUDITING_ROLES)
@login_required
@require_GET
def export_list(request: HttpRequest) -> HttpResponse:
    """The person's own exports; the part that changes asks for itself again."""
    user = user_of(request)
    exports = exports_visible_to(user).filter(created_by=user)
    if after := only_key_in(request, "after"):
        exports = exports.filter(pk__lt=after)
    rows = list(exports[: PAGE_ROWS + 1])
    context = {
        "exports": rows[:PAGE_ROWS],
        "is_making": not all(row.is_finished for row in rows[:PAGE_ROWS]),
        "older": rows[PAGE_ROWS - 1].pk if len(rows) > PAGE_ROWS else None,
        "may_export": _may(user, Export.Kind.DETECTIONS),
        "may_audit": _may(user, Export.Kind.AUDIT_TRAIL),
        "kept_hours": settings.EXPORT_KEPT_HOURS,
    }
    return render(request, "reports/exports.html", context)


def _may(user: User, kind: Export.Kind) -> bool:
    return organizations_exported_by(user, kind).exists()


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponseBase:
    """Format and columns for what the address asks for; few rows are sent at once."""
    user = user_of(request)
    kind = Export.Kind.DETECTIONS
    if request.GET.get("kind") == Export.Kind.AUDIT_TRAIL:
        kind = Export.Kind.AUDIT_TRAIL
    form = ExportForm(request.POST or None, user=user, kind=kind, stated=stated_in(request.session))
    criteria, problem = _criteria(request, kind)
    status = _status(form, problem)
    if request.method == "POST" and status == HTTPStatus.OK:
        answer = _make(request, form, kind, criteria) if form.is_valid() else None
        if answer is not None:
            return answer
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    context = {
        "form": form,
        "kind": kind,
        "problem": problem,
        "told": _told(user, criteria),
        "may_export": form.may_export,
        "direct_rows": settings.EXPORT_DIRECT_ROWS,
    }
    return render(request, "reports/new.html", context, status=status)


def _status(form: ExportForm | EvidenceForm, problem: str) -> int:
    if not form.may_export:
        return HTTPStatus.FORBIDDEN
    return HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK


def _criteria(request: HttpRequest, kind: Export.Kind) -> tuple[dict[str, Any], str]:
    """What the address asks for, or a sentence why it cannot be read."""
    if kind is Export.Kind.AUDIT_TRAIL:
        names = ("since", "until", "action", "person", "target", "reason")
        return {name: request.GET[name] for name in names if request.GET.get(name)}, ""
    try:
        return Criteria.from_query(request.GET).as_json(), ""
    except CriteriaRefusedError as error:
        return {}, error.message


def _told(user: User, criteria: dict[str, Any]) -> dict[str, Any]:
    """The same for people: cameras by their names."""
    named = criteria.get("camera", [])
    ids = named if isinstance(named, list) else [named]
    if not ids:
        return criteria
    names = cameras_visible_to(user).filter(pk__in=ids).order_by("name")
    return {**criteria, "camera": ", ".join(names.values_list("name", flat=True)) or "-"}


def _make(
    request: HttpRequest, form: ExportForm, kind: Export.Kind, criteria: dict[str, Any]
) -> HttpResponseBase | None:
    """The file, or the list of exports in which it is being made; None with errors in the form."""
    user, asked = user_of(request), form.cleaned_data
    wanted = Wanted(
        kind=kind,
        format=Export.Format(asked["format"]),
        organization=asked.get("organization"),
        columns=asked["columns"],
        criteria=criteria,
        language=get_language() or "en",
        reason=asked["reason"],
        case_number=asked["case_number"],
    )
    try:
        try:
            export = new_export(user=user, wanted=wanted)
            pieces = send_at_once(user=user, export=export)
        except (ExportTooLargeError, SearchTooSlowError):
            create_export(user=user, wanted=wanted)
            return redirect("reports:exports")
    except LprError as error:
        _tell(form, error)
        return None
    state_reason(session=request.session, reason=asked["reason"], case_number=asked["case_number"])
    return file_response(request, export, pieces)


def _tell(form: ExportForm | EvidenceForm, error: LprError) -> None:
    names = [name for name in error.detail if name in form.fields]
    for name in names:
        for sentence in error.detail[name]:
            form.add_error(name, sentence)
    if not names:
        form.add_error(None, error.message)


@login_required
@require_http_methods(["GET", "POST"])
def new_evidence(request: HttpRequest) -> HttpResponse:
    """An evidence pack of one detection, or of those that a search finds, chosen one by one."""
    user = user_of(request)
    try:
        offered, problem, has_more = _offered(request, user)
    except ReasonDemandedError:
        query = urlencode({"next": request.get_full_path()})
        return redirect(f"{reverse('accounts:reason')}?{query}")
    rows = list(as_rows(detections_visible_to(user).filter(pk__in=offered)).order_by("-id"))
    form = EvidenceForm(
        request.POST or None, user=user, offered=rows, stated=stated_in(request.session)
    )
    status = _status(form, problem)
    if request.method == "POST" and status == HTTPStatus.OK:
        if form.is_valid() and _ask_for_pack(request, form):
            return redirect("reports:exports")
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    chosen = form["detections"].value() or []
    context = {
        "form": form,
        "rows": [
            {"shown": live_detection(row), "is_chosen": str(row.pk) in chosen} for row in rows
        ],
        "problem": problem,
        "has_more": has_more,
        "may_export": form.may_export,
        "most": settings.EVIDENCE_MAX_DETECTIONS,
    }
    return render(request, "reports/new_evidence.html", context, status=status)


def _offered(request: HttpRequest, user: User) -> tuple[list[UUID], str, bool]:
    """Ids that may go into the pack, why there are none, and whether there are more of them.

    Raises:
        ReasonDemandedError: They are shown only to who says why.
    """
    most: int = settings.EVIDENCE_MAX_DETECTIONS
    allowed = organizations_exported_by(user, Export.Kind.EVIDENCE)
    if not allowed.exists():
        return [], "", False
    if named := request.GET.getlist("detection"):
        ids = [key_of(text) for text in named[:most]]
        found = detections_visible_to(user).filter(pk__in=ids, organization__in=allowed)
        rows = list(found.select_related("organization"))
        if not rows:
            raise Http404
        for row in rows:
            note_view(actor=user, target=row, stated=_stated(request))
        return [row.pk for row in rows], "", False
    try:
        criteria = Criteria.from_query(request.GET)
        note_search(actor=user, criteria=criteria, stated=_stated(request))
        with in_bounded_time():
            wanted = detections_found(user, criteria).filter(organization__in=allowed)
            offered = list(wanted.values_list("pk", flat=True)[: most + 1])
    except ReasonDemandedError:
        raise
    except LprError as error:
        return [], error.message, False
    return offered[:most], "", len(offered) > most


def _stated(request: HttpRequest) -> Stated:
    """What the form says, or else what was said for the pages of the last minutes."""
    said = stated_in_query(request.POST)
    before = stated_in(request.session)
    return Stated(*(now or then for now, then in zip(said, before, strict=True)))


def _ask_for_pack(request: HttpRequest, form: EvidenceForm) -> bool:
    asked = form.cleaned_data
    wanted = Wanted(
        kind=Export.Kind.EVIDENCE,
        format=Export.Format.ZIP,
        organization=asked.get("organization"),
        criteria={"detections": asked["detections"]},
        language=get_language() or "en",
        reason=asked["reason"],
        case_number=asked["case_number"],
    )
    try:
        create_export(user=user_of(request), wanted=wanted)
    except LprError as error:
        _tell(form, error)
        return False
    return True


@login_required
@require_POST
def cancel(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """Stop the making, or throw the file away."""
    cancel_export(export=_export(request, export_id), actor=user_of(request))
    return redirect("reports:exports")


@login_required
@require_POST
def download(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """Lead to the file by a link that is good for some minutes, and for nobody else."""
    user, export = user_of(request), _export(request, export_id)
    token = link_token(export=export, user=user)
    return redirect(f"{reverse('reports:file', args=[export.pk])}?token={token}")


@login_required
@require_GET
def file(request: HttpRequest, export_id: UUID) -> HttpResponseBase:
    """The file itself."""
    user, export = user_of(request), _export(request, export_id)
    try:
        check_link(export=export, user=user, token=request.GET.get("token", ""))
        return stored_response(request, export, take_file(export=export, user=user))
    except LprError as error:
        context = {"sentence": error.message}
        return render(request, "reports/refused.html", context, status=error.status)


def _export(request: HttpRequest, export_id: UUID) -> Export:
    return get_object_or_404(exports_visible_to(user_of(request)), pk=export_id)
