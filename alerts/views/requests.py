"""What every page asks of its request."""

from typing import cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from alerts.forms.entries import WhyForm
from lpr_project.common.errors import LprError


def user_of(request: HttpRequest) -> User:
    """The person behind a request that passed `login_required`."""
    return cast("User", request.user)


def show_refusal(form: BaseForm, error: LprError | ValidationError) -> None:
    """Show at the fields what a service refused."""
    if isinstance(error, ValidationError):
        found = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    else:
        found = {str(error.detail.get("field", "")): [error.message]}
    for name, sentences in found.items():
        for sentence in sentences:
            form.add_error(name if name in form.fields else None, sentence)


def why_of(request: HttpRequest) -> str | None:
    """Why somebody does something, as a button's form says; None where it cannot be kept.

    What is wrong with it is then among the messages of the next page.
    """
    form = WhyForm(request.POST)
    if form.is_valid():
        return str(form.cleaned_data["why"])
    messages.error(request, " ".join(map(str, form.errors["why"])))
    return None


def ask_why(request: HttpRequest, *, whole: str = "") -> HttpResponse:
    """Lead to the question why somebody looks, and from there back to this page.

    Args:
        whole: Path of the page that this is a part of.
    """
    following = whole or request.get_full_path()
    address = f"{reverse('accounts:reason')}?{urlencode({'next': following})}"
    # A part of a page has no room for the question: the whole page is left, and opened again.
    is_part = "HX-Request" in request.headers
    return HttpResponse(headers={"HX-Redirect": address}) if is_part else redirect(address)
