"""Hits are marked on rows, on open live pages and on the pages of detections and plates."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import Role, User
from alerts.models import Alert, Watchlist
from cameras.models import Camera
from detections.services.marks import marks_of
from detections.services.recording import record_detection
from detections.services.reviewing import correct_detection
from tests.accounts.factories import make_member
from tests.alerts.factories import make_entry, make_watchlist, see
from tests.detections.factories import make_detection, new_detection
from tests.detections.test_consumers import is_detections, opened
from tests.reports.factories import ask_export, made_file
from vehicles.models import Plate

ClientOf = Callable[[User], APIClient]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def watchlist(camera: Camera) -> Watchlist:
    watchlist = make_watchlist(camera.organization, name="Stolen cars", hit_roles=["operator"])
    make_entry(watchlist)
    return watchlist


def body(client: APIClient, name: str, *args: Any, **data: Any) -> str:
    answer = client.get(reverse(name, args=args), data)
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def test_rows_of_hits_are_marked_for_those_who_may_see_them(
    watchlist: Watchlist, camera: Camera, operator: User, viewer: User, client_of: ClientOf
) -> None:
    detection, _hits = see(camera)
    other = make_detection(camera, text="2กค5678")
    alert = Alert.objects.get()

    detection.refresh_from_db()
    marks = marks_of(operator, [detection, other])
    assert [(mark["label"], mark["color"]) for mark in marks[detection.pk]] == [
        ("Stolen cars", watchlist.color)
    ]
    assert set(marks) == {detection.pk}
    assert reverse("alerts:alert", args=[alert.pk]) == marks[detection.pk][0]["path"]
    assert body(client_of(operator), "detections:list").count("Stolen cars") == 2
    assert "Stolen cars" in body(client_of(operator), "detections:detail", detection.pk)
    for name, args in (("detections:list", ()), ("detections:detail", (detection.pk,))):
        assert "Stolen cars" not in body(client_of(viewer), name, *args)
    assert not marks_of(viewer, [detection])


def test_list_is_narrowed_to_hits(
    watchlist: Watchlist, camera: Camera, operator: User, client_of: ClientOf
) -> None:
    hit, _hits = see(camera)
    other = make_detection(camera, text="2กค5678")
    client = client_of(operator)

    for asked, shown, hidden in (("true", hit, other), ("false", other, hit)):
        text = body(client, "detections:list", hit=asked)
        assert str(shown.pk) in text
        assert str(hidden.pk) not in text


async def test_open_pages_hear_of_a_hit_and_that_it_was_none(
    watchlist: Watchlist, camera: Camera, operator: User, viewer: User
) -> None:
    async with opened(operator) as page, opened(viewer) as outside:
        recorded = await sync_to_async(record_detection)(item=new_detection(camera, text="1กข1234"))
        event = await page.wait_for(is_marks)
        [marked] = event["items"]
        assert marked["id"] == str(recorded.id)
        assert [mark["label"] for mark in marked["marks"]] == ["Stolen cars"]
        alert = await Alert.objects.aget()
        assert marked["marks"][0]["path"].endswith(f"{alert.pk}/")

        await outside.wait_for(is_detections)
        with pytest.raises(TimeoutError):
            await outside.wait_for(is_marks, 1)

        await sync_to_async(correct_detection)(
            detection_id=recorded.id, number="9กก9999", country="TH", province="", actor=operator
        )
        event = await page.wait_for(is_marks)
        assert event["items"] == [{"id": str(recorded.id), "marks": []}]


async def test_page_that_comes_late_hears_of_hits_too(
    watchlist: Watchlist, camera: Camera, operator: User
) -> None:
    recorded = await sync_to_async(record_detection)(item=new_detection(camera, text="1กข1234"))
    async with opened(operator) as page:
        await page.resume(seconds_ago=60)
        event = await page.wait_for(is_marks)
        assert [item["id"] for item in event["items"]] == [str(recorded.id)]


def is_marks(event: dict[str, Any]) -> bool:
    return bool(event["type"] == "marks")


def test_pages_say_which_lists_name_a_plate_and_offer_to_add_it(
    watchlist: Watchlist,
    camera: Camera,
    operator: User,
    viewer: User,
    outsider: User,
    client_of: ClientOf,
) -> None:
    detection, _hits = see(camera)
    alert = Alert.objects.get()
    plate = Plate.objects.get(number="1กข1234")
    manager = make_member(camera.organization, Role.MANAGER)
    add = f"{reverse('alerts:watchlist', args=[watchlist.pk])}?plate={plate.pk}#add"

    for name, pk in (("alerts:of-detection", detection.pk), ("alerts:of-plate", plate.pk)):
        text = body(client_of(operator), name, pk)
        assert "Stolen cars" in text
        assert reverse("alerts:alert", args=[alert.pk]) in text
        assert add not in text
        assert add in body(client_of(manager), name, pk)
        assert client_of(outsider).get(reverse(name, args=[pk])).status_code == 404
    assert "Stolen cars" not in body(client_of(viewer), "alerts:of-detection", detection.pk)
    assert client_of(viewer).get(reverse("alerts:of-plate", args=[plate.pk])).status_code == 404

    form = body(client_of(manager), "alerts:watchlist", watchlist.pk, plate=plate.pk)
    assert 'value="1กข1234"' in form
    assert 'value="1กข1234"' not in body(
        client_of(manager), "alerts:watchlist", watchlist.pk, plate="nothing"
    )


def test_panels_demand_what_the_organization_demands(
    watchlist: Watchlist, camera: Camera, operator: User, client_of: ClientOf
) -> None:
    detection, _hits = see(camera)
    plate = Plate.objects.get(number="1กข1234")
    camera.organization.demands_reason = True
    camera.organization.save()

    for name, pk in (("alerts:of-detection", detection.pk), ("alerts:of-plate", plate.pk)):
        answer = client_of(operator).get(reverse(name, args=[pk]))
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("accounts:reason"))


def test_rows_lead_to_plates_where_the_person_reads_plates(
    camera: Camera, operator: User, viewer: User, client_of: ClientOf
) -> None:
    detection = make_detection(camera)
    way = reverse("vehicles:plate", args=[detection.plate_id])

    assert way in body(client_of(operator), "detections:list")
    assert way in body(client_of(operator), "detections:detail", detection.pk)
    assert way not in body(client_of(viewer), "detections:list")
    assert way not in body(client_of(viewer), "detections:detail", detection.pk)


@pytest.fixture
def people(camera: Camera, watchlist: Watchlist) -> dict[str, User]:
    """Who sees every list, one of two, and none; all see the camera and may export."""
    make_entry(make_watchlist(camera.organization, hit_roles=["analyst"]), number="3คง9012")
    return {
        "every": make_member(camera.organization, Role.OWNER),
        "one": make_member(camera.organization, Role.ANALYST),
        "none": make_member(camera.organization, Role.MANAGER),
    }


@pytest.mark.parametrize(
    ("who", "hits", "named_most"),
    [
        ("every", {"1กข1234", "3คง9012"}, 500),
        ("one", {"3คง9012"}, 500),
        ("one", {"3คง9012"}, 0),
        ("none", set[str](), 500),
    ],
)
def test_hits_are_found_counted_and_exported_only_of_lists_that_one_sees(
    people: dict[str, User],
    camera: Camera,
    client_of: ClientOf,
    who: str,
    hits: set[str],
    named_most: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("alerts.selectors.marks.HITS_NAMED_MOST", named_most)
    numbers = {"1กข1234", "2กค5678", "3คง9012"}
    seen = {number: see(camera, number)[0] for number in sorted(numbers)}
    user, client = people[who], client_of(people[who])

    for asked, wanted in (("true", hits), ("false", numbers - hits)):
        ids = {str(seen[number].pk) for number in wanted}
        hidden = {str(seen[number].pk) for number in numbers - wanted}
        listed = client.get("/api/v1/detections/", {"hit": asked}).json()["results"]
        assert {row["id"] for row in listed} == ids
        plates = client.get("/api/v1/search/", {"hit": asked, "show": "plates"}).json()["results"]
        assert {found["number"] for found in plates} == wanted
        for page in ("detections:list", "detections:search"):
            text = body(client, page, hit=asked)
            assert [pk for pk in ids if pk not in text] == []
            assert [pk for pk in hidden if pk in text] == []
    counted = client.get("/api/v1/statistics/").json()["results"]
    assert [row["hits"] for row in counted] == [2 if who == "every" else None]
    assert ("Hits" in body(client, "detections:analytics")) == (who == "every")
    exported = made_file(ask_export(user, columns=["number", "is_hit"])).decode()
    rows = [line.split(",") for line in exported.splitlines()[1:]]
    assert {number for number, is_hit in rows if is_hit.lower() == "true"} == hits
    assert len(rows) == len(numbers)


def test_how_long_it_is_kept_tells_nobody_of_a_list_that_it_does_not_see(
    watchlist: Watchlist, camera: Camera, operator: User, client_of: ClientOf
) -> None:
    camera.organization.hit_retention_hours = 24 * 999
    camera.organization.save()
    hit, _hits = see(camera)
    auditor = client_of(make_member(camera.organization, Role.AUDITOR))

    shown = client_of(operator).get(reverse("detections:detail", args=[hit.pk])).context["keeping"]
    kept = auditor.get(reverse("detections:detail", args=[hit.pk])).context["keeping"]

    assert shown["is_hit"]
    assert not kept["is_hit"]
    assert kept["expires_at"] < shown["expires_at"]
