"""The tree of a rule's conditions, as data.

`{"all": [...]}`, `{"any": [...]}`, `{"not": {...}}`, or a leaf such as
`{"kind": "camera", "values": ["<id>"]}`. An empty tree holds always.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.contrib.gis.geos import GEOSException, Polygon
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.errors import AlertError
from alerts.models import Rule, Watchlist
from cameras.models import Camera
from detections.models import Detection
from vehicles.plates.text import THAI_MARKS, PlateTextError, normalise_part

Tree = Mapping[str, Any]

DEPTH_MOST = 5
LEAVES_MOST = 40
DEAR_MOST = 5
VALUES_MOST = 200
CORNERS_MOST = 200
TIMES_MOST = 1_000
MINUTES_MOST = 7 * 1_440
HOURS_MOST = 24 * 366
PATTERN = re.compile(rf"[\w?*{''.join(THAI_MARKS)}]{{1,24}}")
MINUTES_OF_DAY = 1_440
# What concerns a camera or a feed, and can be asked where no vehicle passes.
FOR_CAMERAS = frozenset({"camera", "zone", "time"})
FOR_FEEDS = frozenset({"list", "category", "time"})
# What asks the database anew for every pass; asked last, so that an `all` that fails never asks.
DEAR = frozenset({"seen", "unseen", "first"})
KINDS = {
    "list": gettext_lazy("on the list"),
    "category": gettext_lazy("on a list of category"),
    "province_mismatch": gettext_lazy("on a list, and another province was read"),
    "camera": gettext_lazy("at the camera"),
    "zone": gettext_lazy("within the zone"),
    "time": gettext_lazy("at the time"),
    "plate": gettext_lazy("plate like"),
    "vehicle": gettext_lazy("type of vehicle"),
    "confidence": gettext_lazy("read with confidence"),
    "seen": gettext_lazy("seen several times"),
    "unseen": gettext_lazy("back after not being seen"),
    "first": gettext_lazy("seen for the first time"),
}


class ConditionError(AlertError):
    """A rule's conditions cannot be understood; the sentence says which and why."""

    code = "condition_refused"


def check_conditions(tree: Any, *, trigger: str, organization_id: int) -> None:
    """Refuse conditions that are not understood, name what is elsewhere, or grow without bound.

    Raises:
        ConditionError: In words.
    """
    if tree == {}:
        return
    leaves = list(_leaves(tree, 1))
    if len(leaves) > LEAVES_MOST:
        raise ConditionError(_("A rule has at most %d conditions.") % LEAVES_MOST)
    for leaf in leaves:
        kind = leaf.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            raise ConditionError(_("There is no condition of the kind %s.") % str(kind)[:40])
        if kind not in kinds_for(trigger):
            message = _("“%(kind)s” cannot be asked of a rule for when %(trigger)s.")
            names = {"kind": KINDS[kind], "trigger": Rule.Trigger(trigger).label}
            raise ConditionError(message % names)
        if kind in _CHECKS:
            _CHECKS[kind](leaf, organization_id)
    if sum(leaf["kind"] in DEAR for leaf in leaves) > DEAR_MOST:
        message = _(
            "A rule asks at most %d times how often or when a plate was seen, for each takes time "
            "at every pass. Take some away."
        )
        raise ConditionError(message % DEAR_MOST)


def kinds_for(trigger: str) -> Collection[str]:
    """The conditions that can be asked where something happens."""
    if trigger == Rule.Trigger.PASS:
        return KINDS
    return FOR_FEEDS if trigger == Rule.Trigger.FEED_STALE else FOR_CAMERAS


def leaves_of(tree: Any) -> list[dict[str, Any]]:
    """The single conditions of those that were checked."""
    return list(_leaves(tree, 1)) if tree else []


def _leaves(tree: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > DEPTH_MOST:
        raise ConditionError(_("Conditions lie at most %d groups deep.") % DEPTH_MOST)
    if not isinstance(tree, dict):
        raise ConditionError(_("A condition is missing."))
    if "kind" in tree:
        yield tree
        return
    if len(tree) != 1 or not tree.keys() <= {"all", "any", "not"}:
        raise ConditionError(_("A group is one of “all”, “any” and “not”."))
    (name, inside), *_rest = tree.items()
    parts = [inside] if name == "not" else inside
    if not isinstance(parts, list) or not 0 < len(parts) <= LEAVES_MOST:
        raise ConditionError(_("A group needs at least one condition. Add one or take it away."))
    for part in parts:
        yield from _leaves(part, depth + 1)


def _values(leaf: Mapping[str, Any]) -> list[Any]:
    values = leaf.get("values")
    if not isinstance(values, list) or not 0 < len(values) <= VALUES_MOST:
        raise ConditionError(_("Choose at least one for “%s”.") % KINDS[leaf["kind"]])
    return values


def _ids(leaf: Mapping[str, Any]) -> list[UUID]:
    try:
        return [UUID(str(value)) for value in _values(leaf)]
    except ValueError as error:
        raise ConditionError(_("One of those chosen is not known any more.")) from error


def _check_lists(leaf: Mapping[str, Any], organization_id: int) -> None:
    ids = set(_ids(leaf))
    if Watchlist.objects.filter(organization=organization_id, pk__in=ids).count() != len(ids):
        raise ConditionError(_("One of the lists is not known any more. Choose again."))


def _check_cameras(leaf: Mapping[str, Any], organization_id: int) -> None:
    ids = set(_ids(leaf))
    if Camera.objects.filter(organization=organization_id, pk__in=ids).count() != len(ids):
        raise ConditionError(_("One of the cameras is not known any more. Choose again."))


def _check_categories(leaf: Mapping[str, Any], _organization_id: int) -> None:
    if not set(map(str, _values(leaf))) <= set(Watchlist.Category.values):
        raise ConditionError(_("One of the categories is not known. Choose again."))


def _check_vehicles(leaf: Mapping[str, Any], _organization_id: int) -> None:
    if not set(map(str, _values(leaf))) <= set(Detection.VehicleKind.values):
        raise ConditionError(_("One of the types of vehicle is not known. Choose again."))


def _check_zone(leaf: Mapping[str, Any], _organization_id: int) -> None:
    zone_of(leaf)


def zone_of(leaf: Mapping[str, Any]) -> Polygon:
    """The polygon of a zone, whose corners are [longitude, latitude].

    Raises:
        ConditionError: It is none.
    """
    corners = leaf.get("corners")
    if (
        not isinstance(corners, list)
        or not 3 <= len(corners) <= CORNERS_MOST  # noqa: PLR2004  # a triangle
        or not all(map(_is_place, corners))
    ):
        raise ConditionError(_("Draw the zone with 3 to %d corners.") % CORNERS_MOST)
    try:
        polygon = Polygon([*map(tuple, corners), tuple(corners[0])], srid=4326)
    except (GEOSException, TypeError, ValueError) as error:
        raise ConditionError(_("The zone cannot be understood. Draw it again.")) from error
    if not polygon.valid:
        raise ConditionError(_("The zone crosses itself. Draw it again."))
    return polygon


def _is_place(corner: Any) -> bool:
    return (
        isinstance(corner, list)
        and len(corner) == 2  # noqa: PLR2004  # longitude and latitude
        and all(isinstance(one, int | float) and not isinstance(one, bool) for one in corner)
        and abs(corner[0]) <= 180  # noqa: PLR2004  # degrees
        and abs(corner[1]) <= 90  # noqa: PLR2004  # degrees
    )


def _check_time(leaf: Mapping[str, Any], _organization_id: int) -> None:
    days = leaf.get("days")
    if not isinstance(days, list) or not days or not set(map(str, days)) <= set("0123456"):
        raise ConditionError(_("Choose at least one day of the week."))
    _number(leaf, "from", 0, MINUTES_OF_DAY)
    _number(leaf, "to", 0, MINUTES_OF_DAY)


def _check_plate(leaf: Mapping[str, Any], _organization_id: int) -> None:
    pattern = leaf.get("pattern")
    if not isinstance(pattern, str) or not PATTERN.fullmatch(pattern):
        message = _("Write a plate of letters, digits, ? for one and * for any, 24 at most.")
        raise ConditionError(message)
    pieces = [piece for piece in re.split(r"[?*]+", pattern) if piece]
    if not pieces:
        raise ConditionError(_("A pattern without any letter or digit is every plate."))
    try:
        for piece in pieces:
            normalise_part(piece)
    except PlateTextError as error:
        raise ConditionError(str(error)) from error


def _check_confidence(leaf: Mapping[str, Any], _organization_id: int) -> None:
    if leaf.get("is") not in {"least", "below"}:
        raise ConditionError(_("Say whether the confidence is at least or below."))
    _number(leaf, "value", 0, 1)


def _check_seen(leaf: Mapping[str, Any], _organization_id: int) -> None:
    _number(leaf, "times", 2, TIMES_MOST)
    _number(leaf, "minutes", 1, MINUTES_MOST)


def _check_unseen(leaf: Mapping[str, Any], _organization_id: int) -> None:
    _number(leaf, "hours", 1, HOURS_MOST)


def _number(leaf: Mapping[str, Any], name: str, least: float, most: float) -> None:
    value = leaf.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        message = _("“%(kind)s” needs a number from %(least)g to %(most)g.")
        raise ConditionError(message % {"kind": KINDS[leaf["kind"]], "least": least, "most": most})


_CHECKS: dict[str, Callable[[Mapping[str, Any], int], None]] = {
    "list": _check_lists,
    "category": _check_categories,
    "camera": _check_cameras,
    "zone": _check_zone,
    "time": _check_time,
    "plate": _check_plate,
    "vehicle": _check_vehicles,
    "confidence": _check_confidence,
    "seen": _check_seen,
    "unseen": _check_unseen,
}
