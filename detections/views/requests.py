"""What every page asks of its request."""

from typing import cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User


def user_of(request: HttpRequest) -> User:
    """The person behind a request that passed `login_required`."""
    return cast("User", request.user)


def ask_why(request: HttpRequest, *, back_to: str = "") -> HttpResponse:
    """Lead to the question why, and from there back to this page or the one of a name."""
    following = reverse(back_to) if back_to else request.get_full_path()
    page = request.headers.get("HX-Current-URL", "") if "HX-Request" in request.headers else ""
    address = f"{reverse('accounts:reason')}?{urlencode({'next': page or following})}"
    # A part of a page has no room for the question: the whole page is left, and opened again.
    return HttpResponse(headers={"HX-Redirect": address}) if page else redirect(address)
