"""What every page's frame needs."""

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organization, User
from accounts.selectors import memberships_of, organizations_of
from lpr_project.common.pages import offer_of


class Entry(NamedTuple):
    """An entry of the navigation."""

    url: str
    label: str | Promise
    icon: str
    is_current: bool


PAGES = (
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
    ("accounts:audit", _("Audit"), "audit"),
    ("detections:keeping", _("Keeping"), "lock"),
)
PAGES_OF_STAFF = (("admin:index", _("Admin"), "admin"),)
# So many stand in the bar at the bottom of a phone; the others are behind "More".
FIRST = 4


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The pages that the person may open, and the organizations whose names the frame shows.

    Looked up where a template names them: parts of a page have no frame.
    """
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    frame = Frame(user, request.path)
    return {
        "navigation": lambda: frame.entries,
        "navigation_first": lambda: frame.entries[:FIRST],
        "navigation_more": lambda: frame.entries[FIRST:],
        "organizations": lambda: frame.organizations,
    }


class Frame:
    """What stands around one page."""

    def __init__(self, user: User, path: str) -> None:
        self._user = user
        self._path = path

    @cached_property
    def organizations(self) -> list[Organization]:
        """Those that the person belongs to, by name; for superusers all."""
        if self._user.is_superuser:
            return list(organizations_of(self._user))
        return [membership.organization for membership in self._memberships]

    @cached_property
    def entries(self) -> list[Entry]:
        """The navigation."""
        pages = [page for page in PAGES if self._is_offered(page[0])]
        if self._user.is_staff:
            pages += PAGES_OF_STAFF
        return [_entry(self._path, *page) for page in pages]

    def _is_offered(self, name: str) -> bool:
        """As the page's own view says."""
        offer = offer_of(name)
        if offer is None or self._user.is_superuser:
            return True
        return offer.is_for(self._user, {membership.role for membership in self._memberships})

    @cached_property
    def _memberships(self) -> list[Membership]:
        return list(memberships_of(self._user)) if self._user.is_active else []


def _entry(path: str, name: str, label: str | Promise, icon: str) -> Entry:
    url = reverse(name)
    is_current = path == url if url == "/" else path.startswith(url)
    return Entry(url=url, label=label, icon=icon, is_current=is_current)
