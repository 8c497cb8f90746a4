"""The audit trail for auditors, the report of unusual use, and the question why."""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.context_processors import PAGES, PAGES_OF_STAFF
from accounts.errors import ReasonDemandedError
from accounts.forms import AuditFilterForm, ReasonForm, UseForm
from accounts.models import AuditEvent, Organization, User
from accounts.selectors import (
    AUDITING_ROLES,
    audit_events_found,
    demand_on,
    organizations_of,
    stated_in,
    use_of,
)
from accounts.services import record_audit_event, state_reason
from accounts.views.details import details_of, kind_of, names_in
from lpr_project.common.page_keys import only_key_in
from lpr_project.common.pages import offered_to
from lpr_project.common.streaming import harmless_cell, streamed

PAGE_ROWS = 50
EXPORT_ROWS = 2000
KEYS = (
    ("j", gettext_lazy("Next row")),
    ("k", gettext_lazy("Row before")),
    ("o", gettext_lazy("Older rows")),
)


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


def _audited_by(user: User) -> QuerySet[Organization]:
    """Organizations whose trail the user reads; whoever reads none finds no such page."""
    organizations = organizations_of(user, *AUDITING_ROLES).order_by("name")
    if not organizations.exists():
        raise Http404
    return organizations


@offered_to(*AUDITING_ROLES)
@login_required
@require_GET
def audit(request: HttpRequest) -> HttpResponse:
    """The trail, newest first; `after` is the id of the row above, and nothing is ever counted."""
    user = _user(request)
    _audited_by(user)
    form = AuditFilterForm(request.GET)
    after = only_key_in(request, "after")
    events = _events(user, form)
    if after is not None:
        events = events.filter(pk__lt=after)
    rows = list(events[: PAGE_ROWS + 1])
    names = names_in(rows[:PAGE_ROWS], user=user)
    query = request.GET.copy()
    query.pop("after", None)
    context = {
        "form": form,
        "rows": [_shown(row, names) for row in rows[:PAGE_ROWS]],
        "older": rows[PAGE_ROWS - 1].pk if len(rows) > PAGE_ROWS else None,
        "query": query.urlencode(),
        "is_first": after is None,
        "keys": KEYS,
    }
    is_part = bool(request.headers.get("HX-Request"))
    return render(
        request, "accounts/_audit_rows.html" if is_part else "accounts/audit.html", context
    )


def _events(user: User, form: AuditFilterForm) -> QuerySet[AuditEvent]:
    """What a form asks for; what is wrong in it finds nothing rather than all."""
    if not form.is_valid():
        return AuditEvent.objects.none()
    asked = form.cleaned_data
    return audit_events_found(
        user,
        person=asked["person"],
        action=asked["action"],
        since=asked["since"],
        until=asked["until"],
        target=asked["target"],
        reason=asked["reason"],
    )


def _shown(event: AuditEvent, names: dict[str, str]) -> dict[str, Any]:
    return {
        "event": event,
        "target": _page_in_words(event) or event.target_label or event.target_id,
        "kind": kind_of(event.target_type) if event.target_type else "",
        "details": details_of(event.detail, beside=event.target_label, names=names),
    }


def _page_in_words(event: AuditEvent) -> str:
    """What a superuser did on a page, which the trail holds as method and path."""
    if event.action != AuditEvent.Action.VIEWED or event.detail.get("as") != "superuser":
        return ""
    method, _blank, path = event.target_label.partition(" ")
    named = {reverse(name): str(label) for name, label, _icon in (*PAGES, *PAGES_OF_STAFF)}
    page = named.get(path) or _below_a_page(path, named)
    if method == "GET":
        return _("page “%(page)s”") % {"page": page}
    return _("sent to “%(page)s”") % {"page": page}


def _below_a_page(path: str, named: dict[str, str]) -> str:
    """A page that has no name of its own, by the page of the navigation that it lies below."""
    above = max((one for one in named if one != "/" and path.startswith(one)), key=len, default="")
    return f"{named[above]} … {path.removeprefix(above)}" if above else path


@login_required
@require_GET
def audit_export(request: HttpRequest) -> HttpResponseBase:
    """The same rows as CSV, sent as they are read; that they were taken out is in the trail."""
    user = _user(request)
    organizations = _audited_by(user)
    form = AuditFilterForm(request.GET)
    events = _events(user, form)
    for organization in [None] if user.is_superuser else organizations:
        record_audit_event(
            action=AuditEvent.Action.EXPORTED,
            actor=user,
            organization=organization,
            target_label="audit trail",
            detail={name: value for name, value in request.GET.items() if value},
        )
    answer = StreamingHttpResponse(
        streamed(request, _as_csv(events)), content_type="text/csv; charset=utf-8"
    )
    name = f"audit-{timezone.localtime():%Y%m%d-%H%M}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


class _Echo:
    """A file that gives back what is written, as `csv.writer` wants one."""

    def write(self, text: str) -> str:
        return text


_COLUMNS: dict[str, Callable[[AuditEvent], str]] = {
    "at": lambda event: event.at.isoformat(),
    "organization": lambda event: str(event.organization or ""),
    "person": lambda event: event.actor_label,
    "action": lambda event: event.action,
    "target_type": lambda event: event.target_type,
    "target_id": lambda event: event.target_id,
    "target": lambda event: event.target_label,
    "reason": lambda event: event.reason,
    "case_number": lambda event: event.case_number,
    "address": lambda event: event.ip_address or "",
    "user_agent": lambda event: event.user_agent,
    "request_id": lambda event: event.request_id,
    "detail": lambda event: json.dumps(event.detail, ensure_ascii=False, sort_keys=True),
    "id": lambda event: str(event.pk),
}


def _as_csv(events: QuerySet[AuditEvent]) -> Iterator[str]:
    """Lines, some thousand rows at a time by key, so that no cursor stays open meanwhile."""
    writer = csv.writer(_Echo())
    # Spreadsheets take a file for UTF-8 only if it begins so.
    yield "\ufeff" + writer.writerow(_COLUMNS)
    rows = list(events[:EXPORT_ROWS])
    while rows:
        for event in rows:
            yield writer.writerow(harmless_cell(read(event)) for read in _COLUMNS.values())
        rows = list(events.filter(pk__lt=rows[-1].pk)[:EXPORT_ROWS])


@login_required
@require_GET
def unusual_use(request: HttpRequest) -> HttpResponse:
    """Who looks up much more than before or than others, at night, or the same again and again."""
    organizations = _audited_by(_user(request))
    form = UseForm({"organization": organizations[0].pk, "days": "7", **request.GET.dict()})
    cast("Any", form.fields["organization"]).queryset = organizations
    form.full_clean()
    organization = form.cleaned_data.get("organization") or organizations[0]
    now = timezone.now()
    days = form.cleaned_data.get("days") or 7
    uses = use_of(organization, since=now - timedelta(days=days), until=now)
    context = {
        "form": form,
        "organization": organization,
        "days": days,
        "uses": uses,
        "has_choice": len(organizations) > 1,
    }
    return render(request, "accounts/use.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def reason(request: HttpRequest) -> HttpResponse:
    """Asks why somebody looks, where its organization demands that, and leads on."""
    demand = demand_on(_user(request))
    asked_next = request.POST.get("next") or request.GET.get("next") or ""
    # Without the slash, `redirect` takes it for the name of a page.
    is_here = asked_next.startswith("/") and url_has_allowed_host_and_scheme(asked_next, None)
    following = asked_next if is_here else reverse("detections:search")
    stated = stated_in(request.session)
    form = ReasonForm(request.POST or None, demand=demand, initial=stated._asdict())
    if request.method == "POST" and form.is_valid():
        try:
            demand.check(**form.cleaned_data)
        except ReasonDemandedError as error:
            for name, sentences in error.detail.items():
                if name in form.fields:
                    form.add_error(name, sentences)
        else:
            state_reason(session=request.session, **form.cleaned_data)
            return redirect(following)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    context = {"form": form, "next": following, "demand": demand}
    return render(request, "accounts/reason.html", context, status=status)
