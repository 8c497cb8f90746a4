"""The parameters that search plates and detections alike, as the API describes them."""

from collections.abc import Iterable

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from accounts.selectors import Stated, stated_in_query
from detections.criteria.criteria import DISTANCE, DISTANCE_MOST, MATCHES, REVIEWS
from lpr_project.common.pagination import KeysetPagination

TEXT, NUMBER, COUNT, SWITCH, TIME = (
    OpenApiTypes.STR,
    OpenApiTypes.FLOAT,
    OpenApiTypes.INT,
    OpenApiTypes.BOOL,
    OpenApiTypes.DATETIME,
)
_POLYGON = (
    '{"type":"Polygon","coordinates":[[[100.5,13.7],[100.6,13.7],[100.6,13.8],[100.5,13.7]]]}'
)


def _parameter(
    name: str, kind: OpenApiTypes, description: str, *, enum: Iterable[str] = (), example: str = ""
) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        kind,
        description=description,
        enum=list(enum) or None,
        examples=[OpenApiExample(name, example)] if example else [],
    )


STATED = [
    _parameter("reason", TEXT, "Why; for the audit trail. An organization may demand it."),
    _parameter("case_number", TEXT, "Of the case that it is for; an organization may demand it."),
]
NUMBERS = [
    _parameter("number", TEXT, "As `text` with `match=exact`."),
    _parameter("number_prefix", TEXT, "As `text` with `match=prefix`."),
]
CRITERIA = [
    _parameter("text", TEXT, "A number, written in any way, or a pattern.", example="1?กข*"),
    _parameter(
        "match",
        TEXT,
        "How `text` is meant. Left out: `wildcard` where it holds ? or *, else `exact`.",
        enum=MATCHES,
    ),
    _parameter(
        "most_distance",
        NUMBER,
        f"For `fuzzy`, 0 to {DISTANCE_MOST:g}: a confusable character costs 0.2, any other edit 1. "
        f"Left out: {DISTANCE:g}.",
    ),
    _parameter("since", TIME, "Captured then or later."),
    _parameter("until", TIME, "Captured before."),
    _parameter("camera", TEXT, "Camera ids, with commas between."),
    _parameter("group", TEXT, "Ids of camera groups, with commas between; adds to `camera`."),
    _parameter("area", TEXT, "By cameras in a polygon, as GeoJSON.", example=_POLYGON),
    _parameter(
        "near", TEXT, "By cameras around: longitude,latitude,metres.", example="100.5,13.75,500"
    ),
    _parameter("country", TEXT, "ISO 3166-1 alpha-2, such as TH."),
    _parameter("province", TEXT, "ISO 3166-2, such as TH-10."),
    _parameter("vehicle_kind", TEXT, "car, pickup, van, truck, bus, motorcycle; with commas."),
    _parameter("vehicle_color", TEXT, "white, black, gray, red and so on; with commas."),
    _parameter("direction", TEXT, "approaching, receding, left or right; with commas."),
    _parameter("min_confidence", NUMBER, "0 to 1."),
    _parameter("max_confidence", NUMBER, "0 to 1."),
    _parameter(
        "review",
        TEXT,
        f"With commas: {', '.join(REVIEWS)}. Left out: all but passes that were merged.",
    ),
    _parameter("reviewed", SWITCH, "Whether a person decided."),
    _parameter("hit", SWITCH, "Whether a watchlist names it whose hits the caller may see."),
    _parameter("has_plate", SWITCH, "Whether it has a plate; rejected ones have none."),
    _parameter("seen_at_least", COUNT, "How often its plate was seen in all."),
    _parameter("seen_at_most", COUNT, "How often its plate was seen in all."),
]


NOTED = "noted"


class NotedPagination(KeysetPagination):
    """Pages of a search that stands in the trail once, however many of them are read."""

    noted = ""

    def get_next_link(self) -> str | None:
        return self._with_note(super().get_next_link())

    def get_previous_link(self) -> str | None:
        return self._with_note(super().get_previous_link())

    def _with_note(self, link: str | None) -> str | None:
        return replace_query_param(link, NOTED, self.noted) if link and self.noted else link


def note_pages(paginator: object, noted: str) -> None:
    """Let the links to further pages say that their search stands in the trail already."""
    assert isinstance(paginator, NotedPagination)
    paginator.noted = noted


def stated_by(request: Request) -> Stated:
    """What a caller states as its reason."""
    return stated_in_query(request.query_params)
