"""The audit trail: only ever longer, and shown to whom it concerns."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Organization, Role, User
from accounts.selectors import audit_events_visible_to
from accounts.services import record_audit_event
from alerts.models import Watchlist
from cameras.models import Camera
from tests.accounts.factories import PASSWORD, make_member
from tests.alerts.factories import make_watchlist
from tests.detections.factories import make_detection

ClientOf = Callable[[User], APIClient]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditevent SET reason = 'none'",
        "DELETE FROM accounts_auditevent",
        "TRUNCATE accounts_auditevent",
    ],
)
def test_trail_cannot_be_changed(operator: User, statement: str) -> None:
    record_audit_event(action=AuditEvent.Action.VIEWED, actor=operator)

    with connection.cursor() as cursor:
        # As on a server; the tests' own cleaning needs it off.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "ALTER TABLE accounts_auditevent ENABLE TRIGGER accounts_auditevent_not_truncated"
        )
        with pytest.raises(IntegrityError, match="append-only"):
            cursor.execute(statement)


def test_trail_outlives_a_person(organization: Organization, operator: User) -> None:
    record_audit_event(action=AuditEvent.Action.VIEWED, actor=operator)
    pk = operator.pk
    operator.delete()

    event = AuditEvent.objects.get(actor_id=pk, action=AuditEvent.Action.VIEWED)
    assert event.actor_label == "operator@example.org"
    assert event.organization == organization


@pytest.mark.parametrize("role", Role)
def test_trail_is_shown_to_owners_and_auditors_of_the_organization(
    organization: Organization, other_organization: Organization, role: Role
) -> None:
    reader = make_member(organization, role)
    for tenant in (organization, other_organization):
        record_audit_event(action=AuditEvent.Action.TESTED, actor=None, organization=tenant)

    seen = audit_events_visible_to(reader).filter(action=AuditEvent.Action.TESTED)

    expected = {organization} if role in {Role.OWNER, Role.AUDITOR} else set()
    assert {event.organization for event in seen} == expected


def test_trail_says_from_where_and_by_which_request(
    client_of: ClientOf, camera: Camera, operator: User
) -> None:
    detection = make_detection(camera)

    client_of(operator).get(
        f"/api/v1/detections/{detection.pk}/",
        headers={"User-Agent": "test/1", "X-Forwarded-For": "203.0.113.9"},
        REMOTE_ADDR="192.0.2.7",
    )

    event = AuditEvent.objects.get(action=AuditEvent.Action.VIEWED)
    # No proxy is trusted, so what the client says of itself does not count.
    assert (event.ip_address, event.user_agent) == ("192.0.2.7", "test/1")
    assert event.request_id


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("10.0.0.1, 203.0.113.9", "203.0.113.9"),
        ("nonsense", None),
    ],
)
def test_trail_takes_the_address_from_a_trusted_proxy(
    client_of: ClientOf,
    camera: Camera,
    operator: User,
    settings: object,
    forwarded: str,
    address: str | None,
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1  # type: ignore[attr-defined]  # pytest-django's
    detection = make_detection(camera)

    client_of(operator).get(
        f"/api/v1/detections/{detection.pk}/", headers={"X-Forwarded-For": forwarded}
    )

    assert AuditEvent.objects.get(action=AuditEvent.Action.VIEWED).ip_address == address


def test_superuser_sees_all_and_that_is_in_the_trail(
    client_of: ClientOf, camera: Camera, other_camera: Camera, superuser: User
) -> None:
    client = client_of(superuser)

    seen = client.get("/api/v1/cameras/", {"is_enabled": "true"}).json()["results"]
    client.get("/admin/")
    client.get("/api/v1/cameras/nonsense/")

    assert len(seen) == 2
    events = AuditEvent.objects.filter(action=AuditEvent.Action.VIEWED, actor=superuser)
    assert list(events.order_by("id").values_list("target_label", flat=True)) == [
        "GET /api/v1/cameras/",
        "GET /admin/",
    ]
    assert events.order_by("id")[0].detail["query"] == {"is_enabled": "true"}


def test_superuser_is_in_the_trail_behind_a_token(superuser: User, camera: Camera) -> None:
    answer = APIClient().post(
        "/api/auth/app/v1/auth/login", {"email": superuser.email, "password": PASSWORD}
    )
    token = answer.json()["meta"]["access_token"]

    APIClient().get("/api/v1/cameras/", headers={"Authorization": f"Bearer {token}"})

    assert AuditEvent.objects.filter(actor=superuser, target_label="GET /api/v1/cameras/").exists()


def test_trail_never_shows_a_password(client_of: ClientOf, staff: User) -> None:
    client = client_of(staff)
    camera = client.post(
        "/api/v1/cameras/",
        {
            "name": "Gate",
            "source_url": "rtsp://192.0.2.1/",
            "source_password": "s3cret passphrase",
        },
    ).json()
    client.patch(f"/api/v1/cameras/{camera['id']}/", {"source_password": "other s3cret"})

    assert "s3cret" not in str(list(AuditEvent.objects.values()))


def test_trail_names_the_pages_that_a_superuser_opened(
    client_of: ClientOf, organization: Organization, superuser: User
) -> None:
    client = client_of(superuser)
    client.get("/analytics/")
    client.get(f"/admin/accounts/organization/{organization.pk}/change/")

    page = client.get("/audit/").content.decode()

    assert "page “Analytics”" in page
    assert f"page “Admin … accounts/organization/{organization.pk}/change/”" in page
    assert "GET /" not in page


def test_trail_names_lists_and_cameras_that_its_reader_may_see(
    client_of: ClientOf, organization: Organization, camera: Camera
) -> None:
    seen, hidden, gone = (
        make_watchlist(organization, name=name, list_roles=roles)
        for name, roles in (("Stolen", [Role.AUDITOR]), ("Secret", [Role.MANAGER]), ("Old", []))
    )
    gone_id = gone.pk
    Watchlist.objects.filter(pk=gone_id).delete()
    for pk in (seen.pk, hidden.pk, gone_id):
        record_audit_event(
            action=AuditEvent.Action.CHANGED,
            actor=None,
            organization=organization,
            detail={"list": str(pk), "after": {"cameras": [str(camera.pk)]}},
        )

    page = client_of(make_member(organization, Role.AUDITOR)).get("/audit/").content.decode()

    assert page.count("<dd>Stolen</dd>") == 1
    assert f"<dd>{hidden.pk}</dd>" in page
    assert f"<dd>{gone_id}</dd>" in page
    assert page.count(f"<dd>{camera.name}</dd>") == 3
