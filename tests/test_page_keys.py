"""Addresses of the next page: what is no key of a page leads nowhere."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import Organization, Role, User
from cameras.models import Camera
from tests.accounts.factories import make_member
from tests.detections.factories import make_detection

ClientOf = Callable[[User], APIClient]


@pytest.mark.parametrize(
    ("page", "key", "other"),
    [
        ("accounts:audit", "after", "before"),
        ("alerts:hits", "before", "after"),
        ("detections:uploads", "after", "before"),
        ("reports:exports", "after", "before"),
        ("vehicles:list", "after", "before"),
    ],
)
def test_page_that_goes_one_way_knows_no_key_of_the_other(
    client_of: ClientOf, organization: Organization, page: str, key: str, other: str
) -> None:
    client, address = client_of(make_member(organization, Role.OWNER)), reverse(page)
    statuses = [
        client.get(address, query).status_code
        for query in ({}, {key: str(uuid4())}, {key: "1"}, {other: str(uuid4())}, {other: ""})
    ]
    assert statuses == [200, 200, 404, 404, 404]


def test_passes_of_a_plate_and_sightings_know_no_way_back(
    client_of: ClientOf, operator: User, camera: Camera
) -> None:
    plate = make_detection(camera).plate
    assert plate is not None
    for page in ("detections:plate-passes", "detections:sightings"):
        address = reverse(page, args=[plate.pk])
        assert client_of(operator).get(address).status_code == 200
        assert client_of(operator).get(address, {"before": str(uuid4())}).status_code == 404
