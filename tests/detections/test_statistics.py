"""Charts and statistics: from the counts, in the organization's zone, of the cameras one sees."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import User
from cameras.models import Camera
from detections.models import Detection
from detections.selectors.statistics import counts_by_step, passes_by_weekday
from detections.services.keeping import mark_hits
from detections.services.rollups import add_up
from tests.detections.factories import make_detection

ClientOf = Callable[[User], APIClient]
BANGKOK = ZoneInfo("Asia/Bangkok")
# 23:30 on Monday, 2 March, in Bangkok; half an hour later it is Tuesday there.
LATE = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
URL = "/api/v1/statistics/"


@pytest.fixture
def passed(camera: Camera, second_camera: Camera) -> list[Detection]:
    detections = [
        make_detection(camera, captured_at=LATE),
        make_detection(camera, captured_at=LATE + timedelta(minutes=45)),
        make_detection(camera, captured_at=LATE, review=Detection.Review.PENDING, confidence=0.5),
    ]
    add_up()
    # A part that is not added up yet counts, too.
    detections.append(make_detection(second_camera, captured_at=LATE))
    mark_hits(detection_ids=[detections[0].pk])
    return detections


def span(**fields: Any) -> dict[str, Any]:
    since, until = LATE - timedelta(days=3), LATE + timedelta(days=3)
    return {"since": since, "until": until, "zone": BANGKOK, **fields}


def test_counts_by_hour_day_and_week_of_the_zone(
    camera: Camera, second_camera: Camera, passed: list[Detection]
) -> None:
    cameras = [camera.pk, second_camera.pk]

    hours = counts_by_step(cameras, step="hour", **span())
    days = counts_by_step(cameras, step="day", **span())
    [week] = counts_by_step([camera.pk], step="week", **span())

    assert [(row.start, row.passes, row.counts["hits"]) for row in hours] == [
        (LATE.replace(minute=0), 3, 1),
        (LATE.replace(hour=17, minute=0), 1, 0),
    ]
    assert [(row.start, row.passes) for row in days] == [
        (datetime(2026, 3, 2, tzinfo=BANGKOK), 3),
        (datetime(2026, 3, 3, tzinfo=BANGKOK), 1),
    ]
    assert (week.start, week.passes) == (datetime(2026, 3, 2, tzinfo=BANGKOK), 3)
    assert week.counts["pending"] == 1
    assert passes_by_weekday(cameras, **span()) == {(0, 23): 3, (1, 0): 1}


def test_counts_of_each_camera(
    camera: Camera, second_camera: Camera, passed: list[Detection]
) -> None:
    rows = counts_by_step([camera.pk, second_camera.pk], step="week", by_camera=True, **span())

    assert {row.camera_id: row.passes for row in rows} == {camera.pk: 3, second_camera.pk: 1}


def test_api_counts_what_the_caller_sees(
    client_of: ClientOf,
    camera: Camera,
    operator: User,
    viewer: User,
    outsider: User,
    passed: list[Detection],
) -> None:
    query = {"step": "day", "since": "2026-03-01T00:00:00Z", "until": "2026-03-10T00:00:00Z"}

    def passes(user: User, **more: Any) -> list[int]:
        answer = client_of(user).get(URL, {**query, **more}).json()
        return [row["passes"] for row in answer["results"]]

    assert passes(operator) == [3, 1]
    assert passes(viewer) == [2, 1]
    assert passes(outsider) == []
    assert passes(outsider, camera=str(camera.pk)) == []
    answer = client_of(operator).get(URL, {**query, "by_camera": "true"}).json()
    assert answer["time_zone"] == "Asia/Bangkok"
    assert {row["camera"] for row in answer["results"]} == {str(row.camera_id) for row in passed}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"step": "month"}, "step"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"}, "until"),
        ({"since": "2020-03-02T00:00:00Z"}, "since"),
        ({"camera": "1"}, "camera"),
    ],
)
def test_api_refuses_what_cannot_be_counted(
    client_of: ClientOf, operator: User, query: dict[str, str], field: str
) -> None:
    answer = client_of(operator).get(URL, query)

    assert answer.status_code == 400
    assert field in str(answer.json()["error"]["detail"])


@pytest.mark.parametrize("step", ["hour", "day", "week"])
def test_page_shows_the_same_figures_as_chart_and_table(
    client_of: ClientOf, camera: Camera, operator: User, step: str
) -> None:
    for minutes in (1, 2):
        make_detection(camera, captured_at=timezone.now() - timedelta(minutes=minutes))

    answer = client_of(operator).get("/analytics/", {"step": step, "days": "31"})

    assert answer.status_code == 200
    assert sum(answer.context["chart"]["certain"]) == 2
    assert sum(row["passes"] for row in answer.context["steps"]) == 2
    assert answer.context["heat"]["peak"] is not None
    assert [row["passes"] for row in answer.context["cameras"]] == [2]


def test_page_says_that_there_is_nothing(
    client_of: ClientOf, camera: Camera, operator: User, outsider: User
) -> None:
    assert "Nothing was recorded" in client_of(operator).get("/analytics/").content.decode()
    assert "You see no camera" in client_of(outsider).get("/analytics/").content.decode()
    # What is wrong is named, and left out.
    wrong = client_of(operator).get("/analytics/", {"step": "x", "days": "y", "camera": "z"})
    assert wrong.status_code == 200
    assert "field-error" in wrong.content.decode()


def test_page_of_a_year_takes_no_more_queries(
    client_of: ClientOf,
    camera: Camera,
    operator: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    make_detection(camera)
    client = client_of(operator)
    with django_assert_max_num_queries(16):
        client.get("/analytics/", {"step": "week", "days": "365"})
