"""What every page's frame needs."""

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors import AUDITING_ROLES, organizations_of


class Entry(NamedTuple):
    """An entry of the navigation."""

    url: str
    label: str | Promise
    icon: str
    is_current: bool


_PAGES = (
    ("detections:live", _("Live"), "live"),
    ("alerts:console", _("Alerts"), "bell"),
    ("detections:search", _("Search"), "search"),
    ("detections:list", _("Detections"), "list"),
    ("detections:review", _("Review"), "review"),
    ("alerts:watchlists", _("Watchlists"), "lists"),
    ("vehicles:list", _("Vehicles"), "vehicle"),
    ("detections:analytics", _("Analytics"), "chart"),
    ("detections:uploads", _("Uploads"), "upload"),
    ("detections:cameras", _("Cameras"), "camera"),
    ("reports:exports", _("Exports"), "down"),
)
# So many stand in the bar at the bottom of a phone; the others are behind "More".
FIRST = 4


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The pages that the person may open, and the organizations whose names the frame shows."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    pages = list(_PAGES)
    # Owners and auditors are staff, so that nobody else costs the question.
    if user.is_superuser or (user.is_staff and organizations_of(user, *AUDITING_ROLES).exists()):
        pages.append(("accounts:audit", _("Audit"), "audit"))
    if user.is_staff:
        pages.append(("detections:keeping", _("Keeping"), "lock"))
        pages.append(("admin:index", _("Admin"), "admin"))
    entries = [_entry(request.path, *page) for page in pages]
    return {
        "navigation": entries,
        "navigation_first": entries[:FIRST],
        "navigation_more": entries[FIRST:],
        "organizations": organizations_of(user),
    }


def _entry(path: str, name: str, label: str | Promise, icon: str) -> Entry:
    url = reverse(name)
    is_current = path == url if url == "/" else path.startswith(url)
    return Entry(url=url, label=label, icon=icon, is_current=is_current)
