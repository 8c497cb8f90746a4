"""What every page asks of its request."""

from typing import cast

from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest

from accounts.models import User
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
