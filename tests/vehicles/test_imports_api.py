"""The API of files of vehicles: sent, looked at, taken over; and what a stranger may do of it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Organization, Role, Scope, User
from tests.accounts.factories import make_api_key, make_member
from tests.vehicles.test_services import make_vehicle
from vehicles.models import Plate, Vehicle, VehicleImport
from vehicles.services.imports.imports import apply_file, check_file
from vehicles.services.registrations import assign_plate, ensure_plate
from vehicles.services.sightings import PlateKey

ClientOf = Callable[[User], APIClient]
PATH = "/api/v1/vehicle-imports/"
TABLE = "ทะเบียน,จังหวัด,ชื่อ,ยี่ห้อ\n1กข 1234,กรุงเทพมหานคร,Van,Toyota\n2กข 1234,กรุงเทพมหานคร,Bus,Hino\n"


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks are run by the tests themselves, when they want."""
    for name in ("check_import", "apply_import"):
        monkeypatch.setattr(f"vehicles.tasks.{name}.delay", lambda *_: None)


def send(client: APIClient, text: str | bytes = TABLE, **fields: Any) -> Any:
    raw = text.encode() if isinstance(text, str) else text
    file = SimpleUploadedFile("cars.csv", raw, "text/csv")
    return client.post(PATH, {"file": file, **fields}, format="multipart")


def test_file_is_tried_looked_at_and_taken_over(
    client_of: ClientOf, organization: Organization, operator: User
) -> None:
    client = client_of(operator)
    known = make_vehicle(organization, name="Van", make="Isuzu")
    plate = ensure_plate(organization=organization, key=PlateKey("1กข1234", "TH", "TH-10"))
    assign_plate(vehicle=known, plate=plate, actor=operator)

    sent = send(client)
    path = f"{PATH}{sent.json()['id']}/"

    assert (sent.status_code, sent.json()["state"], sent.json()["lines_done"]) == (
        201, "checking", 0,
    )  # fmt: skip
    assert sent.json()["mapping"] == ["number", "province", "name", "make"]
    assert client.get(f"{path}lines/").json()["results"] == []
    assert client.post(f"{path}apply/").json()["error"]["code"] == "import_refused"
    check_file(import_id=sent.json()["id"])
    shown = client.get(path).json()
    assert (shown["state"], shown["new_count"], shown["changed_count"]) == ("checked", 1, 1)
    assert shown["may_be_applied"]
    [line] = client.get(f"{path}lines/", {"outcome": "changed"}).json()["results"]
    assert (line["line"], line["changes"]) == (2, {"make": ["Isuzu", "Toyota"]})
    assert Vehicle.objects.count() == 1, "a dry run writes nothing"
    applied = client.post(f"{path}apply/")
    assert (applied.status_code, applied.json()["state"]) == (202, "applying")
    apply_file(import_id=sent.json()["id"])
    assert client.get(path).json()["state"] == "done"
    known.refresh_from_db()
    assert (known.make, Vehicle.objects.count()) == ("Toyota", 2)
    assert AuditEvent.objects.filter(action=AuditEvent.Action.IMPORTED, actor=operator).exists()


def test_wrong_lines_are_named_and_nothing_of_the_file_is_taken_over(
    client_of: ClientOf, organization: Organization, operator: User
) -> None:
    client = client_of(operator)
    sent = send(client, f"{TABLE}???,,x,y\n2กข1234,กรุงเทพ,Twice,\n").json()
    path = f"{PATH}{sent['id']}/"
    check_file(import_id=sent["id"])

    wrong = client.get(f"{path}lines/", {"outcome": "wrong"}).json()["results"]

    assert [line["line"] for line in wrong] == [4, 5]
    assert wrong[1]["errors"] == ["The same plate stands on line 3 already."]
    assert client.post(f"{path}apply/").status_code == 400
    first = client.get(f"{path}lines/", {"page_size": 1}).json()
    assert client.get(first["next"]).json()["results"][0]["line"] == 3
    assert client.get(f"{path}lines/", {"outcome": "nonsense"}).status_code == 400
    assert not Vehicle.objects.exists()
    assert client.delete(path).status_code == 204
    assert not VehicleImport.objects.exists()


def test_columns_are_chosen_anew(
    client_of: ClientOf, organization: Organization, operator: User
) -> None:
    client = client_of(operator)
    sent = send(client, "a,b\n1กข1234,Van\n").json()
    path = f"{PATH}{sent['id']}/"
    check_file(import_id=sent["id"])
    assert "No column holds the plate" in client.get(path).json()["error"]

    changed = client.patch(path, {"mapping": ["number", "name"]}, format="json")

    assert (changed.status_code, changed.json()["state"]) == (200, "checking")
    check_file(import_id=sent["id"])
    assert client.get(path).json()["new_count"] == 1
    for mapping in (["number"], ["number", "number"], ["number", "owner\0"], ["number", "id"], 7):
        assert client.patch(path, {"mapping": mapping}, format="json").status_code == 400


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<html><body>Not found</body></html>", "no lines below"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel"),
        (b"number,name\n\xff\xfe\xdb\xdc\n", "neither UTF-8 nor TIS-620"),
        (b"PK\x03\x04", "damaged"),
    ],
)
def test_what_is_no_table_is_refused_in_words(
    client_of: ClientOf, organization: Organization, operator: User, content: bytes, says: str
) -> None:
    answer = send(client_of(operator), content)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "import_refused")
    assert says in answer.json()["error"]["message"]
    assert send(client_of(operator), b"").json()["error"]["detail"].keys() == {"file"}
    assert not VehicleImport.objects.exists()


def test_file_of_another_organization_is_out_of_reach(
    client_of: ClientOf,
    organization: Organization,
    other_organization: Organization,
    operator: User,
    outsider: User,
) -> None:
    sent = send(client_of(operator)).json()
    path = f"{PATH}{sent['id']}/"
    check_file(import_id=sent["id"])
    stranger = client_of(outsider)

    for answer in (
        stranger.get(path),
        stranger.get(f"{path}lines/"),
        stranger.post(f"{path}apply/"),
        stranger.patch(path, {"mapping": ["number"]}, format="json"),
        stranger.delete(path),
    ):
        assert answer.status_code == 404
    assert stranger.get(PATH).json()["results"] == []
    refused = send(stranger, organization=organization.slug)
    assert (refused.status_code, refused.json()["error"]["detail"].keys()) == (
        400, {"organization"},
    )  # fmt: skip
    # Who reads vehicles and does not edit them sees no file: it may name owners.
    for role in (Role.ANALYST, Role.AUDITOR, Role.VIEWER):
        reader = client_of(make_member(organization, role))
        assert reader.get(path).status_code == 404
        assert send(reader).status_code == 400
    assert not Vehicle.objects.exists()
    assert not Plate.objects.exists()


def test_key_needs_the_scope_of_writing_vehicles(organization: Organization) -> None:
    _, reading = make_api_key(organization, Scope.VEHICLES_READ, role=Role.OPERATOR)
    _, writing = make_api_key(organization, Scope.VEHICLES_WRITE, role=Role.OPERATOR)
    reader = APIClient(headers={"Authorization": f"Bearer {reading}"})
    writer = APIClient(headers={"Authorization": f"Bearer {writing}"})

    sent = send(writer)

    assert sent.status_code == 201
    assert send(reader).status_code == 403
    assert reader.get(f"{PATH}{sent.json()['id']}/").status_code == 200
    assert reader.post(f"{PATH}{sent.json()['id']}/apply/").status_code == 403
