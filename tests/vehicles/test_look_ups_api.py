"""The API of registers: listed without their secrets, asked with a reason."""

from collections.abc import Callable

from rest_framework.test import APIClient

from accounts.models import AuditEvent, Organization, Role, Scope, User
from accounts.services import add_member
from tests.accounts.factories import make_api_key, make_member
from tests.vehicles.factories import make_plate
from tests.vehicles.test_lookups import Register, make_source
from tests.vehicles.test_lookups import register as register  # noqa: PLC0414  # a fixture
from vehicles.models import LookUpResult

ClientOf = Callable[[User], APIClient]
SOURCES, ASK = "/api/v1/look-up-sources/", "/api/v1/look-ups/"


def test_register_is_listed_and_asked(
    client_of: ClientOf, organization: Organization, operator: User, register: tuple[Register, str]
) -> None:
    source, plate = make_source(organization, register[1]), make_plate(organization)
    client = client_of(operator)
    asked = {"plate": plate.pk, "source": source.pk, "reason": "Theft"}

    [listed] = client.get(SOURCES).json()["results"]
    told = client.post(ASK, asked)
    again = client.post(ASK, asked)

    assert listed.keys() == {
        "id", "organization", "name", "kind", "cache_seconds", "resting_until",
    }  # fmt: skip
    assert (told.status_code, told.json()["outcome"], told.json()["found"]) == (
        201, "found", {"make": "Toyota"},
    )  # fmt: skip
    assert again.json()["id"] == told.json()["id"], "it was asked lately"
    assert len(register[0].asked) == 1
    assert client.post(ASK, {**asked, "asks_anew": True}).json()["id"] != told.json()["id"]
    answers = client.get(ASK, {"plate": str(plate.pk)}).json()["results"]
    assert [answer["reason"] for answer in answers] == ["Theft", "Theft"]
    events = AuditEvent.objects.filter(action=AuditEvent.Action.LOOKED_UP, actor=operator)
    assert {event.reason for event in events} == {"Theft"}


def test_register_that_fails_is_told_and_then_left_alone(
    client_of: ClientOf, organization: Organization, operator: User, register: tuple[Register, str]
) -> None:
    register[0].status = 500
    source, plate = make_source(organization, register[1]), make_plate(organization)
    client = client_of(operator)
    asked = {"plate": plate.pk, "source": source.pk, "reason": "Theft"}

    failed = [client.post(ASK, asked) for _ in range(3)]

    assert [answer.status_code for answer in failed] == [201, 201, 502]
    assert failed[0].json()["outcome"] == "failed"
    assert failed[2].json()["error"]["code"] == "look_up_failed"
    assert client.get(SOURCES).json()["results"][0]["resting_until"]


def test_reason_and_ones_own_plate_and_register_are_asked_for(
    client_of: ClientOf,
    organization: Organization,
    other_organization: Organization,
    operator: User,
) -> None:
    source, plate = make_source(organization), make_plate(organization)
    strange_source, strange_plate = make_source(other_organization), make_plate(other_organization)
    good = {"plate": plate.pk, "source": source.pk, "reason": "Theft"}
    client = client_of(operator)

    for field, wrong in (
        ("reason", " "),
        ("reason", "\0"),
        ("plate", strange_plate.pk),
        ("plate", "nonsense"),
        ("source", strange_source.pk),
    ):
        refused = client.post(ASK, {**good, field: wrong})
        assert (refused.status_code, refused.json()["error"]["detail"].keys()) == (400, {field})
    both = make_member(organization, Role.OPERATOR)
    add_member(organization=other_organization, user=both, role=Role.OPERATOR, actor=None)
    refused = client_of(both).post(ASK, {**good, "source": strange_source.pk})
    assert "plates of that organization" in refused.json()["error"]["detail"]["source"][0]
    assert not LookUpResult.objects.exists()


def test_answers_are_for_those_who_edit_vehicles(
    client_of: ClientOf, organization: Organization, operator: User, outsider: User
) -> None:
    source, plate = make_source(organization), make_plate(organization)
    result = LookUpResult.objects.create(plate=plate, source=source, found={"owner": "Somchai"})
    readers = [make_member(organization, role) for role in (Role.ANALYST, Role.VIEWER)]

    assert client_of(operator).get(f"{ASK}{result.pk}/").json()["found"] == {"owner": "Somchai"}
    for stranger in (outsider, *readers):
        client = client_of(stranger)
        assert client.get(ASK).json()["results"] == []
        assert client.get(f"{ASK}{result.pk}/").status_code == 404
        assert client.get(f"{SOURCES}{source.pk}/").status_code == 404
        asked = {"plate": plate.pk, "source": source.pk, "reason": "Theft"}
        assert client.post(ASK, asked).status_code == 400
    _, reading = make_api_key(organization, Scope.VEHICLES_READ)
    program = APIClient(headers={"Authorization": f"Bearer {reading}"})
    assert program.get(f"{ASK}{result.pk}/").status_code == 200
    assert program.post(ASK, {}).status_code == 403
