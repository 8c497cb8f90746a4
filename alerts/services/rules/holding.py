"""Whether a rule's conditions hold for a pass, or for a camera."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from alerts.models import Hit, Watchlist
from alerts.services.rules.conditions import DEAR, Tree, leaves_of, zone_of
from cameras.models import Camera
from detections.models import Detection
from detections.selectors import in_time
from vehicles.models import Plate
from vehicles.plates.text import PlateTextError, normalise_part


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What a rule is held against: a pass with its hits, a camera alone, or the list of a feed."""

    at: datetime
    camera: Camera | None = None
    watchlist: Watchlist | None = None
    detection: Detection | None = None
    hits: Sequence[Hit] = field(default=())


def holds(tree: Tree, happening: Happening) -> bool:
    """Whether conditions that were checked hold."""
    if not tree:
        return True
    if "kind" in tree:
        return _LEAVES[tree["kind"]](tree, happening)
    if "not" in tree:
        return not holds(tree["not"], happening)
    if "all" in tree:
        return all(holds(part, happening) for part in sorted(tree["all"], key=_cost))
    return any(holds(part, happening) for part in sorted(tree["any"], key=_cost))


def _cost(tree: Tree) -> int:
    """0 for what is in hand, 1 for what asks the database."""
    if "kind" in tree:
        return int(tree["kind"] in DEAR)
    parts = [tree["not"]] if "not" in tree else next(iter(tree.values()))
    return max(map(_cost, parts), default=0)


def hits_asked_for(tree: Tree, hits: Sequence[Hit]) -> list[Hit]:
    """Hits of the lists that the conditions are about: only who sees these sees the alert."""
    if not tree:
        return []
    if "kind" in tree:
        matches = _HIT_LEAVES.get(tree["kind"])
        return [hit for hit in hits if matches is not None and matches(tree, hit)]
    if "not" in tree:
        return []
    parts = next(iter(tree.values()))
    return [hit for part in parts for hit in hits_asked_for(part, hits)]


def asks_for_absence(tree: Tree) -> bool:
    """Whether a hit that is found later may end what holds: lists stand in a “none of”.

    >>> asks_for_absence({"not": {"any": [{"kind": "list", "values": []}]}})
    True
    >>> asks_for_absence({"all": [{"kind": "list", "values": []}, {"not": {"kind": "first"}}]})
    False
    """
    if not tree or "kind" in tree:
        return False
    if "not" in tree:
        return any(leaf["kind"] in _HIT_LEAVES for leaf in leaves_of(tree["not"]))
    return any(map(asks_for_absence, next(iter(tree.values()))))


def _is_at_camera(leaf: Tree, happening: Happening) -> bool:
    return happening.camera is not None and str(happening.camera.pk) in leaf["values"]


def _is_in_zone(leaf: Tree, happening: Happening) -> bool:
    point = happening.camera.point if happening.camera else None
    return point is not None and bool(_zone(orjson.dumps(leaf)).covers(point))


@lru_cache(maxsize=256)
def _zone(leaf: bytes) -> Any:
    return zone_of(orjson.loads(leaf)).prepared


def _is_in_time(leaf: Tree, happening: Happening) -> bool:
    """A span whose end is not after its start ends on the next day."""
    local = happening.at.astimezone(_zone_of(happening))
    day, minute = local.weekday(), local.hour * 60 + local.minute
    begin, end, days = leaf["from"], leaf["to"], leaf["days"]
    if begin < end:
        return day in days and begin <= minute < end
    return (day in days and minute >= begin) or ((day - 1) % 7 in days and minute < end)


def _zone_of(happening: Happening) -> ZoneInfo:
    if happening.camera is not None:
        return happening.camera.zone
    assert happening.watchlist is not None, "either has a place"
    return happening.watchlist.organization.zone


def _fits_plate(leaf: Tree, happening: Happening) -> bool:
    detection = happening.detection
    return detection is not None and bool(
        plate_pattern(leaf["pattern"]).fullmatch(detection.shown_number)
    )


@lru_cache(maxsize=1024)
def plate_pattern(pattern: str) -> "re.Pattern[str]":
    """A pattern of a plate as a regular expression that cannot run long.

    >>> bool(plate_pattern("1?ข*").fullmatch("1กข1234")), bool(plate_pattern("AB").fullmatch("ABC"))
    (True, False)
    >>> bool(plate_pattern("สิริ ๙*").fullmatch("สิริ9999"))
    True
    """
    # Neighbouring stars are one, and a plate has 16 characters at most.
    text = re.sub(r"\*+", "*", re.sub(r"[^?*]+", _as_plates_write, pattern))
    return re.compile("".join({"?": ".", "*": ".*"}.get(char, re.escape(char)) for char in text))


def _as_plates_write(piece: "re.Match[str]") -> str:
    try:
        return normalise_part(piece[0])
    except PlateTextError:  # of a rule that was saved when more was taken: it fits no number
        return piece[0]


def _is_vehicle(leaf: Tree, happening: Happening) -> bool:
    detection = happening.detection
    return detection is not None and detection.vehicle_kind in leaf["values"]


def _has_confidence(leaf: Tree, happening: Happening) -> bool:
    if happening.detection is None:
        return False
    is_enough = happening.detection.confidence >= leaf["value"]
    return is_enough if leaf["is"] == "least" else not is_enough


def _before(happening: Happening, span: timedelta | None) -> Any:
    """Earlier passes of the same plate, within a span where one is given."""
    detection = happening.detection
    if detection is None or detection.plate_id is None:
        return Detection.objects.none()
    earlier = Detection.objects.filter(plate=detection.plate_id, pk__lt=detection.pk)
    if span is not None:
        earlier = earlier.filter(in_time(since=detection.captured_at - span))
    return earlier.order_by()


def _is_seen_often(leaf: Tree, happening: Happening) -> bool:
    needed = int(leaf["times"]) - 1
    earlier = _before(happening, timedelta(minutes=leaf["minutes"]))
    return len(earlier.values_list("pk", flat=True)[:needed]) >= needed


def _is_back(leaf: Tree, happening: Happening) -> bool:
    """Seen before, and not within the span."""
    return (
        not _before(happening, timedelta(hours=leaf["hours"])).exists()
        and _before(happening, None).exists()
    )


def _is_first(_leaf: Tree, happening: Happening) -> bool:
    """The plate remembers when it was first seen, also where retention took the pass away."""
    detection = happening.detection
    if detection is None or detection.plate_id is None:
        return False
    earlier = Plate.objects.filter(pk=detection.plate_id, first_seen_at__lt=detection.captured_at)
    return not earlier.exists()


def _is_of_list(leaf: Tree, hit: Hit) -> bool:
    return _names_list(leaf, hit.watchlist)


def _is_of_category(leaf: Tree, hit: Hit) -> bool:
    return _names_category(leaf, hit.watchlist)


def _names_list(leaf: Tree, watchlist: Watchlist) -> bool:
    return str(watchlist.pk) in leaf["values"]


def _names_category(leaf: Tree, watchlist: Watchlist) -> bool:
    return watchlist.category in leaf["values"]


def _disagrees(_leaf: Tree, hit: Hit) -> bool:
    return hit.province_agrees is False


_HIT_LEAVES: dict[str, Callable[[Tree, Hit], bool]] = {
    "list": _is_of_list,
    "category": _is_of_category,
    "province_mismatch": _disagrees,
}


_LIST_LEAVES: dict[str, Callable[[Tree, Watchlist], bool]] = {
    "list": _names_list,
    "category": _names_category,
}


def _of_hits(kind: str) -> Callable[[Tree, Happening], bool]:
    matches, of_list = _HIT_LEAVES[kind], _LIST_LEAVES.get(kind)

    def is_so(leaf: Tree, happening: Happening) -> bool:
        if happening.watchlist is not None:
            return of_list is not None and of_list(leaf, happening.watchlist)
        return any(matches(leaf, hit) for hit in happening.hits)

    return is_so


_LEAVES: Mapping[str, Callable[[Tree, Happening], bool]] = {
    **{kind: _of_hits(kind) for kind in _HIT_LEAVES},
    "camera": _is_at_camera,
    "zone": _is_in_zone,
    "time": _is_in_time,
    "plate": _fits_plate,
    "vehicle": _is_vehicle,
    "confidence": _has_confidence,
    "seen": _is_seen_often,
    "unseen": _is_back,
    "first": _is_first,
}
