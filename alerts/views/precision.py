"""How many alerts were right, by list, camera and match policy."""

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from alerts.models import Hit
from alerts.selectors.alerts import precision_tables
from alerts.views.requests import user_of

DAYS = (7, 30, 90)


@login_required
@require_safe
def precision(request: HttpRequest) -> HttpResponse:
    """The tables, of the last week, month or quarter."""
    asked = request.GET.get("days", "")
    days = next((days for days in DAYS if str(days) == asked), DAYS[1])
    tables = precision_tables(user_of(request), since=timezone.now() - timedelta(days=days))
    words = {**dict(Hit.Policy.choices), "rule": _("a rule")}
    context = {
        "days": days,
        "choices": DAYS,
        "has_any": any(tables.values()),
        "tables": [
            (_("List"), [(row.name, row.of) for row in tables["by_list"]]),
            (_("Camera"), [(row.name, row.of) for row in tables["by_camera"]]),
            (_("Match"), [(words.get(row.name, row.name), row.of) for row in tables["by_match"]]),
        ],
    }
    return render(request, "alerts/precision.html", context)
