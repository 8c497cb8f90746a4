"""Staff pages of vehicles."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import Organization, Role, User
from tests.accounts.factories import make_member
from vehicles.models import IgnoredPlate, Vehicle

ClientOf = Callable[[User], APIClient]


def test_auditor_reads_a_vehicle_without_its_owner(
    client_of: ClientOf, organization: Organization, staff: User
) -> None:
    vehicle = Vehicle.objects.create(organization=organization, name="Van", owner_name="Somchai")
    page = reverse("admin:vehicles_vehicle_change", args=[vehicle.pk])
    auditor = make_member(organization, Role.AUDITOR)

    assert "Somchai" in client_of(staff).get(page).content.decode()
    answer = client_of(auditor).get(page)
    assert "Van" in answer.content.decode()
    assert "Somchai" not in answer.content.decode()


def test_vehicle_is_made_and_changed_by_the_service(
    client_of: ClientOf, organization: Organization, staff: User
) -> None:
    client = client_of(staff)
    form = {"organization": organization.pk, "name": "Van", "make": "Toyota"}

    client.post(reverse("admin:vehicles_vehicle_add"), form, format="multipart")
    vehicle = Vehicle.objects.get(name="Van")
    page = reverse("admin:vehicles_vehicle_change", args=[vehicle.pk])
    client.post(page, {"name": "Post van", "make": "Toyota"}, format="multipart")

    vehicle.refresh_from_db()
    assert (vehicle.name, vehicle.make) == ("Post van", "Toyota")


def test_ignored_plate_is_normalised_and_a_wrong_one_named(
    client_of: ClientOf, organization: Organization, staff: User
) -> None:
    client, page = client_of(staff), reverse("admin:vehicles_ignoredplate_add")
    form = {"organization": organization.pk, "number": "๑กข-1234", "reason": "Staff"}

    wrong = client.post(page, {**form, "province": "Atlantis"}, format="multipart")
    right = client.post(page, {**form, "province": "กรุงเทพ"}, format="multipart")

    assert wrong.status_code == 200
    assert "province" in wrong.context["adminform"].form.errors
    assert right.status_code == 302
    row = IgnoredPlate.objects.get()
    assert (row.number, row.country, row.province) == ("1กข1234", "TH", "TH-10")
    assert row.created_by == staff


@pytest.mark.parametrize("text", ['{"make": %s}' % ("9" * 5000), '{"make": "/\\u0000"}'])
def test_fields_of_a_register_that_cannot_be_kept_are_refused_at_the_field(
    client_of: ClientOf, organization: Organization, staff: User, text: str
) -> None:
    form = {
        "organization": organization.pk,
        "name": "Police",
        "kind": "http",
        "url_template": "https://register.example/{number}",
        "mapping": text,
        "limit_seconds": 5,
        "cache_seconds": 60,
        "failures_most": 5,
        "pause_seconds": 60,
    }
    page = reverse("admin:vehicles_lookupsource_add")
    answer = client_of(staff).post(page, form, format="multipart")
    assert answer.status_code == 200
    assert "Enter a valid JSON." in answer.context["adminform"].form.errors["mapping"]
