"""Why somebody looks: demanded, kept, shown to auditors, exported, and unusual use of it."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AccessReason, AuditEvent, Organization, Role, User
from accounts.selectors import use_of
from accounts.services import record_audit_event
from alerts.models import Entry
from cameras.models import Camera
from detections.models import Detection
from lpr_project.common.models import uuid7_at
from tests.accounts.factories import make_member
from tests.alerts.factories import make_alert, make_watchlist
from tests.detections.factories import make_detection
from vehicles.models import Vehicle

ClientOf = Callable[[User], APIClient]
Action = AuditEvent.Action


@pytest.fixture
def auditor(organization: Organization) -> User:
    return make_member(organization, Role.AUDITOR, email="auditor@example.org")


@pytest.fixture
def demanding(organization: Organization, other_organization: Organization) -> Organization:
    """The organization, which demands a reason of its list and a case number."""
    organization.demands_reason = organization.demands_case_number = True
    organization.save()
    for text, is_active in (("stolen vehicle", True), ("missing person", True), ("old", False)):
        AccessReason.objects.create(organization=organization, text=text, is_active=is_active)
    AccessReason.objects.create(organization=other_organization, text="parking")
    return organization


GIVEN = {"reason": "stolen vehicle", "case_number": "A-7"}


@pytest.mark.parametrize(
    ("stated", "missing"),
    [
        ({}, {"reason", "case_number"}),
        ({"reason": "stolen vehicle"}, {"case_number"}),
        ({"case_number": "A-7", "reason": "curious"}, {"reason"}),
        ({"case_number": "A-7", "reason": "old"}, {"reason"}),
        ({"case_number": "A-7", "reason": "parking"}, {"reason"}),
        ({"case_number": " ", "reason": "stolen vehicle"}, {"case_number"}),
    ],
)
def test_api_demands_what_the_organization_demands(
    client_of: ClientOf,
    demanding: Organization,
    camera: Camera,
    operator: User,
    stated: dict[str, str],
    missing: set[str],
) -> None:
    detection, client = make_detection(camera, text="1กข1834"), client_of(operator)
    for url, query in (
        ("/api/v1/search/", {"text": "1กข1834"}),
        ("/api/v1/search/", {"cursor": "cD0yMDI2", "text": "1กข1834", "noted": "mine"}),
        ("/api/v1/detections/", {"number": "1กข1834"}),
        ("/api/v1/detections/", {"vehicle_color": "red"}),
        (f"/api/v1/detections/{detection.pk}/", {}),
    ):
        error = client.get(url, query | stated).json()["error"]

        assert error["code"] == "reason_demanded", url
        assert missing == error["detail"].keys() - {"reasons"}
        assert error["detail"]["reasons"] == ["missing person", "stolen vehicle"]
    assert not AuditEvent.objects.filter(action__in=[Action.SEARCHED, Action.VIEWED]).exists()


def test_api_keeps_what_was_stated(
    client_of: ClientOf, demanding: Organization, camera: Camera, operator: User
) -> None:
    detection, client = make_detection(camera, text="1กข1834"), client_of(operator)

    assert client.get("/api/v1/search/", {"text": "1กข-1834", **GIVEN}).status_code == 200
    assert client.get(f"/api/v1/detections/{detection.pk}/", GIVEN).status_code == 200
    # Who watches what passes looks nobody up.
    assert client.get("/api/v1/detections/").status_code == 200

    events = AuditEvent.objects.filter(actor=operator, reason="stolen vehicle", case_number="A-7")
    assert [event.action for event in events.order_by("id")] == ["searched", "viewed"]
    assert events.get(action=Action.SEARCHED).target_label == "1กข1834"


def test_page_asks_why_before_it_opens_a_detection(
    client_of: ClientOf, demanding: Organization, camera: Camera, operator: User
) -> None:
    detection, client = make_detection(camera), client_of(operator)
    url = f"/detections/{detection.pk}/"

    asked = client.get(url)
    assert asked["Location"] == f"/reason/?next=%2Fdetections%2F{detection.pk}%2F"
    assert "missing person" in client.get(asked["Location"]).content.decode()
    assert (
        client.post("/reason/", {"next": url, "reason": "no"}, format="multipart").status_code
        == 422
    )
    answer = client.post("/reason/", {"next": url, **GIVEN}, format="multipart")
    assert answer["Location"] == url
    assert client.get(url).status_code == 200

    event = AuditEvent.objects.get(action=Action.VIEWED)
    assert (event.reason, event.case_number) == ("stolen vehicle", "A-7")
    assert client.get("/detections/", {"text": "1ก"}).status_code == 200
    session = client.session
    session["stated_reason"]["at"] -= 3600
    session.save()
    assert client.get("/detections/", {"text": "1ก"}).status_code == 302
    for elsewhere in (
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example/",
        "http://testserver/detections/",
        "abc",
        "[{",
        "1",
        "accounts:audit",
    ):
        answer = client.post("/reason/", {"next": elsewhere, **GIVEN}, format="multipart")
        assert answer["Location"] == "/search/", elsewhere
    assert answer.status_code == 302


def test_trail_loses_no_line_for_nul(operator: User) -> None:
    event = record_audit_event(
        action=Action.SEARCHED,
        actor=operator,
        target_label="1\0",
        reason="th\0eft",
        case_number="\0",
        detail={"asked": [{"te\0xt": "\0"}], "count": 2},
    )
    event.refresh_from_db()
    assert (event.target_label, event.reason, event.case_number) == ("1␀", "th␀eft", "␀")
    assert event.detail == {"asked": [{"te␀xt": "␀"}], "count": 2}


def test_trail_is_found_by_person_action_time_target_and_reason(
    client_of: ClientOf, organization: Organization, operator: User, staff: User, auditor: User
) -> None:
    for actor, label, reason in (
        (operator, "1กข1834", "stolen vehicle"),
        (operator, "ABC1", "missing person"),
        (staff, "1กข18", ""),
    ):
        record_audit_event(action=Action.SEARCHED, actor=actor, target_label=label, reason=reason)
    client = client_of(auditor)

    def found(**query: str) -> int:
        return str(client.get("/audit/", query).content.decode()).count("data-event=")

    assert found(action="searched") == 3
    assert found(action="searched", person="operator@") == 2
    assert found(person="nobody@") == 0
    assert found(target="๑กข 18") == 2
    assert found(reason="stolen") == 1
    assert found(action="searched", since="2020-01-01T00:00", until="2020-01-02T00:00") == 0
    assert found(action="searched", since="2026-01-02T00:00", until="2026-01-01T00:00") == 0
    assert (
        "before the beginning"
        in client.get(
            "/audit/", {"since": "2026-01-02T00:00", "until": "2026-01-01T00:00"}
        ).content.decode()
    )
    assert "<b>x" not in client.get("/audit/", {"person": "<b>x"}).content.decode()


def test_trail_is_paged_by_key(
    client_of: ClientOf, organization: Organization, operator: User, auditor: User
) -> None:
    for _ in range(60):
        record_audit_event(action=Action.TESTED, actor=operator)
    client = client_of(auditor)

    first = client.get("/audit/", {"action": "tested"})
    older = first.context["older"]
    part = client.get("/audit/", {"action": "tested", "after": older}, headers={"HX-Request": "1"})

    assert first.content.decode().count("data-event=") == 50
    assert part.content.decode().count("data-event=") == 10
    assert "<html" not in part.content.decode()


@pytest.mark.parametrize("role", [Role.MANAGER, Role.OPERATOR, Role.ANALYST, Role.VIEWER])
@pytest.mark.parametrize("path", ["/audit/", "/audit/export", "/audit/unusual/"])
def test_trail_is_for_auditors(
    client_of: ClientOf, organization: Organization, role: Role, path: str
) -> None:
    assert client_of(make_member(organization, role)).get(path).status_code == 404


def test_export_streams_what_was_filtered_and_is_in_the_trail(
    client_of: ClientOf,
    organization: Organization,
    other_organization: Organization,
    operator: User,
    auditor: User,
) -> None:
    for number in range(3):
        record_audit_event(
            action=Action.SEARCHED, actor=operator, target_label=f"=HYPERLINK({number})"
        )
    record_audit_event(action=Action.SEARCHED, actor=None, organization=other_organization)

    answer: Any = client_of(auditor).get("/audit/export", {"action": "searched"})

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["target"] for row in rows] == [f"'=HYPERLINK({n})" for n in (2, 1, 0)]
    event = AuditEvent.objects.get(action=Action.EXPORTED)
    assert (event.actor, event.organization) == (auditor, organization)
    assert event.detail == {"action": "searched"}


def look(actor: User, organization: Organization, at: Any, label: str, count: int = 1) -> None:
    """Somebody searched at a moment."""
    AuditEvent.objects.bulk_create(
        AuditEvent(
            id=uuid7_at(at + timedelta(seconds=n), actor.pk),
            at=at,
            action=Action.SEARCHED,
            actor=actor,
            actor_label=actor.email,
            organization=organization,
            target_label=label.replace("#", str(n)),
        )
        for n in range(count)
    )


def test_unusual_use_is_told_from_what_is_usual(
    client_of: ClientOf, organization: Organization, operator: User, staff: User, auditor: User
) -> None:
    now = timezone.now().astimezone(ZoneInfo("Asia/Bangkok")).replace(hour=12, minute=0)
    day = timedelta(days=1)
    zealous = make_member(organization, Role.ANALYST, email="zealous@example.org")
    night_owl = make_member(organization, Role.ANALYST, email="owl@example.org")
    for week in range(5):
        look(operator, organization, now - day * (7 * week + 2), "A#", 12)
    look(staff, organization, now - 3 * day, "1กข1834 2026-11-01 10:00:00", 6)
    look(zealous, organization, now - 2 * day, "B#", 70)
    look(night_owl, organization, (now - 2 * day).replace(hour=2), "C#", 11)

    uses = {use.person: use for use in use_of(organization, since=now - 7 * day, until=now)}

    assert not uses[operator.email].is_unusual
    assert (uses[operator.email].looks, uses[operator.email].usual) == (12, 12.0)
    assert (uses[staff.email].is_again, uses[staff.email].subject) == (True, "1กข1834")
    assert not uses[staff.email].is_much
    assert uses[zealous.email].is_much
    assert uses[night_owl.email].is_at_night
    assert uses[night_owl.email].night == 11

    page = client_of(auditor).get("/audit/unusual/", {"days": "7"}).content.decode()
    assert page.index("zealous@") < page.index("operator@")
    assert "the same again and again" in page


def test_unusual_use_is_read_from_an_index(organization: Organization, operator: User) -> None:
    now = timezone.now()
    look(operator, organization, now, "A#", 300)
    AuditEvent.objects.bulk_create(
        AuditEvent(action=Action.LOGGED_IN, actor=operator, organization=organization)
        for _ in range(900)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_auditevent")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT actor_id, target_label FROM accounts_auditevent "
            "WHERE organization_id = %s AND id >= %s "
            "AND action IN ('searched', 'viewed', 'exported')",
            [organization.pk, uuid7_at(now, 0)],
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "audit_looks" in plan


def test_reasons_are_kept_by_managers(
    client_of: ClientOf, organization: Organization, staff: User, operator: User
) -> None:
    url = "/admin/accounts/accessreason/add/"
    fields = {"organization": organization.pk, "text": "stolen vehicle", "is_active": "on"}

    assert client_of(operator).get(url).status_code in {302, 403}
    client_of(staff).post(url, fields, format="multipart")

    assert AccessReason.objects.get().text == "stolen vehicle"
    assert AuditEvent.objects.filter(action=Action.CREATED, actor=staff).exists()


def test_pages_of_vehicles_and_plates_ask_why(
    client_of: ClientOf, demanding: Organization, camera: Camera, operator: User
) -> None:
    plate, client = make_detection(camera, text="1กข1834").plate, client_of(operator)
    assert plate is not None
    pages = (f"/plates/{plate.pk}/", "/vehicles/?text=1%E0%B8%81")

    for url in pages:
        assert client.get(url)["Location"].startswith("/reason/?next="), url
    client.post("/reason/", {"next": "/", **GIVEN}, format="multipart")
    for url in pages:
        assert client.get(url).status_code == 200, url
    error = client.get("/api/v1/plates/", {"number": "1กข1834"}).json()["error"]
    assert error["code"] == "reason_demanded"
    assert client.get("/api/v1/plates/", {"number": "1กข1834", **GIVEN}).status_code == 200

    events = AuditEvent.objects.filter(actor=operator, reason="stolen vehicle")
    assert {event.action for event in events} == {"viewed", "searched"}
    assert events.get(action=Action.VIEWED).target_label == "1กข1834"


NUMBER = re.compile("(?:%82|[^0-9a-f-])1834")
"""The digits of the plate; an id may hold the same four by chance."""

DOORS = [
    ("get", "/plates/{plate}/passes", {}),
    ("get", "/plates/{plate}/rhythm", {}),
    ("get", "/vehicles/{vehicle}/passes", {}),
    ("get", "/vehicles/{vehicle}/gallery", {}),
    ("get", "/vehicles/{vehicle}/visits", {}),
    ("get", "/keeping/plates/?number=1กข1834", {}),
    ("get", "/keeping/plates/{plate}/", {}),
    ("get", "/exports/evidence/", {}),
    ("get", "/exports/evidence/?text=1กข1834", {}),
    ("get", "/exports/evidence/?detection={detection}", {}),
    ("post", "/exports/evidence/?detection={detection}", {}),
    ("post", "/watchlists/preview", {"list": "{list}", "number": "1กข*"}),
    ("post", "/watchlists/preview", {"organization": "{organization}", "number": "1กข1834"}),
    ("json", "/alerts/rules/try", {"kind": "plate", "pattern": "1กข*"}),
    ("json", "/alerts/rules/try", {}),
    ("api", "/api/v1/alerts/?number=1กข1834", {}),
    ("api", "/api/v1/hits/?number=1กข1834", {}),
    ("api", "/api/v1/entries/?number=1กข1834", {}),
    ("api", "/api/v1/entries/?entry_case_number=C-7", {}),
]


@pytest.mark.parametrize(("how", "path", "fields"), DOORS)
def test_every_door_to_a_plate_demands_why_and_is_in_the_trail(
    client_of: ClientOf,
    demanding: Organization,
    camera: Camera,
    staff: User,
    how: str,
    path: str,
    fields: dict[str, Any],
) -> None:
    watchlist = make_watchlist(demanding)
    make_alert(camera, "1กข1834", watchlist=watchlist)
    Entry.objects.update(case_number="C-7")
    detection = Detection.objects.select_related("plate").get()
    assert detection.plate is not None
    detection.plate.vehicle = Vehicle.objects.create(organization=demanding)
    detection.plate.save()
    ids = {
        "{plate}": detection.plate.pk,
        "{vehicle}": detection.plate.vehicle.pk,
        "{detection}": detection.pk,
        "{list}": watchlist.pk,
        "{organization}": demanding.pk,
    }
    for name, pk in ids.items():
        path = path.replace(name, str(pk))
    sent = {name: ids.get(value, value) for name, value in fields.items() if how == "post"}
    client = client_of(staff)

    def ask(more: str = "") -> tuple[int, str]:
        if how == "json":
            body = {"organization": demanding.pk, "conditions": fields}
            answer: Any = client.post(path, body, format="json")
        elif how == "post":
            answer = client.post(path, sent, format="multipart")
        else:
            answer = client.get(path + more)
        assert answer.status_code < 500
        return answer.status_code, answer.get("Location", "") + answer.content.decode()

    trail = AuditEvent.objects.filter(action__in=[Action.SEARCHED, Action.VIEWED], actor=staff)
    status, text = ask()
    assert text.startswith("/reason/?next=") or not NUMBER.search(text)
    assert (
        text.startswith("/reason/?next=")
        or "State why you look this up." in text
        or "reason_demanded" in text
    ), status
    assert not trail.exists()

    client.post("/reason/", {"next": "/", **GIVEN}, format="multipart")
    status, text = ask("&" + urlencode(GIVEN) if how == "api" else "")

    assert status == (422 if path.startswith("/exports") and how == "post" else 200)
    assert [(event.reason, event.case_number) for event in trail] == [("stolen vehicle", "A-7")]


def test_parts_of_a_page_belong_to_it_and_ask_in_its_place(
    client_of: ClientOf, demanding: Organization, camera: Camera, operator: User
) -> None:
    plate, client = make_detection(camera, text="1กข1834").plate, client_of(operator)
    assert plate is not None
    page = f"http://testserver/plates/{plate.pk}/"
    part = f"/plates/{plate.pk}/passes"

    asked = client.get(part, headers={"HX-Request": "true", "HX-Current-URL": page})
    assert asked["HX-Redirect"] == f"/reason/?{urlencode({'next': page})}"
    assert not asked.content
    client.post("/reason/", {"next": page, **GIVEN}, format="multipart")
    for url in (page, part, f"/plates/{plate.pk}/rhythm", part):
        assert client.get(url).status_code == 200

    assert AuditEvent.objects.filter(action=Action.VIEWED).count() == 1


@pytest.mark.parametrize(
    ("headers", "is_kept"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Referer": "http://testserver/search/"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Referer": "http://testserver/search/"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Referer": "http://elsewhere.example/"}, False),
        ({}, False),
    ],
)
def test_links_from_elsewhere_state_no_reason(
    client_of: ClientOf,
    demanding: Organization,
    operator: User,
    headers: dict[str, str],
    is_kept: bool,  # a case of the table
) -> None:
    client = client_of(operator)

    answer = client.get("/search/", {"text": "1กข1834", **GIVEN}, headers=headers)

    assert "A-7" not in answer["Location"]
    assert ("stated_reason" in client.session) is is_kept
    assert client.get(answer["Location"]).status_code == (200 if is_kept else 422)
