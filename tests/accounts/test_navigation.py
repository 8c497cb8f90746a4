"""The navigation offers what a person has use of, and no page that refuses it."""

from collections.abc import Callable

import pytest
from django.http import HttpRequest
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.context_processors import PAGES, navigation
from accounts.models import Organization, Role, User
from accounts.views.details import details_of, kind_of
from alerts.models.watchlists import READERS
from cameras.models import Camera
from cameras.services import grant_camera
from tests.accounts.factories import make_member
from tests.alerts.factories import make_watchlist

ClientOf = Callable[[User], APIClient]
# What a page says to those whom it is of no use; the trail is not even there.
REFUSALS = {
    "detections:review": "Reviewing is not among your rights.",
    "vehicles:list": "Vehicles are not open to you.",
    "alerts:watchlists": "There is no list that you may see.",
    "detections:uploads": "You have no camera to which you may send files.",
    "reports:exports": "Your role takes no files away.",
    "accounts:audit": "",
    "detections:keeping": "This page is for owners, managers and auditors.",
}


def offered(user: User) -> set[str]:
    request = HttpRequest()
    request.user, request.path = User.objects.get(pk=user.pk), "/"
    urls = {entry.url for entry in navigation(request)["navigation"]()}
    return {name for name, _label, _icon in PAGES if reverse(name) in urls}


@pytest.mark.parametrize("role", list(Role))
def test_navigation_offers_no_page_that_refuses_and_every_other(
    organization: Organization, camera: Camera, client_of: ClientOf, role: Role
) -> None:
    make_watchlist(organization, list_roles=READERS)
    user = make_member(organization, role)
    grant_camera(camera=camera, user=user, permission="view_camera", actor=None)
    client, pages = client_of(user), offered(user)

    for name, _label, _icon in PAGES:
        answer = client.get(reverse(name))
        refusal = REFUSALS.get(name)
        is_refused = answer.status_code == 404 or bool(
            refusal and refusal in answer.content.decode()
        )
        # Analysts and auditors see what others uploaded.
        if name == "detections:uploads" and role in {Role.ANALYST, Role.AUDITOR}:
            is_refused = False
        assert is_refused == (name not in pages), name


def test_navigation_offers_what_was_granted_to_a_viewer(
    organization: Organization, camera: Camera, viewer: User, superuser: User
) -> None:
    before = offered(viewer)
    grant_camera(camera=camera, user=viewer, permission="operate_camera", actor=None)
    make_watchlist(organization, list_roles=["viewer"])

    assert offered(viewer) - before == {"detections:uploads", "alerts:watchlists"}
    assert offered(superuser) == {name for name, _label, _icon in PAGES}


def test_details_of_an_event_are_lines_in_words() -> None:
    detail = {
        "as": "superuser",
        "criteria": {"text": "1กข1234", "camera": ["a", "b"]},
        "is_active": False,
        "some_thing": None,
        "repeated": "the label",
    }

    shown = details_of(detail, beside="the label", names={"a": "Gate"})

    assert [tuple(line) for line in shown.lines] == [
        ("as", "superuser"),
        ("looked for, text", "1กข1234"),
        ("looked for, camera", "Gate, b"),
        ("active", "no"),
    ]
    assert shown.is_long
    assert not details_of({"as": "x"}, beside="", names={}).is_long
    assert kind_of("accounts.membership") == "membership"
    assert kind_of("gone.thing_of_old") == "thing of old"
