"""Files of vehicles: sent, looked at line by line, and taken over."""

import csv
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.selectors import organizations_of
from lpr_project.common.errors import LprError
from lpr_project.common.page_keys import number_of
from vehicles.forms import ImportForm, show_refusal
from vehicles.models import ImportLine, VehicleImport
from vehicles.selectors import EDITING_ROLES, custom_fields_of, imports_visible_to
from vehicles.services.imports.columns import choices, template_headers
from vehicles.services.imports.imports import (
    change_mapping,
    confirm_import,
    create_import,
    discard_import,
    is_silent,
    progress_of,
)
from vehicles.services.imports.tables import MOST_BYTES, MOST_LINES
from vehicles.views.requests import user_of

SHOWN_MOST = 20
PAGE_LINES = 50


@login_required
@require_http_methods(["GET", "POST"])
def import_list(request: HttpRequest) -> HttpResponse:
    """Send a file; see those that were sent."""
    user = user_of(request)
    form = ImportForm(request.POST or None, request.FILES or None, user=user)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            created = create_import(
                organization=form.home or form.cleaned_data["organization"],
                file=file,
                original_name=file.name,
                actor=user,
            )
        except LprError as error:
            show_refusal(form, error)
        else:
            return redirect("vehicles:import", created.pk)
    context = {
        "form": form,
        "imports": imports_visible_to(user)[:SHOWN_MOST],
        "may_import": organizations_of(user, *EDITING_ROLES).exists(),
        "most_mb": MOST_BYTES // 1024**2,
        "most_lines": MOST_LINES,
    }
    status = 422 if form.errors else 200
    return render(request, "vehicles/imports.html", context, status=status)


@login_required
@require_GET
def import_template(request: HttpRequest) -> HttpResponse:
    """A file with the headers that need no mapping, and one line to show how it is meant."""
    user = user_of(request)
    organization = organizations_of(user, *EDITING_ROLES).first()
    fields = list(custom_fields_of(organization)) if organization else []
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="vehicles.csv"'
    # Excel takes a file for UTF-8 only where it begins with this mark.
    answer.write("\ufeff")
    writer = csv.writer(answer)
    headers = template_headers(fields)
    writer.writerow(headers)
    example = {
        "number": "1กข 1234",
        "country": "TH",
        "province": "กรุงเทพมหานคร",
        "since": "2026-01-01",
        "name": "Post van",
        "kind": "van",
        "make": "Toyota",
        "tags": "staff, post",
    }
    writer.writerow([example.get(name, "") for name in headers])
    return answer


@login_required
@require_GET
def import_detail(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """What a file would change, or how far its checking is."""
    row = _visible(user_of(request), import_id)
    outcome = request.GET.get("outcome", "")
    lines = row.lines.all()
    if outcome in ImportLine.Outcome.values:
        lines = lines.filter(outcome=outcome)
    if (after := number_of(request.GET.get("after", ""))) is not None:
        lines = lines.filter(line__gt=after)
    found = [] if row.is_running else list(lines[: PAGE_LINES + 1])
    fields = list(custom_fields_of(row.organization))
    context = {
        "import": row,
        "done": progress_of(row.pk) if row.is_running else 0,
        "is_silent": is_silent(row),
        "lines": [_shown(line) for line in found[:PAGE_LINES]],
        "next": found[PAGE_LINES - 1].line if len(found) > PAGE_LINES else None,
        "outcome": outcome,
        "counts": _counts(row),
        "columns": list(zip(row.headers, row.mapping, strict=False)),
        "choices": choices(fields).items(),
    }
    is_part = request.headers.get("HX-Request") == "true"
    template = "vehicles/_import_state.html" if is_part else "vehicles/import.html"
    return render(request, template, context)


def _shown(line: ImportLine) -> dict[str, Any]:
    changes = [
        {
            "field": name.removeprefix("custom.").replace("_", " "),
            "before": _say(a),
            "after": _say(b),
        }
        for name, (a, b) in line.changes.items()
    ]
    return {"line": line, "changes": changes}


def _say(value: Any) -> str:
    if value is None or value in ("", []):
        return ""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


def _counts(row: VehicleImport) -> list[tuple[str, str, int]]:
    return [
        (outcome.value, str(outcome.label), getattr(row, f"{outcome.value}_count"))
        for outcome in ImportLine.Outcome
    ]


def _visible(user: User, import_id: UUID) -> VehicleImport:
    return get_object_or_404(imports_visible_to(user), pk=import_id)


@login_required
@require_POST
def import_act(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Take a file over, check it anew with other columns, or forget it."""
    user = user_of(request)
    row = _visible(user, import_id)
    try:
        match request.POST.get("do"):
            case "confirm":
                confirm_import(vehicle_import=row, actor=user)
            case "map":
                change_mapping(
                    vehicle_import=row, mapping=request.POST.getlist("column"), actor=user
                )
            case "discard":
                discard_import(vehicle_import=row, actor=user)
                return redirect("vehicles:imports")
            case _:
                messages.error(request, _("Choose what to do with the file."))
    except LprError as error:
        messages.error(request, error.message)
    return redirect("vehicles:import", import_id)
