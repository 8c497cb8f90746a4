"""Every door, opened by each kind of person: what is shown is what that person may see."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from rest_framework.test import APIClient

from accounts.models import Organization, Role, User
from cameras.models import Camera
from detections.models import Detection
from tests.accounts.factories import make_member
from tests.architecture.test_access import (
    API,
    PAGES,
    Door,
    address,
    methods_of,
    things,  # noqa: F401  # a fixture
)
from tests.detections.factories import make_detection

ClientOf = Callable[[User], APIClient]
NEAR, FAR, ELSEWHERE = "1กข1111", "2ขค2222", "3คง3333"


class Person(NamedTuple):
    """Somebody, the numbers of whose cameras it sees, and those that it may open as plates."""

    user: User
    numbers: set[str]
    plates: set[str]
    may_export: bool = False


@pytest.fixture
def passes(camera: Camera, second_camera: Camera, other_camera: Camera) -> dict[str, Detection]:
    return {
        NEAR: make_detection(camera, text=NEAR),
        FAR: make_detection(second_camera, text=FAR),
        ELSEWHERE: make_detection(other_camera, text=ELSEWHERE),
    }


@pytest.fixture(params=["outsider", "viewer of one camera", "analyst", "auditor"])
def person(
    request: pytest.FixtureRequest, organization: Organization, viewer: User, outsider: User
) -> Person:
    match request.param:
        case "outsider":
            return Person(outsider, {ELSEWHERE}, {ELSEWHERE}, may_export=True)
        case "viewer of one camera":
            return Person(viewer, {NEAR}, set())
        case "analyst":
            member = make_member(organization, Role.ANALYST)
            return Person(member, {NEAR, FAR}, {NEAR, FAR}, may_export=True)
        case _:
            return Person(make_member(organization, Role.AUDITOR), {NEAR, FAR}, {NEAR, FAR})


def told(answer: Any) -> str:
    """What an answer says, without tags, blanks and dashes, which stand between letters."""
    content = b"".join(answer) if answer.streaming else answer.content
    return re.sub(r"<[^>]*>|[\s-]", "", content.decode("utf-8", "replace"))


def opens(door: Door) -> bool:
    return not hasattr(door.view, "cls") or "get" in methods_of(door)


def test_no_door_shows_what_a_person_may_not_see(
    client_of: ClientOf,
    things: dict[str, Any],  # noqa: F811  # the fixture
    passes: dict[str, Detection],
    person: Person,
) -> None:
    client = client_of(person.user)
    hidden = {NEAR, FAR, ELSEWHERE} - person.numbers
    shown = ""
    for door in filter(opens, [*API, *PAGES]):
        answer = client.get(address(door, things))
        assert answer.status_code < 500, door.route
        said = told(answer)
        assert not [number for number in hidden if number in said], door.route
        shown += said

    assert all(number in shown for number in person.numbers)


def test_what_a_person_may_not_see_has_no_door(
    client_of: ClientOf,
    things: dict[str, Any],  # noqa: F811  # the fixture
    passes: dict[str, Detection],
    person: Person,
) -> None:
    client = client_of(person.user)
    for number, row in passes.items():
        one = {
            "detection": row.pk,
            "<uuid:detection_id>": row.pk,
            "plate": row.plate_id,
            "<uuid:plate_id>": row.plate_id,
            "camera": row.camera_id,
            "<uuid:camera_id>": row.camera_id,
        }
        for door in filter(opens, [*API, *PAGES]):
            kinds = [kind for kind in one if kind.startswith("<") and kind in door.route]
            kinds += ["detection"] if door.name.startswith("detection-") else []
            if "<" not in door.route or not kinds or door.name.startswith("camera-group"):
                continue
            is_seen = number in (person.plates if "<uuid:plate_id>" in kinds else person.numbers)
            answer = client.get(address(door, things | one))
            if is_seen:
                assert answer.status_code < 500, door.route
            else:
                assert answer.status_code in {404, 405}, door.route


def test_search_and_export_give_what_a_person_may_see(
    client_of: ClientOf, passes: dict[str, Detection], person: Person
) -> None:
    client = client_of(person.user)

    def found(url: str, **query: str) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = client.get(url, query).json()["results"]
        return results

    sightings = {
        number for number in passes if found("/api/v1/detections/", text=number, match="exact")
    }
    plates = {number for number in passes if found("/api/v1/search/", text=number)}
    everything = {row["plate"]["number"] for row in found("/api/v1/detections/")}
    form = {"format": "csv", "columns": ["number"], "reason": "theft"}
    sent = client.post("/exports/new/", form, format="multipart")
    taken = told(sent)

    assert sightings == everything == person.numbers
    assert plates == person.plates
    exported = {number for number in passes if number in taken}
    assert exported == (person.numbers if person.may_export else set())
    assert (sent.status_code == 200) == person.may_export
