"""The search page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET


@login_required
@require_GET
def search(_request: HttpRequest) -> HttpResponse:
    """Leads to the list, which finds plates by their beginning."""
    return redirect("detections:list")
