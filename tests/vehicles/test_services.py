"""What people write about vehicles and plates."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import AuditEvent, Organization, Role, User
from lpr_project.common.errors import NotAllowedError
from tests.accounts.factories import make_member
from tests.vehicles.factories import make_plate
from vehicles.errors import NumberRefusedError, VehicleRefusedError
from vehicles.models import NEVER_SEEN, CustomField, Plate, PlateStatusEntry, Tag, Vehicle
from vehicles.selectors import sees_owners, vehicles_found, vehicles_visible_to
from vehicles.services import PlateKey
from vehicles.services.custom import delete_custom_field, read_custom, save_custom_field, save_tag
from vehicles.services.registrations import (
    assign_plate,
    change_tenure,
    ensure_plate,
    follow_tenures_of_today,
    read_registration,
    remove_tenure,
    set_plate_status,
)
from vehicles.services.vehicles import delete_vehicle, save_vehicle

Kind = CustomField.Kind


def make_vehicle(organization: Organization, **changes: Any) -> Vehicle:
    vehicle = Vehicle(organization=organization)
    save_vehicle(vehicle=vehicle, changes={"name": "Van", **changes}, actor=None)
    return vehicle


def make_field(organization: Organization, key: str, kind: Kind, *choices: str) -> CustomField:
    field = CustomField(
        organization=organization, key=key, label=key.title(), kind=kind, choices=list(choices)
    )
    return save_custom_field(field=field, actor=None)


@pytest.mark.parametrize(
    ("written", "key"),
    [
        (("1กข-1234", "", "กรุงเทพ"), PlateKey("1กข1234", "TH", "TH-10")),
        (("๑กข ๑๒๓๔", "th", "chiang mai"), PlateKey("1กข1234", "TH", "TH-50")),
        (("ab\u200b12 cde", "gb", ""), PlateKey("AB12CDE", "GB", "")),
        (("M AB 123", "", "DE-BY"), PlateKey("MAB123", "DE", "DE-BY")),
    ],
)
def test_registration_is_read_however_it_is_written(
    written: tuple[str, str, str], key: PlateKey
) -> None:
    assert read_registration(*written) == key


@pytest.mark.parametrize(
    ("written", "field"),
    [
        (("<b>", "", ""), "number"),
        (("", "", ""), "number"),
        (("AB12", "GBR", ""), "country"),
        (("AB12", "GB", "Bangkok"), "province"),
        (("AB12", "", "Atlantis"), "province"),
        (("AB12", "GB", "DE-BY"), "province"),
    ],
)
def test_registration_that_is_none_names_its_field(
    written: tuple[str, str, str], field: str
) -> None:
    with pytest.raises(NumberRefusedError) as told:
        read_registration(*written)
    assert list(told.value.detail) == [field]


def test_vehicle_is_written_with_tags_and_custom_fields_and_audited(
    organization: Organization, operator: User
) -> None:
    make_field(organization, "permit_until", Kind.DATE)
    vehicle = Vehicle(organization=organization)

    save_vehicle(
        vehicle=vehicle,
        changes={
            "make": " Toyota ",
            "owner_name": "สมชาย",
            "tags": ["Staff", "staff", "VIP"],
            "custom": {"permit_until": "2027-01-31"},
        },
        actor=operator,
    )

    vehicle.refresh_from_db()
    assert (vehicle.make, vehicle.owner_name) == ("Toyota", "สมชาย")
    assert sorted(tag.name for tag in vehicle.tags.all()) == ["VIP", "staff"]
    assert vehicle.custom == {"permit_until": "2027-01-31"}
    event = AuditEvent.objects.get(action=AuditEvent.Action.CREATED, target_id=str(vehicle.pk))
    assert event.detail["make"] == ["", "Toyota"]
    assert "สมชาย" not in str(event.detail), "personal data would stay in the trail for ever"


def test_change_that_changes_nothing_is_not_audited(organization: Organization) -> None:
    vehicle = make_vehicle(organization, tags=["VIP"])
    before = AuditEvent.objects.count()

    assert save_vehicle(vehicle=vehicle, changes={"name": "Van", "tags": ["vip"]}, actor=None) == []
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AUDITOR, Role.VIEWER])
def test_readers_do_not_write(organization: Organization, role: Role) -> None:
    reader = make_member(organization, role)
    vehicle = make_vehicle(organization)
    plate = make_plate(organization)

    with pytest.raises(NotAllowedError):
        save_vehicle(vehicle=vehicle, changes={"name": "x"}, actor=reader)
    with pytest.raises(NotAllowedError):
        assign_plate(vehicle=vehicle, plate=plate, actor=reader)
    with pytest.raises(NotAllowedError):
        set_plate_status(plate=plate, status=Plate.Status.STOLEN, reason="x", actor=reader)
    with pytest.raises(NotAllowedError):
        delete_vehicle(vehicle=vehicle, actor=reader)


@pytest.mark.parametrize(
    ("role", "sees", "sees_owner"),
    [
        (Role.OWNER, True, True),
        (Role.MANAGER, True, True),
        (Role.OPERATOR, True, True),
        (Role.ANALYST, True, False),
        (Role.AUDITOR, True, False),
        (Role.VIEWER, False, False),
    ],
)
def test_who_sees_vehicles_and_owners(
    organization: Organization, role: Role, sees: bool, sees_owner: bool, outsider: User
) -> None:
    make_vehicle(organization)
    member = make_member(organization, role)

    assert vehicles_visible_to(member).exists() is sees
    assert sees_owners(member, organization) is sees_owner
    assert not vehicles_visible_to(outsider)


def test_vehicle_changes_plates_and_each_keeps_its_time(organization: Organization) -> None:
    vehicle = make_vehicle(organization)
    old, new = make_plate(organization, "AB1"), make_plate(organization, "AB2")
    today = timezone.localdate()

    assign_plate(vehicle=vehicle, plate=old, since=date(2020, 1, 1), until=today, actor=None)
    assign_plate(vehicle=vehicle, plate=new, since=today, actor=None)

    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.vehicle, new.vehicle) == (None, vehicle)
    assert [tenure.plate for tenure in vehicle.tenures.all()] == [new, old]


def test_plate_belongs_to_one_vehicle_at_a_time(organization: Organization) -> None:
    first, second = make_vehicle(organization), make_vehicle(organization)
    plate = make_plate(organization)
    tenure = assign_plate(vehicle=first, plate=plate, since=date(2020, 1, 1), actor=None)

    with pytest.raises(VehicleRefusedError, match="another vehicle"):
        assign_plate(vehicle=second, plate=plate, since=date(2021, 1, 1), actor=None)
    change_tenure(tenure=tenure, since=tenure.since, until=date(2021, 1, 1), actor=None)
    assign_plate(vehicle=second, plate=plate, since=date(2021, 1, 1), actor=None)

    plate.refresh_from_db()
    assert plate.vehicle == second
    with pytest.raises(VehicleRefusedError):
        change_tenure(tenure=tenure, since=None, until=None, actor=None)


def test_end_before_the_beginning_is_refused(organization: Organization) -> None:
    vehicle, plate = make_vehicle(organization), make_plate(organization)
    day = date(2021, 1, 1)
    with pytest.raises(VehicleRefusedError, match="after the beginning"):
        assign_plate(vehicle=vehicle, plate=plate, since=day, until=day, actor=None)


def test_plate_of_another_organization_is_refused(
    organization: Organization, other_organization: Organization
) -> None:
    with pytest.raises(VehicleRefusedError):
        assign_plate(
            vehicle=make_vehicle(organization), plate=make_plate(other_organization), actor=None
        )


def test_removed_tenure_lets_the_plate_go(organization: Organization) -> None:
    vehicle, plate = make_vehicle(organization), make_plate(organization)
    tenure = assign_plate(vehicle=vehicle, plate=plate, actor=None)

    remove_tenure(tenure=tenure, actor=None)

    plate.refresh_from_db()
    assert plate.vehicle is None


def test_tenure_that_ends_by_the_calendar_lets_the_plate_go(organization: Organization) -> None:
    vehicle, plate = make_vehicle(organization), make_plate(organization)
    tenure = assign_plate(vehicle=vehicle, plate=plate, actor=None)
    type(tenure).objects.update(until=timezone.localdate())

    assert follow_tenures_of_today() == 1

    plate.refresh_from_db()
    assert plate.vehicle is None
    assert follow_tenures_of_today() == 0


def test_plate_that_no_camera_saw_is_first_seen_when_one_does(organization: Organization) -> None:
    plate = ensure_plate(organization=organization, key=PlateKey("1กข1234", "TH", "TH-10"))
    assert not plate.was_seen
    moment = timezone.now() - timedelta(hours=1)

    make_plate(organization, seen_at=moment)

    plate.refresh_from_db()
    assert (plate.first_seen_at, plate.last_seen_at, plate.detections_count) == (moment, moment, 1)
    assert NEVER_SEEN.year == 1970


def test_status_keeps_its_history(organization: Organization, operator: User) -> None:
    plate = make_plate(organization)

    set_plate_status(plate=plate, status=Plate.Status.ACTIVE, reason="", actor=operator)
    set_plate_status(plate=plate, status=Plate.Status.STOLEN, reason="Report 7", actor=operator)
    again = set_plate_status(plate=plate, status=Plate.Status.STOLEN, reason="x", actor=operator)

    assert again is None
    entries = PlateStatusEntry.objects.filter(plate=plate)
    assert [(entry.before, entry.status, entry.reason) for entry in entries] == [
        ("active", "stolen", "Report 7"),
        ("unknown", "active", ""),
    ]
    assert entries[0].actor_label == operator.email
    plate.refresh_from_db()
    assert plate.status == "stolen"


def test_stolen_needs_a_reason(organization: Organization) -> None:
    with pytest.raises(VehicleRefusedError, match="why"):
        set_plate_status(
            plate=make_plate(organization), status=Plate.Status.STOLEN, reason=" ", actor=None
        )


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        (Kind.TEXT, " blue ", "blue"),
        (Kind.NUMBER, "1,200.5", 1200.5),
        (Kind.NUMBER, 3.0, 3),
        (Kind.DATE, "2026-02-28", "2026-02-28"),
        (Kind.DATE, date(2026, 2, 28), "2026-02-28"),
        (Kind.FLAG, "Yes", True),
        (Kind.FLAG, "ไม่", False),
        (Kind.FLAG, False, False),
        (Kind.CHOICE, "GOLD", "gold"),
        (Kind.TEXT, "  ", None),
    ],
)
def test_custom_value_is_typed(
    organization: Organization, kind: Kind, value: object, kept: object
) -> None:
    choices = ["gold", "silver"] if kind == Kind.CHOICE else []
    field = make_field(organization, "extra", kind, *choices)

    assert read_custom([field], {"extra": value}) == ({"extra": kept}, {})


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.NUMBER, "many"),
        (Kind.NUMBER, "nan"),
        (Kind.NUMBER, "1e999"),
        (Kind.DATE, "31/02/2026"),
        (Kind.DATE, "2026-02-31"),
        (Kind.FLAG, "perhaps"),
        (Kind.CHOICE, "bronze"),
        (Kind.TEXT, "x" * 201),
    ],
)
def test_custom_value_that_does_not_fit_is_refused(
    organization: Organization, kind: Kind, value: object
) -> None:
    choices = ["gold", "silver"] if kind == Kind.CHOICE else []
    make_field(organization, "extra", kind, *choices)

    with pytest.raises(VehicleRefusedError, match="extra") as told:
        make_vehicle(organization, custom={"extra": value})
    assert "extra" in told.value.detail["custom"]


def test_unknown_custom_field_is_refused(
    organization: Organization, other_organization: Organization
) -> None:
    make_field(other_organization, "extra", Kind.TEXT)
    with pytest.raises(VehicleRefusedError):
        make_vehicle(organization, custom={"extra": "x"})


def test_custom_field_keeps_its_kind_while_vehicles_hold_values(
    organization: Organization, staff: User, operator: User
) -> None:
    field = make_field(organization, "grade", Kind.CHOICE, "gold", "silver")
    vehicle = make_vehicle(organization, custom={"grade": "gold"})

    field.choices = ["silver"]
    with pytest.raises(VehicleRefusedError, match="choice"):
        save_custom_field(field=field, actor=staff)
    field.refresh_from_db()
    field.kind, field.choices = Kind.TEXT, []
    with pytest.raises(VehicleRefusedError, match="old kind"):
        save_custom_field(field=field, actor=staff)
    field.refresh_from_db()
    with pytest.raises(NotAllowedError):
        save_custom_field(field=field, actor=operator)
    delete_custom_field(field=field, actor=staff)

    vehicle.refresh_from_db()
    assert vehicle.custom == {}


def test_choices_belong_to_a_list_alone(organization: Organization) -> None:
    with pytest.raises(ValidationError):
        make_field(organization, "extra", Kind.CHOICE)
    with pytest.raises(ValidationError):
        make_field(organization, "extra", Kind.TEXT, "a")


def test_tags_are_one_whatever_their_case(organization: Organization, operator: User) -> None:
    save_tag(tag=Tag(organization=organization, name="VIP"), actor=operator)
    with pytest.raises(ValidationError):
        save_tag(tag=Tag(organization=organization, name="vip"), actor=operator)
    with pytest.raises(VehicleRefusedError, match="at most 20"):
        make_vehicle(organization, tags=[str(number) for number in range(21)])


def test_vehicles_are_found_by_words_plates_tags_and_status(
    organization: Organization, operator: User
) -> None:
    van = make_vehicle(organization, name="Post van 50%", make="Toyota", tags=["VIP"])
    car = make_vehicle(organization, name="รถกระบะ", owner_name="Secret")
    plate = make_plate(organization)
    assign_plate(vehicle=car, plate=plate, until=date(2020, 1, 1), actor=None)
    stolen = make_plate(organization, "AB12")
    assign_plate(vehicle=van, plate=stolen, actor=None)
    set_plate_status(plate=stolen, status=Plate.Status.STOLEN, reason="x", actor=None)

    def found(**wanted: str) -> list[Vehicle]:
        return list(vehicles_found(vehicles_visible_to(operator), **wanted))

    assert found(text="toyota") == [van]
    assert found(text="50%") == [van]
    assert found(text="5_%") == []
    assert found(text="กระบะ") == [car]
    assert found(text="1กข-12") == [car], "also by a plate that it once had"
    assert found(text="secret") == [], "whose it is cannot be guessed letter by letter"
    assert found(tag="vip") == [van]
    assert found(status="stolen") == [van]
    assert found() == [car, van]
