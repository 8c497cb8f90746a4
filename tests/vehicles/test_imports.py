"""Files of vehicles: what is read, what is refused, what would change, and all or nothing."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Organization, Role, User
from lpr_project.common.errors import NotAllowedError
from tests.accounts.factories import make_member
from tests.vehicles.factories import make_plate
from tests.vehicles.test_services import Kind, make_field, make_vehicle
from vehicles.errors import ImportRefusedError
from vehicles.models import ImportLine, Plate, Vehicle, VehicleImport
from vehicles.services.imports.columns import guess_mapping
from vehicles.services.imports.imports import (
    apply_file,
    change_mapping,
    check_file,
    confirm_import,
    create_import,
    discard_import,
    tidy_imports,
)
from vehicles.services.imports.tables import MOST_BYTES, decode, read_table
from vehicles.services.registrations import assign_plate
from vehicles.services.vehicles import save_vehicle

ClientOf = Callable[[User], APIClient]
HEAD = "number,province,name,make,tags,owner\n"


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks are run by the tests themselves, when they want."""
    for name in ("check_import", "apply_import"):
        monkeypatch.setattr(f"vehicles.tasks.{name}.delay", lambda *_: None)


def send(organization: Organization, content: str | bytes, actor: User) -> VehicleImport:
    raw = content.encode() if isinstance(content, str) else content
    row = create_import(
        organization=organization,
        file=ContentFile(raw),
        original_name="vehicles.csv",
        actor=actor,
    )
    check_file(import_id=row.pk)
    row.refresh_from_db()
    return row


def lines(row: VehicleImport) -> list[tuple[int, str, list[str]]]:
    return [(line.line, line.outcome, line.errors) for line in row.lines.all()]


def outcomes(row: VehicleImport) -> list[str]:
    return [outcome for _line, outcome, _errors in lines(row)]


def workbook(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for cells in rows:
        book.active.append(cells)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def cells_of(content: bytes) -> list[list[str]]:
    return [list(line.cells) for line in read_table(io.BytesIO(content), len(content))]


def repacked(content: bytes, name: str, inside: bytes) -> bytes:
    target = io.BytesIO(content)
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, inside)
    return target.getvalue()


TEXT = "number,ชื่อ\n1กข 1234,รถตู้\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp874"])
def test_text_is_read_in_the_encodings_of_thai_offices(encoding: str) -> None:
    assert cells_of(TEXT.encode(encoding)) == [["number", "ชื่อ"], ["1กข 1234", "รถตู้"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found(delimiter: str) -> None:
    content = f"number{delimiter}name\n1A{delimiter}Van\n".encode()
    assert cells_of(content) == [["number", "name"], ["1A", "Van"]]


def test_mixed_encodings_name_the_line() -> None:
    mixed = b"number,name\n" + "1กข1,ก\n".encode() + "2กข1,ข\n".encode("cp874")
    with pytest.raises(ImportRefusedError, match="line 3 is not"):
        decode(mixed)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"number,name\n\xff\xfe\xdb\xdc\n", "neither UTF-8 nor TIS-620"),
        (b'number,name\n"1A,Van\n', "quotation mark"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel"),
        (b"PK\x03\x04 and no more", "damaged"),
        (b"number,name\n", "no lines below"),
        (b"", "empty"),
    ],
)
def test_what_is_no_table_is_refused(
    organization: Organization, operator: User, content: bytes, sentence: str
) -> None:
    with pytest.raises(ImportRefusedError, match=sentence):
        send(organization, content, operator)
    assert not VehicleImport.objects.exists()


def test_file_of_200_mb_is_refused_by_its_size_and_not_read() -> None:
    class Unread(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise AssertionError

    with pytest.raises(ImportRefusedError, match="200 MB"):
        next(read_table(Unread(), 200 * 1024 * 1024))
    assert MOST_BYTES < 200 * 1024 * 1024


def test_too_many_lines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vehicles.services.imports.tables.MOST_LINES", 3)
    with pytest.raises(ImportRefusedError, match="more than 3 lines"):
        cells_of(b"number\n" + b"1A\n" * 4)


def test_workbook_is_read_with_numbers_and_dates_as_text() -> None:
    content = workbook([["number", "since", "seats"], ["1กข1234", date(2026, 1, 31), 4.0], [None]])
    assert cells_of(content)[1] == ["1กข1234", "2026-01-31", "4"]


def test_workbook_with_macros_is_refused() -> None:
    with pytest.raises(ImportRefusedError, match="macros"):
        cells_of(repacked(workbook([["number"]]), "xl/vbaProject.bin", b"x"))


def test_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(ImportRefusedError, match="unpacks to far more"):
        cells_of(repacked(workbook([["number"]]), "xl/media/image1.png", bytes(50_000_000)))


def test_archive_that_is_no_workbook_is_refused() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("vehicles.csv", "number")
    with pytest.raises(ImportRefusedError, match="no workbook"):
        cells_of(archive.getvalue())


def test_formula_is_named_by_its_cell(organization: Organization, operator: User) -> None:
    content = workbook([["number", "name"], ["1A", "=1+1"], ["2A", "Van"]])

    row = send(organization, content, operator)

    assert outcomes(row) == ["wrong", "new"]
    assert "Cell B2 holds a formula" in lines(row)[0][2][0]


def test_columns_are_guessed_in_english_and_thai(organization: Organization) -> None:
    field = make_field(organization, "permit_until", Kind.DATE)
    headers = ["Licence Plate", "จังหวัด", "ยี่ห้อ", "Colour", "permit until", "unknown", "plate"]
    assert guess_mapping(headers, [field]) == [
        "number", "province", "make", "color", "custom.permit_until", "", "",
    ]  # fmt: skip


def test_dry_run_says_what_is_new_changed_unchanged_and_wrong(
    organization: Organization, operator: User
) -> None:
    van = make_vehicle(organization, make="Toyota", tags=["VIP"])
    assign_plate(vehicle=van, plate=make_plate(organization), actor=None)
    same = make_vehicle(organization, name="Same")
    assign_plate(vehicle=same, plate=make_plate(organization, "AB1", "", ""), actor=None)
    before = AuditEvent.objects.filter(action=AuditEvent.Action.CHANGED).count()

    row = send(
        organization,
        HEAD
        + "๑กข-๑๒๓๔,กรุงเทพ,Van,\u200bHonda,vip;Post,\n"
        + "2กข1234,Bangkok,New van,,,Somchai\n"
        + "AB1,,Same,,,\n"
        + "<b>,,,,,\n"
        + "2กข 1234,TH-10,Twice,,,\n"
        + "3กข1234,Atlantis,,,,\n",
        operator,
    )

    assert [(line, outcome) for line, outcome, _ in lines(row)] == [
        (2, "changed"), (3, "new"), (4, "unchanged"), (5, "wrong"), (6, "wrong"), (7, "wrong"),
    ]  # fmt: skip
    changes = row.lines.get(line=2).changes
    assert changes == {"make": ["Toyota", "Honda"], "tags": [["VIP"], ["Post", "VIP"]]}
    errors = {line: " ".join(told) for line, _outcome, told in lines(row)}
    assert "letters and digits" in errors[5]
    assert "line 3 already" in errors[6]
    assert "province is not known" in errors[7]
    assert (row.new_count, row.changed_count, row.unchanged_count, row.wrong_count) == (1, 1, 1, 3)
    assert Vehicle.objects.count() == 2, "a dry run writes nothing"
    assert AuditEvent.objects.filter(action=AuditEvent.Action.CHANGED).count() == before
    with pytest.raises(ImportRefusedError, match="lines are wrong"):
        confirm_import(vehicle_import=row, actor=operator)


def test_confirmed_file_is_taken_over(organization: Organization, operator: User) -> None:
    make_field(organization, "permit_until", Kind.DATE)
    van = make_vehicle(organization, make="Toyota")
    plate = make_plate(organization)
    assign_plate(vehicle=van, plate=plate, actor=None)
    content = (
        "number,province,make,status,reason,since,permit until,notes\n"
        "1กข1234,กรุงเทพ,Honda,stolen,Report 7,01/01/2569,2027-01-31,\n"
        '2กข1234,เชียงใหม่,Isuzu,,,,,"two\nlines"\n'
    )
    row = send(organization, content, operator)
    assert outcomes(row) == ["changed", "new"], lines(row)

    confirm_import(vehicle_import=row, actor=operator)
    apply_file(import_id=row.pk)
    apply_file(import_id=row.pk)

    for changed in (row, van, plate):
        changed.refresh_from_db()
    assert row.state == "done", row.error
    assert (van.make, van.custom) == ("Honda", {"permit_until": "2027-01-31"})
    assert plate.status == "stolen"
    assert plate.status_entries.get().source == "import"
    assert van.tenures.get().since == date(2026, 1, 1)
    new = Plate.objects.get(number="2กข1234")
    assert new.vehicle is not None
    assert (new.vehicle.make, new.vehicle.notes) == ("Isuzu", "two\nlines")
    assert not new.was_seen
    assert AuditEvent.objects.filter(action=AuditEvent.Action.IMPORTED).count() == 1
    again = send(organization, content, operator)
    assert outcomes(again) == ["unchanged", "unchanged"]


def test_nothing_is_half_done_where_something_changed_meanwhile(
    organization: Organization, operator: User
) -> None:
    van = make_vehicle(organization, make="Toyota")
    assign_plate(vehicle=van, plate=make_plate(organization, "AB2", "", ""), actor=None)
    row = send(organization, "number,make\nAB1,Isuzu\nAB2,Honda\n", operator)
    confirm_import(vehicle_import=row, actor=operator)
    save_vehicle(vehicle=van, changes={"make": "Mazda"}, actor=None)

    apply_file(import_id=row.pk)

    row.refresh_from_db()
    van.refresh_from_db()
    assert row.state == "failed"
    assert "Line 3" in row.error
    assert van.make == "Mazda"
    assert not Plate.objects.filter(number="AB1").exists(), "line 2 was right and is undone"

    change_mapping(vehicle_import=row, mapping=row.mapping, actor=operator)
    check_file(import_id=row.pk)
    row.refresh_from_db()
    assert row.may_be_applied


def test_columns_are_chosen_by_people(organization: Organization, operator: User) -> None:
    row = send(organization, "a,b\n1A,Van\n", operator)
    assert row.state == "failed"
    assert "No column holds the plate" in row.error
    for mapping in (["number"], ["number", "number"], ["number", "password"]):
        with pytest.raises(ImportRefusedError):
            change_mapping(vehicle_import=row, mapping=mapping, actor=operator)

    change_mapping(vehicle_import=row, mapping=["number", "name"], actor=operator)
    check_file(import_id=row.pk)

    row.refresh_from_db()
    assert outcomes(row) == ["new"]


def test_who_does_not_edit_sends_no_file(organization: Organization, outsider: User) -> None:
    for actor in (make_member(organization, Role.ANALYST), outsider):
        with pytest.raises(NotAllowedError):
            send(organization, TEXT, actor)


def test_lost_and_old_files_are_tidied(
    organization: Organization, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued: list[str] = []
    old, lost = send(organization, TEXT, operator), send(organization, TEXT, operator)
    now = timezone.now()
    VehicleImport.objects.filter(pk=old.pk).update(created_at=now - timedelta(days=8))
    VehicleImport.objects.filter(pk=lost.pk).update(
        state="checking", heartbeat_at=now - timedelta(minutes=5)
    )
    monkeypatch.setattr("vehicles.tasks.check_import.delay", queued.append)

    tidy_imports()

    assert queued == [str(lost.pk)]
    assert list(VehicleImport.objects.all()) == [lost]
    discard_import(vehicle_import=lost, actor=operator)
    assert not ImportLine.objects.exists()


@pytest.fixture
def _eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks run at once."""
    monkeypatch.setattr("vehicles.tasks.check_import.delay", lambda pk: check_file(import_id=pk))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_eager")
def test_page_shows_lines_and_takes_over(
    client_of: ClientOf, organization: Organization, operator: User, outsider: User
) -> None:
    client = client_of(operator)
    page = reverse("vehicles:imports")
    content = ContentFile(HEAD.encode() + "1กข1234,กรุงเทพ,Van,Toyota,,\n".encode(), "cars.csv")

    wrong = client.post(page, {"file": ContentFile(b"x", "x.csv")}, format="multipart")
    sent = client.post(page, {"file": content}, format="multipart")
    row = VehicleImport.objects.get()
    shown = client.get(sent["Location"]).content.decode()
    act = reverse("vehicles:import-act", args=[row.pk])

    assert wrong.status_code == 422
    assert "no lines below" in wrong.content.decode()
    assert "1กข1234 TH TH-10" in shown
    assert "Toyota" in shown
    assert client_of(outsider).post(act, {"do": "confirm"}).status_code == 404
    client.post(act, {"do": "confirm"}, format="multipart")
    row.refresh_from_db()
    assert row.state == "applying"
    assert "number,country" in client.get(reverse("vehicles:import-template")).content.decode()
