import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.gis.geos import Point
from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from cameras.models import Camera
from detections.criteria.criteria import NAMES, REVIEWED, REVIEWS, Criteria
from detections.errors import CriteriaRefusedError
from detections.models import Detection
from detections.selectors.search import detections_found, plates_found
from tests.cameras.factories import make_camera_group
from tests.detections.factories import make_detection

SQUARE = [[100.0, 13.0], [101.0, 13.0], [101.0, 14.0], [100.0, 14.0], [100.0, 13.0]]
BOWTIE = [[100.0, 13.0], [101.0, 14.0], [101.0, 13.0], [100.0, 14.0], [100.0, 13.0]]


def polygon(ring: Any) -> str:
    return json.dumps({"type": "Polygon", "coordinates": [ring]})


def asked(**query: Any) -> Criteria:
    parameters = QueryDict(mutable=True)
    for name, value in query.items():
        parameters.setlist(name, value if isinstance(value, list) else [str(value)])
    return Criteria.from_query(parameters, zone=ZoneInfo("Asia/Bangkok"))


FULL = {
    "text": "1?ข*",
    "since": "2026-01-01",
    "until": "2026-02-01T08:30:15+07:00",
    "camera": "0199f3a2-7c00-7d1e-b0a1-1f2e3d4c5b6a,0199f3a2-7c00-7d1e-b0a1-1f2e3d4c5b6b",
    "group": ["3", "4"],
    "area": polygon(SQUARE),
    "near": "100.523456,13.75,1500",
    "country": "th",
    "province": "TH-10",
    "vehicle_kind": "car,van",
    "vehicle_color": "red",
    "direction": "approaching",
    "min_confidence": "0.5",
    "max_confidence": "0.9",
    "review": "pending,confirmed",
    "reviewed": "true",
    "hit": "no",
    "has_plate": "1",
    "seen_at_least": "2",
    "seen_at_most": "20",
    "most_distance": "1.2",
    "match": "wildcard",
}


def test_criteria_come_back_from_an_address_and_from_json() -> None:
    criteria = asked(**FULL)

    assert set(FULL) == set(NAMES)
    assert Criteria.from_query(QueryDict(criteria.as_query())) == criteria
    assert Criteria.from_json(json.loads(json.dumps(criteria.as_json()))) == criteria
    assert criteria.since == datetime(2025, 12, 31, 17, tzinfo=UTC)  # midnight in Bangkok
    assert criteria.country == "TH"
    assert criteria.wanted_reviews == ("confirmed",)


def test_criteria_of_nothing_ask_for_nothing() -> None:
    criteria = asked(text="  ", page="3", reason="stolen", since="")

    assert criteria.is_empty
    assert (criteria.as_query(), criteria.as_json()) == ("", {})


def test_states_are_those_of_detections() -> None:
    assert set(REVIEWS) == set(Detection.Review.values)
    assert set(REVIEWED) < set(REVIEWS)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"text": "*"}, "text"),
        ({"text": "(a+)+b", "match": "regex"}, "text"),
        ({"text": "<b>1กข</b>"}, "text"),
        ({"text": "1" * 65}, "text"),
        ({"match": "fuzzy"}, "text"),
        ({"text": "12", "match": "soundex"}, "match"),
        ({"text": "12", "match": "fuzzy", "most_distance": "nan"}, "most_distance"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "until"),
        ({"since": "2026-02-01", "until": "2026-02-01"}, "until"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-02-30"}, "since"),
        ({"until": "0001-01-01"}, "until"),
        ({"camera": "north"}, "camera"),
        ({"group": "-1"}, "group"),
        ({"group": "9" * 30}, "group"),
        ({"camera": ",".join(f"{n:032x}" for n in range(101))}, "camera"),
        ({"area": "{"}, "area"),
        ({"area": '{"type": "Point", "coordinates": [1, 2]}'}, "area"),
        ({"area": polygon(BOWTIE)}, "area"),
        ({"area": polygon([[1, 1], [2, 2], [3, 3], [1, 1]])}, "area"),
        ({"area": polygon([[1, 1], [1, 1]])}, "area"),
        ({"area": polygon([[1, 95], [2, 95], [2, 96]])}, "area"),
        ({"area": polygon([["a", 1], [2, 1], [2, 2]])}, "area"),
        ({"area": polygon([[n / 10, n * n / 1000] for n in range(300)])}, "area"),
        ({"area": '{"type": "Polygon", "coordinates": [[[1e999, 1], [2, 1], [2, 2]]]}'}, "area"),
        ({"near": "100.5,13.7"}, "near"),
        ({"near": "100.5,13.7,1e9"}, "near"),
        ({"near": "100.5,13.7,-5"}, "near"),
        ({"near": "nan,13.7,5"}, "near"),
        ({"min_confidence": "2"}, "min_confidence"),
        ({"min_confidence": "0.9", "max_confidence": "0.5"}, "max_confidence"),
        ({"seen_at_least": "3", "seen_at_most": "2"}, "seen_at_most"),
        ({"seen_at_least": "๓x"}, "seen_at_least"),
        ({"review": "pending", "reviewed": "true"}, "reviewed"),
        ({"review": "maybe"}, "review"),
        ({"hit": "perhaps"}, "hit"),
        ({"has_plate": "false", "text": "1กข1"}, "has_plate"),
        ({"vehicle_kind": "x" * 41}, "vehicle_kind"),
    ],
)
def test_criteria_refuse_in_words(query: dict[str, Any], field: str) -> None:
    with pytest.raises(CriteriaRefusedError) as refused:
        asked(**query)

    assert refused.value.detail.keys() == {field}
    assert refused.value.detail[field][0].endswith((".", "'"))


def test_criteria_name_every_mistake_at_once() -> None:
    with pytest.raises(CriteriaRefusedError) as refused:
        asked(text="?", hit="perhaps", near="here")

    assert refused.value.detail.keys() == {"text", "hit", "near"}


@pytest.fixture
def seen(camera: Camera, second_camera: Camera, other_camera: Camera) -> dict[str, Detection]:
    """Four detections of the organization by two cameras, and one of a stranger's."""
    for place, where in ((camera, Point(100.5, 13.5)), (second_camera, Point(102.5, 13.5))):
        place.point = where
        place.save()
    at = timezone.now() - timedelta(hours=1)
    return {
        "first": make_detection(
            camera, text="1กข1834", captured_at=at, vehicle_kind="car", vehicle_color="red"
        ),
        "again": make_detection(second_camera, text="1กข1834", direction="approaching"),
        "alike": make_detection(second_camera, text="1กขB34", confidence=0.5, review="pending"),
        "foreign": make_detection(camera, text="ABC1234", country="MY", province=""),
        "strange": make_detection(other_camera, text="1กข1834"),
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, {"first", "again", "alike", "foreign"}),
        ({"text": "๑กข-๑๘๓๔"}, {"first", "again"}),
        ({"text": "1กข\u200b1834"}, {"first", "again"}),
        ({"text": "1ก", "match": "prefix"}, {"first", "again", "alike"}),
        ({"text": "*B34"}, {"alike"}),
        ({"text": "^abc", "match": "regex"}, {"foreign"}),
        ({"text": "1กข834", "match": "fuzzy"}, {"first", "again", "alike"}),
        ({"text": "1กข834", "match": "fuzzy", "most_distance": "0.2"}, {"alike"}),
        ({"area": polygon(SQUARE)}, {"first", "foreign"}),
        ({"near": "102.5,13.501,500"}, {"again", "alike"}),
        ({"near": "102.5,13.51,500"}, set()),
        ({"country": "my"}, {"foreign"}),
        ({"province": "th-10"}, {"first", "again", "alike"}),
        ({"vehicle_kind": "car,van", "vehicle_color": "red"}, {"first"}),
        ({"direction": "approaching"}, {"again"}),
        ({"max_confidence": "0.6"}, {"alike"}),
        ({"min_confidence": "0.6", "text": "1*"}, set()),
        ({"review": "pending"}, {"alike"}),
        ({"reviewed": "false", "seen_at_least": "2"}, {"first", "again"}),
        ({"reviewed": "true"}, set()),
        ({"has_plate": "true", "seen_at_most": "1"}, {"alike", "foreign"}),
        ({"has_plate": "false"}, set()),
        ({"hit": "true"}, set()),
    ],
)
def test_detections_found(
    operator: User, seen: dict[str, Detection], query: dict[str, Any], names: set[str]
) -> None:
    if query.get("text") == "1*":
        query = {**query, "text": "1ก*", "max_confidence": "0.7"}
    found = detections_found(operator, asked(**query))

    assert {name for name, row in seen.items() if row in set(found)} == names
    assert [row.pk for row in found] == sorted((row.pk for row in found), reverse=True)


def test_detections_found_by_camera_group_and_time(
    operator: User, camera: Camera, second_camera: Camera, seen: dict[str, Detection]
) -> None:
    group = make_camera_group(camera.organization, [second_camera])
    lately = (timezone.now() - timedelta(minutes=5)).isoformat()

    by_group = detections_found(operator, asked(group=group.pk))
    by_both = detections_found(operator, asked(group=group.pk, camera=camera.pk))
    by_time = detections_found(operator, asked(until=lately))

    assert set(by_group) == {seen["again"], seen["alike"]}
    assert by_both.count() == 4
    assert set(by_time) == {seen["first"]}


def test_found_is_only_what_may_be_seen(
    viewer: User, outsider: User, superuser: User, seen: dict[str, Detection]
) -> None:
    criteria = asked(text="1กข1834")

    assert set(detections_found(viewer, criteria)) == {seen["first"]}
    assert set(detections_found(outsider, criteria)) == {seen["strange"]}
    assert set(detections_found(superuser, criteria)) == {
        seen["first"], seen["again"], seen["strange"]
    }  # fmt: skip
    assert not plates_found(viewer, criteria).exists()
    assert [plate.pk for plate in plates_found(outsider, criteria)] == [seen["strange"].plate_id]


def test_plates_found_by_what_their_detections_tell(
    operator: User, second_camera: Camera, seen: dict[str, Detection]
) -> None:
    def numbers(**query: Any) -> set[str]:
        return {plate.number for plate in plates_found(operator, asked(**query))}

    assert numbers() == {"1กข1834", "1กขB34", "ABC1234"}
    assert numbers(camera=second_camera.pk) == {"1กข1834", "1กขB34"}
    assert numbers(area=polygon(SQUARE)) == {"1กข1834", "ABC1234"}
    assert numbers(camera=second_camera.pk, vehicle_color="red") == set()
    assert numbers(seen_at_least="2") == {"1กข1834"}
    assert numbers(until=(timezone.now() - timedelta(minutes=5)).isoformat()) == {"1กข1834"}
