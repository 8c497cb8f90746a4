from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Organization, User
from cameras.models import Camera
from tests.detections.factories import make_detection

ClientOf = Callable[[User], APIClient]
SEARCH = "/api/v1/search/"
NUMBERS = ("1กข1834", "1กข1B34", "1กช1834", "1กค1834", "2กข1834", "กข9", "ABC1234")


@pytest.fixture(autouse=True)
def _seen(camera: Camera) -> None:
    for number in NUMBERS:
        make_detection(camera, text=number, confidence=0.6 if number == "กข9" else 0.9)


@pytest.fixture
def search(client_of: ClientOf, operator: User) -> Callable[..., Any]:
    client = client_of(operator)

    def ask(**query: Any) -> Any:
        return client.get(SEARCH, query).json()

    return ask


def numbers(answer: Any) -> list[str]:
    return [found["number"] for found in answer["results"]]


@pytest.mark.parametrize(
    ("text", "match", "found"),
    [
        ("1กข 1834", "exact", {"1กข1834"}),
        ("๑กข-๑๘๓๔", "exact", {"1กข1834"}),
        ("1กข\u200b1834", "exact", {"1กข1834"}),
        ("1ก", "prefix", {"1กข1834", "1กข1B34", "1กช1834", "1กค1834"}),
        ("1?ข*", "wildcard", {"1กข1834", "1กข1B34"}),
        ("*กข๑?34", "wildcard", {"1กข1834", "1กข1B34", "2กข1834"}),
        ("^[๑2]กข.{4}$", "regex", {"1กข1834", "1กข1B34", "2กข1834"}),
        ("^abc", "regex", {"ABC1234"}),
    ],
)
def test_search_finds(search: Callable[..., Any], text: str, match: str, found: set[str]) -> None:
    assert set(numbers(search(text=text, match=match))) == found


def test_search_finds_words_with_their_vowels(search: Callable[..., Any], camera: Camera) -> None:
    for number in ("สิริ 9999", "สิทธิ์ 9"):
        make_detection(camera, text=number)
    asked: list[tuple[str, str, set[str]]] = [
        ("สิริ ๙๙๙๙", "exact", {"สิริ9999"}),
        ("สิท", "prefix", {"สิทธิ์9"}),
        ("สิ*", "wildcard", {"สิริ9999", "สิทธิ์9"}),
        ("ส?ร?9*", "wildcard", {"สิริ9999"}),
        ("*ิริ*", "wildcard", {"สิริ9999"}),
        ("^สิ.*9$", "regex", {"สิริ9999", "สิทธิ์9"}),
        ("สิรี9999", "fuzzy", {"สิริ9999"}),
    ]
    for text, match, found in asked:
        assert set(numbers(search(text=text, match=match))) == found, (text, match)
    refused = search(text="สิิริ 9999", match="exact")
    assert "doubled" in str(refused["error"]["detail"]["text"])


def test_search_takes_signs_for_a_wildcard(search: Callable[..., Any]) -> None:
    answer = search(text="กข*9")

    assert numbers(answer) == ["กข9"]
    assert answer["results"][0]["match"] == "wildcard"


def test_fuzzy_search_says_why_and_how_far_nearest_first(search: Callable[..., Any]) -> None:
    answer = search(text="1กข1B34", match="fuzzy")

    found = {row["number"]: row for row in answer["results"]}
    assert numbers(answer)[:3] == ["1กข1B34", "1กข1834", "1กช1834"]
    assert [row["distance"] for row in answer["results"]] == [0.0, 0.2, 0.4, 1.2, 1.2]
    assert found["1กข1834"]["edits"] == [
        {"kind": "confusable", "at": 4, "asked": "B", "found": "8", "cost": 0.2}
    ]
    assert [edit["kind"] for edit in found["1กค1834"]["edits"]] == ["replaced", "confusable"]
    assert numbers(search(text="1กข1B34", match="fuzzy", most_distance=0.2)) == [
        "1กข1B34",
        "1กข1834",
    ]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"text": "*"}, "text"),
        ({"text": "?*?"}, "text"),
        ({"text": "1*"}, "text"),
        ({"text": "(a+)+b", "match": "regex"}, "text"),
        ({"text": "(ab{1,16}){1,16}", "match": "regex"}, "text"),
        ({"text": "ab{1,255}", "match": "regex"}, "text"),
        ({"text": ".*", "match": "regex"}, "text"),
        ({"text": "(12", "match": "regex"}, "text"),
        ({"text": r"(ab)\1", "match": "regex"}, "text"),
        ({"text": "'; DROP TABLE", "match": "regex"}, "text"),
        ({"text": "<b>", "match": "fuzzy"}, "text"),
        ({"text": "1" * 65}, "text"),
        ({"match": "fuzzy"}, "text"),
        ({"text": "12", "match": "soundex"}, "match"),
        ({"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "until"),
        ({"seen_at_least": 3, "seen_at_most": 2}, "seen_at_most"),
        ({"camera": "north"}, "camera"),
    ],
)
def test_search_refuses_in_words(
    client_of: ClientOf, operator: User, query: dict[str, Any], field: str
) -> None:
    answer = client_of(operator).get(SEARCH, query)

    assert answer.status_code == 400
    assert field in answer.json()["error"]["detail"]


def test_search_filters(search: Callable[..., Any], camera: Camera, second_camera: Camera) -> None:
    make_detection(second_camera, text="ABC1234")
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()

    assert set(numbers(search())) == set(NUMBERS)
    assert numbers(search(camera=str(second_camera.pk))) == ["ABC1234"]
    assert numbers(search(seen_at_least=2)) == ["ABC1234"]
    assert len(numbers(search(seen_at_most=1))) == len(NUMBERS) - 1
    assert "กข9" not in numbers(search(min_confidence=0.8))
    assert numbers(search(since=tomorrow)) == []
    assert len(numbers(search(until=tomorrow))) == len(NUMBERS)
    assert numbers(search(country="MY")) == []


def test_search_pages_by_key(client_of: ClientOf, operator: User) -> None:
    client, url, found = client_of(operator), f"{SEARCH}?page_size=3&text=1*4", list[str]()
    while url:
        answer = client.get(url).json()
        found += numbers(answer)
        url = answer["next"]

    assert sorted(found) == sorted(n for n in NUMBERS if n.startswith("1") and n.endswith("4"))
    assert AuditEvent.objects.filter(action=AuditEvent.Action.SEARCHED).count() == 1


@pytest.mark.parametrize("query", ["?text=1กข*", "?since=2020-01-01T00:00:00Z"])
def test_search_takes_as_many_queries_for_many_as_for_few(
    query: str, client_of: ClientOf, camera: Camera, operator: User
) -> None:
    client = client_of(operator)
    with CaptureQueriesContext(connection) as for_few:
        few = client.get(f"/api/v1/search/{query}").json()["results"]
    for number in range(8):
        make_detection(camera, text=f"1กข111{number}")
    with CaptureQueriesContext(connection) as for_many:
        many = client.get(f"/api/v1/search/{query}").json()["results"]
    assert len(many) == len(few) + 8
    assert len(for_many) == len(for_few)


def test_search_is_audited_with_reason_and_case(
    search: Callable[..., Any], operator: User, organization: Organization
) -> None:
    search(text="1กข1B34", match="fuzzy", reason="stolen car", case_number="A-7", country="TH")

    event = AuditEvent.objects.get(action=AuditEvent.Action.SEARCHED)
    assert (event.actor, event.organization) == (operator, organization)
    assert (event.reason, event.case_number) == ("stolen car", "A-7")
    assert event.detail == {"plate": "1กข1B34", "match": "fuzzy", "country": "TH"}


@pytest.mark.parametrize("match", ["exact", "prefix", "wildcard", "regex", "fuzzy"])
def test_search_shows_nothing_to_those_who_may_not_see_plates(
    client_of: ClientOf, viewer: User, outsider: User, match: str
) -> None:
    for user in (viewer, outsider):
        answer = client_of(user).get(SEARCH, {"text": "1กข1834", "match": match})
        assert answer.json()["results"] == []
