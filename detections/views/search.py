"""The search page: one box, filters, a map; what was found as plates and as detections."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.errors import ReasonDemandedError
from accounts.models import User
from accounts.selectors import EXPORTING_ROLES, demand_on, organizations_of, stated_in
from accounts.services import state_reason
from cameras.selectors import cameras_visible_to
from detections.criteria.criteria import Criteria
from detections.forms.search import SearchForm
from detections.models import Detection
from detections.selectors import as_rows
from detections.selectors.search import (
    detections_found,
    is_of_passings,
    plates_found,
    plates_passing,
)
from detections.services.searching import note_search
from detections.views.likeness import mark_letters, say_edit
from detections.views.presentation import show_plate, show_rows
from detections.views.requests import user_of
from lpr_project.common.errors import LprError
from lpr_project.common.page_keys import only_key_in
from vehicles.models import Plate
from vehicles.plates.matching import edits_between
from vehicles.plates.showing import spaced_number
from vehicles.selectors import (
    READING_ROLES,
    in_bounded_time,
    plates_near,
    plates_visible_to,
)

PAGE_PLATES = 25
NEAREST = 50
# The page fetches the next rows by itself when the last come into sight.
PAGE_ROWS = 30
SIGHTINGS = 10
CAMERAS_ON_MAP_MOST = 2000
KEYS = (
    ("/", _("To the box")),
    ("j", _("Next result")),
    ("k", _("Result before")),
    ("Enter", _("Open; sightings of a plate")),
    ("f", _("Filters")),
)


@login_required
@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """The page with its first results; further ones come as parts of it, by key."""
    user = user_of(request)
    if {"reason", "case_number"} & request.GET.keys():
        return _keep_what_was_stated(request)
    form = SearchForm(request.GET, user=user)
    form.full_clean()
    found = Found(request, form)
    if request.headers.get("HX-Request") and found.is_further:
        return render(request, found.part, found.context)
    context = {
        "form": form,
        "stated": stated_in(request.session),
        "map": _map(user),
        "keys": KEYS,
        "sees_plates": found.sees_plates,
        "may_export": organizations_of(user, *EXPORTING_ROLES).exists(),
        **found.context,
    }
    return render(request, "detections/search.html", context, status=found.status)


def _keep_what_was_stated(request: HttpRequest) -> HttpResponse:
    """Take the reason out of the address, which is kept and shared, into the session.

    Only what the page's own form sent: a link elsewhere must not put words into a person's mouth.
    """
    query = request.GET.copy()
    stated = {name: " ".join(query.pop(name, [""])) for name in ("reason", "case_number")}
    if _is_from_here(request):
        state_reason(session=request.session, **stated)
    return redirect(f"{request.path}?{query.urlencode()}")


def _is_from_here(request: HttpRequest) -> bool:
    """Whether a page of this server sent it; over plain HTTP only the referrer tells."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site == "same-origin"
    return urlsplit(request.headers.get("Referer", "")).netloc == request.get_host()


def _map(user: User) -> dict[str, Any]:
    cameras = cameras_visible_to(user).filter(point__isnull=False, is_archived=False)
    rows = cameras.order_by("name").values_list("name", "point")[:CAMERAS_ON_MAP_MOST]
    return {
        "land": static("admin_lpr/land.json"),
        "leaflet": static("vendor/leaflet/leaflet.js"),
        "tiles": settings.MAP_TILE_URL,
        "attribution": settings.MAP_TILE_ATTRIBUTION,
        "cameras": [
            {"name": name, "longitude": point.x, "latitude": point.y}
            for name, point in rows
            if point
        ],
    }


class Found:
    """What one request finds: a page of plates or detections, or a sentence why there is none."""

    def __init__(self, request: HttpRequest, form: SearchForm) -> None:
        self._request = request
        self._user = user_of(request)
        self._after = request.GET.get("after", "")
        self.status: int = HTTPStatus.OK
        self.is_further = bool(self._after)
        self.demand = demand_on(self._user)
        self.context: dict[str, Any] = {"demand": self.demand, "show": self._view(request, form)}
        self.part = f"detections/_found_{self.context['show']}.html"
        if form.criteria is None:
            self.status = HTTPStatus.UNPROCESSABLE_ENTITY
        elif not form.criteria.is_empty:
            self._look(request, form.criteria)

    def _view(self, request: HttpRequest, form: SearchForm) -> str:
        """Plates, or detections where those were chosen or where the person sees no plates."""
        asked = request.GET.get("show", "")
        if asked in {"plates", "detections"}:
            return asked
        has_text = form.criteria is not None and bool(form.criteria.text)
        return "plates" if has_text and self.sees_plates else "detections"

    @cached_property
    def sees_plates(self) -> bool:
        """Whether the person sees all cameras of an organization, and so its plates."""
        return organizations_of(self._user, *READING_ROLES).exists()

    def _look(self, request: HttpRequest, criteria: Criteria) -> None:
        query = criteria.as_query()
        try:
            noted = note_search(
                actor=self._user,
                criteria=criteria,
                stated=stated_in(request.session),
                noted=request.GET.get("noted", ""),
            )
            self.context |= {
                "criteria": criteria,
                "query": query,
                "noted": noted,
                "begins_query": _begins(criteria),
                "alike_query": replace(criteria, match="fuzzy").as_query(),
            }
            is_of_plates = self.context["show"] == "plates"
            look = self._plates if is_of_plates else self._detections
            with in_bounded_time(page_of_newest=not is_of_plates):
                self.context |= look(criteria)
        except ReasonDemandedError as error:
            self.status = HTTPStatus.UNPROCESSABLE_ENTITY
            self.context |= {"demanded": error.detail, "query": query}
        except LprError as error:
            self.status = HTTPStatus.UNPROCESSABLE_ENTITY
            self.context["problem"] = error.message

    def _plates(self, criteria: Criteria) -> Mapping[str, Any]:
        if is_of_passings(criteria):
            passings = _older_than(plates_passing(self._user, criteria), self._request)
            rows, older = _page(passings, PAGE_PLATES)
            shown = [show_found(row.plate, criteria) for row in rows if row.plate]
            return {"plates": shown, "older": older}
        plates = plates_found(self._user, criteria)
        if criteria.match == "fuzzy":
            near = plates_near(plates, criteria.text, most_distance=criteria.most_distance)
            nearest = [(found.plate, found.distance) for found in near[:NEAREST]]
            return {"plates": [show_found(plate, criteria, away) for plate, away in nearest]}
        page = list(_seen_before(plates, self._after)[: PAGE_PLATES + 1])
        last = page[PAGE_PLATES - 1] if len(page) > PAGE_PLATES else None
        return {
            "plates": [show_found(plate, criteria) for plate in page[:PAGE_PLATES]],
            "older": f"{last.last_seen_at.isoformat()}_{last.pk}" if last else "",
        }

    def _detections(self, criteria: Criteria) -> Mapping[str, Any]:
        wanted = as_rows(detections_found(self._user, criteria))
        return _rows(self._request, wanted, PAGE_ROWS)


def _begins(criteria: Criteria) -> str:
    """The same search for what begins with a number that was asked for whole."""
    return replace(criteria, match="prefix").as_query() if criteria.match == "exact" else ""


def _seen_before(plates: QuerySet[Plate], after: str) -> QuerySet[Plate]:
    """Those that come after a row in the order of the page."""
    if not after:
        return plates
    moment, _line, plate_id = after.partition("_")
    try:
        at, last = datetime.fromisoformat(moment), UUID(plate_id)
    except ValueError as error:
        raise Http404 from error
    # Said twice, so that the index begins where the page does.
    return plates.filter(last_seen_at__lte=at).filter(
        Q(last_seen_at__lt=at) | Q(last_seen_at=at, pk__lt=last)
    )


def _older_than(wanted: QuerySet[Detection], request: HttpRequest) -> QuerySet[Detection]:
    after = only_key_in(request, "after")
    return wanted.filter(pk__lt=after) if after else wanted


def _page(wanted: QuerySet[Detection], most: int) -> tuple[list[Detection], UUID | str]:
    """One page, and the key from which the next goes on; empty where there is none."""
    rows = list(wanted[: most + 1])
    return rows[:most], rows[most - 1].pk if len(rows) > most else ""


def _rows(request: HttpRequest, wanted: QuerySet[Detection], most: int) -> dict[str, Any]:
    page, older = _page(_older_than(wanted, request), most)
    return {"rows": show_rows(user_of(request), page), "older": older}


def show_found(plate: Plate, criteria: Criteria, distance: float | None = None) -> dict[str, Any]:
    """A plate as it is drawn, why it was found, and what tells it from what was asked."""
    is_alike = criteria.match == "fuzzy"
    edits = edits_between(criteria.number, plate.number) if is_alike else []
    return {
        "row": plate,
        "plate": show_plate(plate.number, plate.country, plate.province),
        "letters": mark_letters(spaced_number(plate.number, plate.country), edits),
        "edits": [say_edit(edit) for edit in edits],
        "distance": distance,
    }


@login_required
@require_GET
def sightings(request: HttpRequest, plate_id: UUID) -> HttpResponse:
    """The newest passings of one plate that pass the other criteria, as a part of the page."""
    user = user_of(request)
    plate = get_object_or_404(plates_visible_to(user), pk=plate_id)
    form = SearchForm(request.GET, user=user)
    form.full_clean()
    if form.criteria is None:
        raise Http404
    context: dict[str, Any] = {"query": form.criteria.as_query(), "plate": plate}
    try:
        context["noted"] = note_search(
            actor=user,
            criteria=form.criteria,
            stated=stated_in(request.session),
            noted=request.GET.get("noted", ""),
        )
        with in_bounded_time(page_of_newest=True):
            others = replace(form.criteria, text="", match="")
            wanted = as_rows(detections_found(user, others)).filter(plate=plate)
            context |= _rows(request, wanted, SIGHTINGS)
    except LprError as error:
        context["problem"] = error.message
    return render(request, "detections/_sightings.html", context)
