"""The API of plates."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Organization, User
from tests.vehicles.factories import make_plate

ClientOf = Callable[[User], APIClient]


def numbers(client: APIClient, **query: Any) -> list[str]:
    answer = client.get("/api/v1/plates/", query)
    assert answer.status_code == 200, answer.content
    return [plate["number"] for plate in answer.json()["results"]]


def test_plates_come_last_seen_first_and_only_ones_own(
    client_of: ClientOf,
    organization: Organization,
    other_organization: Organization,
    operator: User,
) -> None:
    now = timezone.now()
    make_plate(organization, "AB12", seen_at=now - timedelta(hours=1))
    make_plate(organization, "CD34", seen_at=now)
    make_plate(other_organization, "EF56")

    assert numbers(client_of(operator)) == ["CD34", "AB12"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"number": "1กข-1234"}, ["1กข1234"]),
        ({"number": "๑กข๑๒๓๔"}, ["1กข1234"]),
        ({"number_prefix": "1กข"}, ["1กข1234"]),
        ({"number": "1กข"}, []),
        ({"country": "gb"}, ["AB12CDE"]),
        ({"province": "TH-10"}, ["1กข1234"]),
    ],
)
def test_plates_are_filtered(
    client_of: ClientOf,
    organization: Organization,
    operator: User,
    query: dict[str, str],
    found: list[str],
) -> None:
    make_plate(organization, "1กข1234")
    make_plate(organization, "AB12CDE", country="GB", province="")

    assert numbers(client_of(operator), **query) == found


def test_plates_refuse_what_stands_on_no_plate(client_of: ClientOf, operator: User) -> None:
    answer = client_of(operator).get("/api/v1/plates/", {"number": "<script>"})

    assert answer.status_code == 400
    assert "number" in answer.json()["error"]["detail"]


def test_plates_are_paged_by_key(
    client_of: ClientOf, organization: Organization, operator: User
) -> None:
    now = timezone.now()
    for number in range(5):
        make_plate(organization, f"AB{number}", seen_at=now - timedelta(minutes=number))
    client = client_of(operator)

    first = client.get("/api/v1/plates/", {"page_size": 2}).json()
    second = client.get(first["next"]).json()

    assert [plate["number"] for plate in first["results"]] == ["AB0", "AB1"]
    assert [plate["number"] for plate in second["results"]] == ["AB2", "AB3"]
    assert "count" not in first


def test_plates_are_read_only(client_of: ClientOf, staff: User) -> None:
    answer = client_of(staff).post("/api/v1/plates/", {"number": "AB12"})

    assert answer.status_code == 405
