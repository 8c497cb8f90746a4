"""Every door in the table of addresses, tried by strangers and by keys of the wrong kind."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient
from rest_framework.views import APIView

from accounts.models import Membership, Organization, Role, Scope, User
from alerts.models import Delivery, FeedRun, ListChange, MessageTemplate
from alerts.models import Rule as AlertRule
from alerts.services.feeds.setting_up import create_feed
from cameras.models import Camera
from detections.criteria.criteria import Criteria
from detections.models import DeletionCertificate, NumberMatch, PlateRequest, Upload
from detections.services.corrections import Wanted, correct_batch, create_rule
from detections.services.keeping.certificates import close_certificate, open_certificate
from detections.services.keeping.holds import create_hold
from detections.services.keeping.subjects import request_plate
from detections.services.reviewing import confirm_detection
from detections.services.saved_searches import save_search
from reports.models import Export
from tests.accounts.factories import make_api_key, make_member
from tests.alerts.factories import (
    make_alert,
    make_endpoint,
    make_entry,
    make_policy,
    make_watchlist,
    see,
)
from tests.cameras.factories import make_camera_group
from tests.detections.factories import make_detection
from vehicles.models import (
    CustomField,
    IgnoredPlate,
    LookUpResult,
    LookUpSource,
    Tag,
    Vehicle,
    VehicleImport,
)
from vehicles.services.registrations import assign_plate

ClientOf = Callable[[User], APIClient]
# What concerns everybody or nobody: who am I, the registry of models, the description itself.
SHARED = {"me", "models", "schema", "api-docs", "signing-keys"}


class Door(NamedTuple):
    """One address: its name, what follows the server's name, and the view behind it."""

    name: str
    route: str
    view: Any


def doors(namespace: str) -> list[Door]:
    found: list[Door] = []
    for entry in get_resolver().url_patterns:
        if isinstance(entry, URLResolver) and entry.app_name == namespace:
            for view in entry.url_patterns:
                if isinstance(view, URLPattern):
                    route = f"/{entry.pattern}{str(view.pattern).strip('^$')}"
                    found.append(Door(str(view.name), route, view.callback))
    return found


# Whoever holds an evidence pack checks it, with an account or without; so opens the picture of an
# alert whoever holds its link, which expires.
OPEN = {"evidence", "verifier", "picture"}
API = doors("api")
PAGES = [
    *doors("accounts"),
    *doors("detections"),
    *doors("vehicles"),
    *(door for door in doors("alerts") if door.name not in OPEN),
    *(door for door in doors("reports") if door.name not in OPEN),
]


def methods_of(door: Door) -> list[str]:
    actions = getattr(door.view, "actions", None)
    known = actions or {
        method: method for method in APIView.http_method_names if hasattr(door.view.cls, method)
    }
    return [method for method in known if method not in {"options", "head"}]


@pytest.fixture
def things(organization: Organization, camera: Camera, jpeg: bytes) -> dict[str, Any]:
    """One of everything that has an address, in the first organization."""
    detection = make_detection(camera, frame=jpeg, crop=jpeg)
    upload = Upload.objects.create(
        organization=organization,
        camera=camera,
        original_name="gate.jpg",
        kind=Upload.Kind.PICTURE,
        size_bytes=1,
        captured_at=detection.captured_at,
    )
    group = make_camera_group(organization, [camera])
    manager = make_member(organization, Role.MANAGER)
    rule = create_rule(
        wanted=Wanted(camera=camera, match=NumberMatch.WHOLE, read_number="0ABC", number="OABC"),
        actor=manager,
    )
    make_detection(camera, text="0ABD")
    batch = correct_batch(
        wanted=Wanted(camera=camera, match=NumberMatch.WHOLE, read_number="0ABD", number="OABD"),
        actor=manager,
    )
    export, pack = (
        Export.objects.create(
            organization=organization, created_by=manager, kind=kind, format=Export.Format.ZIP
        )
        for kind in (Export.Kind.DETECTIONS, Export.Kind.EVIDENCE)
    )
    entry = confirm_detection(detection_id=detection.pk, actor=manager)
    vehicle = Vehicle.objects.create(organization=organization, name="Van")
    assert detection.plate is not None
    tenure = assign_plate(vehicle=vehicle, plate=detection.plate, actor=manager)
    hold = create_hold(
        organization=organization,
        actor=manager,
        reason="court order",
        detection_ids=[detection.pk],
    )
    certificate = open_certificate(organization=organization, kind=DeletionCertificate.Kind.ERASURE)
    close_certificate(certificate=certificate, is_whole=True)
    watchlist = make_watchlist(organization)
    listed = make_entry(watchlist)
    _seen, [hit] = see(camera)
    feed = create_feed(watchlist=watchlist, actor=manager, name="Feed", kind="upload", format="csv")
    return {
        "watchlist": watchlist.pk,
        "<uuid:pk>": watchlist.pk,
        "<uuid:list_id>": watchlist.pk,
        "<uuid:listed_id>": listed.pk,
        "<uuid:feed_id>": feed.pk,
        "<uuid:run_id>": (run := FeedRun.objects.create(feed=feed, state="tried")).pk,
        "feed-run": run.pk,
        "<int:change_id>": ListChange.objects.latest("id").pk,
        "entry": listed.pk,
        "hit": hit.pk,
        "feed": feed.pk,
        "legal-hold": hold.pk,
        "deletion-certificate": certificate.pk,
        "<uuid:request_id>": request_plate(
            plate=detection.plate,
            kind=PlateRequest.Kind.EXPORT,
            actor=manager,
            reason="its owner asks",
        ).pk,
        "<uuid:hold_id>": hold.pk,
        "<uuid:certificate_id>": certificate.pk,
        "correction-batch": batch.pk,
        "correction-rule": rule.pk,
        "review": entry.pk,
        "alert": (alert := make_alert(camera, "9กข9999")).pk,
        "<uuid:alert_id>": alert.pk,
        "alert-rule": (
            alert_rule := AlertRule.objects.create(organization=organization, name="R")
        ).pk,
        "<int:alert_rule_id>": alert_rule.pk,
        "recipient": (endpoint := make_endpoint(organization)).pk,
        "escalation-policy": make_policy(organization, (0, [endpoint])).pk,
        "message-template": MessageTemplate.objects.create(
            organization=organization, name="T", subject="S", body="B"
        ).pk,
        "delivery": Delivery.objects.create(
            organization=organization, endpoint=endpoint, kind="test", due_at=timezone.now()
        ).pk,
        "camera": camera.pk,
        "camera-group": group.pk,
        "detection": detection.pk,
        "export": export.pk,
        "evidence-pack": pack.pk,
        "<uuid:export_id>": export.pk,
        "plate": detection.plate_id,
        "vehicle": vehicle.pk,
        "vehicle-plate": tenure.pk,
        "vehicle-tag": Tag.objects.create(organization=organization, name="VIP").pk,
        "vehicle-field": CustomField.objects.create(
            organization=organization, key="extra", label="Extra"
        ).pk,
        "ignored-plate": IgnoredPlate.objects.create(
            organization=organization, number="IGN0RED", reason="Test"
        ).pk,
        "upload": upload.pk,
        "<uuid:vehicle_id>": vehicle.pk,
        "<int:tenure_id>": tenure.pk,
        "<uuid:import_id>": (
            sent := VehicleImport.objects.create(
                organization=organization, original_name="cars.csv", size_bytes=1
            )
        ).pk,
        "vehicle-import": sent.pk,
        "look-up-source": (
            register := LookUpSource.objects.create(organization=organization, name="DMV")
        ).pk,
        "look-up": LookUpResult.objects.create(
            plate=detection.plate, source=register, outcome="found"
        ).pk,
        "<uuid:detection_id>": detection.pk,
        "<uuid:search_id>": save_search(
            owner=manager, organization=organization, criteria=Criteria(text="1กข1834")
        ).pk,
        "<uuid:plate_id>": detection.plate_id,
        "<uuid:upload_id>": upload.pk,
        "<uuid:camera_id>": camera.pk,
        "<uuid:entry_id>": entry.pk,
        "<uuid:batch_id>": batch.pk,
        "<int:rule_id>": rule.pk,
    }


def address(door: Door, things: dict[str, Any]) -> str:
    """The door's address for a thing of the first organization; fails for a kind not named here."""
    route = door.route.replace("(?P<pk>[^/.]+)", "<pk>")
    if "<pk>" in route:
        kind = max((kind for kind in things if door.name.startswith(kind)), key=len)
        route = route.replace("<pk>", str(things[kind]))
    for placeholder in (kind for kind in things if kind.startswith("<")):
        route = route.replace(placeholder, str(things[placeholder]))
    assert "<" not in route, f"Name in `things` what stands in {route}."
    return route


@pytest.fixture(autouse=True)
def _unhurried(settings: Settings) -> None:
    """One person tries all doors, more often than people may."""
    settings.API_RATES = dict.fromkeys(settings.API_RATES, (10**6, 10**6))


def test_api_tells_a_stranger_nothing_of_one_thing(
    client_of: ClientOf, things: dict[str, Any], outsider: User, subtests: pytest.Subtests
) -> None:
    client = client_of(outsider)

    for door in [door for door in API if "<pk>" in door.route]:
        for method in methods_of(door):
            with subtests.test(door.route, method=method):
                answer = getattr(client, method)(address(door, things), {})
                assert answer.status_code == 404
                assert answer.json()["error"]["code"] == "not_found"


def test_api_lists_nothing_to_a_stranger(
    client_of: ClientOf, things: dict[str, Any], outsider: User, subtests: pytest.Subtests
) -> None:
    client = client_of(outsider)

    for door in [door for door in API if "get" in methods_of(door)]:
        if "<pk>" not in door.route and door.name not in SHARED:
            with subtests.test(door.route):
                assert client.get(door.route).json()["results"] == []


def test_page_is_unknown_to_a_stranger(
    client_of: ClientOf, things: dict[str, Any], outsider: User, subtests: pytest.Subtests
) -> None:
    client = client_of(outsider)

    for door in [door for door in PAGES if "<" in door.route]:
        with subtests.test(door.route):
            statuses = {client.get(address(door, things)).status_code} | {
                client.post(address(door, things)).status_code
            }
            assert 404 in statuses
            assert statuses <= {404, 405}


def test_api_asks_who_is_calling(things: dict[str, Any], subtests: pytest.Subtests) -> None:
    for door in API:
        for method in methods_of(door):
            with subtests.test(door.route, method=method):
                answer = getattr(APIClient(), method)(address(door, things), {})
                assert answer.status_code == 401
                assert answer.json()["error"].keys() == {"code", "message", "detail"}


def test_page_asks_who_is_calling(
    client: Client, things: dict[str, Any], subtests: pytest.Subtests
) -> None:
    for door in PAGES:
        with subtests.test(door.route):
            answer = client.get(address(door, things))
            assert answer.status_code in {302, 401, 403, 405}
            if answer.status_code == 302:
                assert answer["Location"].startswith("/accounts/login/")


def test_api_asks_a_key_for_its_scope(
    organization: Organization, things: dict[str, Any], subtests: pytest.Subtests
) -> None:
    def client_without(scope: Scope) -> APIClient:
        _, secret = make_api_key(organization, *(other for other in Scope if other != scope))
        return APIClient(headers={"Authorization": f"Bearer {secret}"})

    clients = {scope: client_without(scope) for scope in Scope}
    # The others open to every key.
    for door in [door for door in API if door.name not in SHARED - {"models", "signing-keys"}]:
        for method in methods_of(door):
            with subtests.test(door.route, method=method):
                attribute = "read_scope" if method == "get" else "write_scope"
                scope = getattr(door.view.cls, attribute, None)
                assert scope in Scope.values, f"{door.name} names no {attribute}"
                client = clients[Scope(scope)]
                answer = getattr(client, method)(address(door, things), {})
                assert answer.status_code == 403
                assert answer.json()["error"]["code"] == "permission_denied"


def test_api_describes_each_failure_alike(
    client_of: ClientOf, things: dict[str, Any], staff: User, subtests: pytest.Subtests
) -> None:
    client = client_of(staff)
    for door in API:
        url = address(door, things)
        with subtests.test(door.route):
            failures = [
                client.trace(url) if hasattr(client, "trace") else client.generic("TRACE", url),
                client.generic("POST", url, "{", content_type="text/csv"),
                client.generic("PATCH", url, "{", content_type="application/json"),
                client.get(f"{url}{uuid4()}/nothing/"),
            ]
            for answer in failures:
                assert 400 <= answer.status_code < 500
                error = answer.json()["error"]
                assert error.keys() == {"code", "message", "detail"}
                assert error["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/?text=%00",
        "/detections/?text=%00",
        "/admin/?q=%00",
        "/admin/cameras/camera/?q=%00",
        "/admin/accounts/membership/?role__exact=%00",
        "/admin/cameras/camera/%00/change/",
        "/api/v1/detections/?country=%00",
    ],
)
def test_address_with_a_nul_is_refused(
    client_of: ClientOf, superuser: User, staff: User, path: str
) -> None:
    for user in (superuser, staff):
        assert client_of(user).get(path).status_code in {400, 404}


@pytest.mark.parametrize(
    "path",
    [
        "/detections/?after=zz",
        "/detections/?before=zz",
        "/uploads/?after=zz",
        "/search/?text=AB12&show=detections&after=zz",
        "/search/?text=AB12&show=plates&after=zz",
        "/vehicles/?after=zz",
        "/watchlists/hits?before=zz",
        "/exports/?after=zz",
        "/audit/?after=zz",
    ],
)
def test_page_that_begins_at_no_row_is_unknown(
    client_of: ClientOf, superuser: User, organization: Organization, path: str
) -> None:
    Membership.objects.create(user=superuser, organization=organization, role=Role.AUDITOR)
    client = client_of(superuser)

    assert client.get(path.partition("?")[0]).status_code == 200
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("bad", ["zz", "\N{SUPERSCRIPT TWO}", "-1", "9" * 5_000])
def test_chosen_row_that_cannot_be_is_unknown(
    client_of: ClientOf,
    organization: Organization,
    camera: Camera,
    staff: User,
    things: dict[str, Any],
    bad: str,
    subtests: pytest.Subtests,
) -> None:
    client, detection = client_of(staff), str(things["detection"])
    posts = [
        ("/review/next", "detection", detection),
        ("/review/next", "passed", detection),
        ("/review/hold", "held", detection),
        (f"/review/{detection}/merge", "absorbed", str(make_detection(camera).pk)),
        (f"/review/{detection}/split", "reading", "0"),
        ("/alerts/note", "organization", str(organization.pk)),
        ("/admin/cameras/camera/test-connection/", "organization", str(organization.pk)),
    ]
    gets = [
        ("/alerts/rules/new", "organization", str(organization.pk)),
        ("/exports/evidence/", "detection", detection),
        (f"/vehicles/import/{things['<uuid:import_id>']}/", "after", "1"),
    ]
    for ask, wanted in ((partial(client.post, format="multipart"), posts), (client.get, gets)):
        for path, name, good in wanted:
            with subtests.test(path, name=name):
                assert ask(path, {name: good}).status_code != 404
                assert ask(path, {name: bad}).status_code == 404
    for path in ("/alerts/precision/", f"/vehicles/{things['<uuid:vehicle_id>']}/visits"):
        assert client.get(path, {"days": bad, "gap": bad}).status_code == 200
    for assignee, code in ((staff.pk, 200), (bad, 404)):
        asked = {"action": "assign", "ids": [str(things["alert"])], "assignee": assignee}
        assert client.post("/alerts/act", asked, format="json").status_code == code


def test_session_with_a_nul_is_refused(client: Client, db: None) -> None:
    client.cookies["session"] = "a\0" * 16

    assert client.get("/").status_code == 400


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing/", "/api/v1/cameras", "/api/v1/", "/api/v1/cameras/%00/"]
)
def test_api_describes_what_is_not_there(db: None, path: str) -> None:
    answer = APIClient().get(path)

    assert answer.status_code in {301, 401, 404}
    if answer.status_code != 301:
        assert answer.json()["error"]["message"]
