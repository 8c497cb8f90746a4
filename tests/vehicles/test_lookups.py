"""Registers of others: asked over HTTP or in a file, kept, left alone when they fail."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Organization, Role, User
from lpr_project.common.errors import NotAllowedError
from tests.accounts.factories import make_member
from tests.test_outgoing import Handler, answer, server
from tests.vehicles.factories import make_plate
from vehicles.errors import ImportRefusedError, LookUpFailedError, VehicleRefusedError
from vehicles.models import LookUpResult, LookUpSource, Plate
from vehicles.services.lookups.asking import load_register, look_up_plate, try_source
from vehicles.services.sightings import PlateKey

ClientOf = Callable[[User], APIClient]


class Register:
    """A service that answers what it is told to, and notes what it was asked."""

    def __init__(self) -> None:
        self.status, self.wait_s = 200, 0.0
        self.document: Any = {"vehicle": {"make": "Toyota"}}
        self.asked: list[str] = []
        self.headers: dict[str, str] = {}

    def __call__(self, handler: Handler) -> None:
        self.asked.append(handler.path)
        self.headers = dict(handler.headers.items())
        time.sleep(self.wait_s)
        is_raw = isinstance(self.document, bytes)
        body = self.document if is_raw else json.dumps(self.document).encode()
        answer(handler, body, self.status)


@pytest.fixture
def register(settings: Settings) -> Iterator[tuple[Register, str]]:
    settings.OUTGOING_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    told = Register()
    with server(told) as url:
        yield told, url


def make_source(
    organization: Organization, url: str = "https://dmv.example", **fields: Any
) -> LookUpSource:
    defaults: dict[str, Any] = {
        "name": "DMV",
        "url_template": f"{url}/v/{{number}}?p={{province}}",
        "headers": "Authorization: Bearer secret-token",
        "mapping": {"make": "/vehicle/make", "owner": "/owner/0/name"},
        "limit_seconds": 15,
        "failures_most": 2,
    }
    source = LookUpSource(organization=organization, **{**defaults, **fields})
    source.full_clean()
    source.save()
    return source


def test_register_is_asked_once_and_its_answer_kept(
    organization: Organization, operator: User, register: tuple[Register, str]
) -> None:
    told, url = register
    told.document = {"vehicle": {"make": "Toyota"}, "owner": [{"name": "สมชาย"}]}
    source, plate = make_source(organization, url), make_plate(organization)

    first = look_up_plate(plate=plate, source=source, reason="Theft", actor=operator)
    second = look_up_plate(plate=plate, source=source, reason="Again", actor=operator)
    anew = look_up_plate(plate=plate, source=source, reason="Now", actor=operator, asks_anew=True)

    assert (first.outcome, first.found) == ("found", {"make": "Toyota", "owner": "สมชาย"})
    assert second == first
    assert anew != first
    assert told.asked == ["/v/1%E0%B8%81%E0%B8%821234?p=TH-10"] * 2
    assert told.headers["Authorization"] == "Bearer secret-token"
    plate.refresh_from_db()
    assert plate.vehicle is None, "what people wrote is never touched"
    events = AuditEvent.objects.filter(action=AuditEvent.Action.LOOKED_UP).order_by("id")
    assert [(event.reason, event.detail["is_from_cache"]) for event in events] == [
        ("Theft", False), ("Again", True), ("Now", False),
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT headers FROM vehicles_lookupsource")
        assert "secret-token" not in cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("status", "document", "outcome", "sentence"),
    [
        (404, {}, "not_found", ""),
        (200, {"vehicle": None}, "not_found", ""),
        (500, {}, "failed", "status 500"),
        (403, {}, "failed", "status 403"),
        (302, {}, "failed", "another address"),
        (200, b"<html>", "failed", "not in JSON"),
        (200, b'{"vehicle": {"make": "' + b"x" * 300_000 + b'"}}', "failed", "more than"),
    ],
)
def test_what_is_no_answer_is_kept_as_what_it_is(
    organization: Organization,
    operator: User,
    register: tuple[Register, str],
    status: int,
    document: Any,
    outcome: str,
    sentence: str,
) -> None:
    told, url = register
    told.status, told.document = status, document

    result = look_up_plate(
        plate=make_plate(organization),
        source=make_source(organization, url),
        reason="Theft",
        actor=operator,
    )

    assert result.outcome == outcome
    assert sentence in result.error


def test_slow_register_is_given_up(
    organization: Organization, operator: User, register: tuple[Register, str]
) -> None:
    told, url = register
    told.wait_s = 30
    began = time.monotonic()

    result = look_up_plate(
        plate=make_plate(organization),
        source=make_source(organization, url, limit_seconds=1),
        reason="Theft",
        actor=operator,
    )

    assert result.outcome == "failed"
    assert time.monotonic() - began < 25


def test_private_address_is_not_asked(organization: Organization, operator: User) -> None:
    source = make_source(organization, "http://169.254.169.254")
    result = look_up_plate(
        plate=make_plate(organization), source=source, reason="Theft", actor=operator
    )
    assert "private or reserved" in result.error


@pytest.mark.parametrize("is_redis_emptied", [False, True])
def test_failing_register_is_left_alone_and_tried_again_after_its_pause(
    organization: Organization,
    operator: User,
    register: tuple[Register, str],
    is_redis_emptied: bool,
) -> None:
    told, url = register
    told.status = 500
    source, plate = make_source(organization, url), make_plate(organization)

    def ask() -> LookUpResult:
        return look_up_plate(plate=plate, source=source, reason="Theft", actor=operator)

    assert [ask().outcome, ask().outcome] == ["failed", "failed"]
    if is_redis_emptied:
        cache.clear()
    with pytest.raises(LookUpFailedError, match="2 times in a row") as refused:
        ask()
    assert refused.value.retryable
    assert len(told.asked) == 2
    with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=True):
        assert ask().outcome == "failed", "one is let through to see"
        with pytest.raises(LookUpFailedError):
            ask()
    with time_machine.travel(timezone.now() + timedelta(seconds=130), tick=True):
        told.status = 200
        assert ask().outcome == "found"
        told.status = 500
        plate = make_plate(organization, "2กข1234")
        assert ask().outcome == "failed", "closed again: one failure does not open it"


def test_one_alone_tries_a_half_open_register(
    organization: Organization, operator: User, register: tuple[Register, str]
) -> None:
    from vehicles.services.lookups import breaker  # noqa: PLC0415

    source = make_source(organization, register[1], failures_most=1, pause_seconds=1)
    with time_machine.travel(timezone.now() - timedelta(seconds=5), tick=True):
        breaker.note_result(source, has_failed=True)

    assert breaker.state_of(source) == "half-open"
    assert [breaker.take_probe(source), breaker.take_probe(source)] == [True, False]


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AUDITOR, Role.VIEWER])
def test_readers_ask_nobody(organization: Organization, role: Role) -> None:
    with pytest.raises(NotAllowedError):
        look_up_plate(
            plate=make_plate(organization),
            source=make_source(organization),
            reason="Theft",
            actor=make_member(organization, role),
        )


def test_reason_is_asked_for(organization: Organization, operator: User) -> None:
    with pytest.raises(VehicleRefusedError, match="why"):
        look_up_plate(
            plate=make_plate(organization),
            source=make_source(organization),
            reason=" ",
            actor=operator,
        )
    assert not LookUpResult.objects.exists()


def test_file_is_asked_like_a_service(
    organization: Organization, operator: User, staff: User
) -> None:
    source = make_source(organization, kind="file", url_template="", mapping={})
    content = "ทะเบียน,จังหวัด,ยี่ห้อ,สี\n1กข 1234,กรุงเทพ,Toyota,ขาว\n1กข1234,,Honda,\n".encode("cp874")

    count = load_register(
        source=source, file=ContentFile(content), size_bytes=len(content), actor=staff
    )

    def found(plate: Plate) -> Any:
        return look_up_plate(plate=plate, source=source, reason="x", actor=operator).found

    assert count == 2
    assert found(make_plate(organization)) == {"ยี่ห้อ": "Toyota", "สี": "ขาว"}
    assert found(make_plate(organization, province="TH-50")) == {"ยี่ห้อ": "Honda"}
    assert found(make_plate(organization, "9กข1234")) == {}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"make\nToyota\n", "No column holds the plate"),
        (b"number,make\n<b>,Toyota\n", "Line 2"),
        (b"number,model\n1A,x\n", "no column 'make'"),
    ],
)
def test_wrong_file_leaves_the_register_as_it_was(
    organization: Organization, staff: User, content: bytes, sentence: str
) -> None:
    source = make_source(organization, kind="file", url_template="", mapping={"m": "make"})
    good = b"number,make\n1A,Toyota\n"
    load_register(source=source, file=ContentFile(good), size_bytes=len(good), actor=staff)

    with pytest.raises(ImportRefusedError, match=sentence):
        load_register(
            source=source, file=ContentFile(content), size_bytes=len(content), actor=staff
        )
    assert source.entries.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"url_template": "https://dmv.example/"},
        {"url_template": "https://dmv.example/{number}{0}"},
        {"url_template": "https://dmv.example/{number}{number.__class__}"},
        {"mapping": {}},
        {"mapping": {"make": "make"}},
        {"mapping": {"make": 1}},
        {"mapping": []},
        {"limit_seconds": 100},
    ],
)
def test_wrong_source_is_refused(organization: Organization, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        make_source(organization, **wrong)


def test_plate_page_asks_and_shows(
    client_of: ClientOf,
    organization: Organization,
    other_organization: Organization,
    operator: User,
    register: tuple[Register, str],
) -> None:
    source, plate = make_source(organization, register[1]), make_plate(organization)
    strange = make_source(other_organization, register[1])
    client, page = client_of(operator), reverse("vehicles:plate", args=[plate.pk])
    ask = reverse("vehicles:plate-look-up", args=[plate.pk])

    wrong = client.post(ask, {"source": strange.pk, "reason": "Theft"}, format="multipart")
    right = client.post(ask, {"source": source.pk, "reason": "Theft"}, format="multipart")

    assert (wrong.status_code, right.status_code) == (422, 302)
    assert "Toyota" in client.get(page).content.decode()
    analyst = client_of(make_member(organization, Role.ANALYST))
    assert "Toyota" not in analyst.get(page).content.decode()


def test_connector_is_tried_in_the_admin_and_its_secret_is_not_shown(
    client_of: ClientOf, organization: Organization, staff: User, register: tuple[Register, str]
) -> None:
    source = make_source(organization, register[1])
    client = client_of(staff)
    page = reverse("admin:vehicles_lookupsource_change", args=[source.pk])
    try_it = reverse("admin:vehicles_lookupsource_test_connector", args=[source.pk])

    assert "secret-token" not in client.get(page).content.decode()
    tried = client.post(
        try_it, {"number": "1กข1234", "country": "", "province": ""}, format="multipart"
    )
    assert "Toyota" in tried.content.decode()
    assert not LookUpResult.objects.exists()
    form = {
        "organization": organization.pk, "name": "DMV", "kind": "http", "headers": "",
        "mapping": '{"make": "/make"}', "limit_seconds": 5, "cache_seconds": 1,
        "failures_most": 5, "pause_seconds": 60, "is_active": "on",
    }  # fmt: skip
    moved = client.post(
        page, {**form, "url_template": "https://thief.example/{number}"}, format="multipart"
    )
    kept = client.post(page, {**form, "url_template": source.url_template}, format="multipart")

    assert moved.status_code == 200
    assert "headers" in moved.context["adminform"].form.errors
    assert kept.status_code == 302
    source.refresh_from_db()
    assert source.headers == "Authorization: Bearer secret-token"


def test_trying_is_for_managers(organization: Organization, operator: User) -> None:
    with pytest.raises(NotAllowedError):
        try_source(source=make_source(organization), key=PlateKey("1A", "", ""), actor=operator)
