"""What every page's frame needs."""

from typing import Any

from django.http import HttpRequest

from accounts.models import User
from accounts.selectors import organizations_of


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The organizations whose name the header shows."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    return {"organizations": organizations_of(user)}
