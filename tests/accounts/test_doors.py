"""Every door asks the same: log-in page, log-in API with its tokens, API keys, admin."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import ApiKey, AuditEvent, Membership, Organization, Role, Scope, User
from accounts.services import remove_member, revoke_api_key
from cameras.models import Camera
from lpr_project.common import throttling
from tests.accounts.factories import PASSWORD, make_api_key, make_member

AUTH = "/api/auth/app/v1"
CAMERAS = "/api/v1/cameras/"


def api_log_in(email: str, password: str = PASSWORD) -> Any:
    """Answer of the log-in API, which programs of people use."""
    return APIClient().post(f"{AUTH}/auth/login", {"email": email, "password": password})


def page_log_in(email: str, password: str = PASSWORD) -> Client:
    """A browser after the log-in page."""
    browser = Client()
    browser.post(reverse("account_login"), {"login": email, "password": password})
    return browser


def is_logged_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def tokens(answer: Any) -> tuple[str, str]:
    meta = answer.json()["meta"]
    return meta["access_token"], meta["refresh_token"]


def cameras_status(token: str) -> int:
    return APIClient().get(CAMERAS, headers={"Authorization": f"Bearer {token}"}).status_code


def actions(user: User) -> list[str]:
    return list(
        AuditEvent.objects.filter(target_id=user.pk).order_by("id").values_list("action", flat=True)
    )


@pytest.fixture
def secret_of_operator(operator: User) -> str:
    """The operator's second factor."""
    secret: str = generate_totp_secret()
    TOTP.activate(operator, secret)
    return secret


def code_of(secret: str) -> str:
    """The code that is good until the half minute ends."""
    code: str = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    return code


# Tokens


def test_token_opens_the_api(operator: User, camera: Camera) -> None:
    access, _ = tokens(api_log_in(operator.email))

    answer = APIClient().get(CAMERAS, headers={"Authorization": f"Bearer {access}"})

    assert [row["id"] for row in answer.json()["results"]] == [str(camera.pk)]
    assert "logged_in" in actions(operator)


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "lpr_aaaaaaaaaaaa_secret", "\xff"])
def test_token_that_is_none_is_refused(db: None, token: str) -> None:
    answer = APIClient().get(CAMERAS, headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 401
    assert answer.json()["error"]["code"]
    assert answer["WWW-Authenticate"] == "Bearer"


def test_token_is_renewed_once(operator: User) -> None:
    _, refresh = tokens(api_log_in(operator.email))
    client = APIClient()

    renewed = client.post(f"{AUTH}/tokens/refresh", {"refresh_token": refresh})
    again = client.post(f"{AUTH}/tokens/refresh", {"refresh_token": refresh})

    assert renewed.status_code == 200
    assert cameras_status(renewed.json()["data"]["access_token"]) == 200
    assert again.status_code == 400


def test_token_ends_by_itself(operator: User) -> None:
    access, _ = tokens(api_log_in(operator.email))

    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert cameras_status(access) == 401


def test_token_stops_at_log_out(operator: User) -> None:
    access, refresh = tokens(api_log_in(operator.email))
    client = APIClient(headers={"Authorization": f"Bearer {access}"})

    client.delete(f"{AUTH}/auth/session")

    assert cameras_status(access) == 401
    assert APIClient().post(f"{AUTH}/tokens/refresh", {"refresh_token": refresh}).status_code == 400
    assert "logged_out" in actions(operator)


@pytest.mark.parametrize("change", ["deactivated", "new password"])
def test_token_stops_when_its_owner_is_locked_out(operator: User, change: str) -> None:
    access, refresh = tokens(api_log_in(operator.email))
    browser = page_log_in(operator.email)
    assert cameras_status(access) == 200

    if change == "deactivated":
        operator.is_active = False
    else:
        operator.set_password("another long passphrase")
    operator.save()

    assert cameras_status(access) == 401
    assert APIClient().post(f"{AUTH}/tokens/refresh", {"refresh_token": refresh}).status_code == 400
    assert browser.get(CAMERAS).status_code == 401


def test_membership_ends_at_once(operator: User, camera: Camera) -> None:
    access, _ = tokens(api_log_in(operator.email))
    remove_member(membership=Membership.objects.get(user=operator), actor=None)

    answer = APIClient().get(CAMERAS, headers={"Authorization": f"Bearer {access}"})

    assert answer.json()["results"] == []


# Second factor


@pytest.mark.usefixtures("standing_clock")
def test_second_factor_is_asked_by_the_api(operator: User, secret_of_operator: str) -> None:
    first = api_log_in(operator.email)
    assert first.status_code == 401
    session = {"X-Session-Token": first.json()["meta"]["session_token"]}
    assert "access_token" not in first.json()["meta"]

    wrong = APIClient().post(f"{AUTH}/auth/2fa/authenticate", {"code": "000000"}, headers=session)
    right = APIClient().post(
        f"{AUTH}/auth/2fa/authenticate", {"code": code_of(secret_of_operator)}, headers=session
    )

    assert wrong.status_code == 400
    assert cameras_status(tokens(right)[0]) == 200
    failure = AuditEvent.objects.get(action=AuditEvent.Action.LOGIN_FAILED)
    assert failure.detail == {"wrong": "second factor"}


@pytest.mark.usefixtures("standing_clock")
def test_second_factor_is_asked_by_the_page_and_the_admin(staff: User, client: Client) -> None:
    secret = generate_totp_secret()
    TOTP.activate(staff, secret)

    browser = page_log_in(staff.email)
    assert not is_logged_in(browser)
    assert browser.get("/admin/").status_code == 302

    browser.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert is_logged_in(browser)
    assert browser.get("/admin/").status_code == 200


def test_second_factor_is_not_passed_by_the_admins_own_log_in(staff: User) -> None:
    TOTP.activate(staff, generate_totp_secret())
    browser = Client()

    answer = browser.post("/admin/login/", {"username": staff.email, "password": PASSWORD})

    assert answer.status_code == 302
    assert not is_logged_in(browser)


def test_second_factor_is_asked_although_half_logged_in(
    operator: User, secret_of_operator: str
) -> None:
    browser = page_log_in(operator.email)

    assert browser.get(CAMERAS).status_code == 401
    assert browser.get(reverse("detections:live")).status_code == 302


@pytest.mark.usefixtures("standing_clock")
def test_second_factor_code_serves_once(operator: User, secret_of_operator: str) -> None:
    code = code_of(secret_of_operator)
    statuses = []
    for _ in range(2):
        session = {"X-Session-Token": api_log_in(operator.email).json()["meta"]["session_token"]}
        answer = APIClient().post(f"{AUTH}/auth/2fa/authenticate", {"code": code}, headers=session)
        statuses.append(answer.status_code)

    assert statuses == [200, 400]
    assert Authenticator.objects.filter(user=operator).exists()


# Guessing


def test_guessing_is_limited_on_the_api(operator: User) -> None:
    statuses = [api_log_in(operator.email, f"guess number {n}").status_code for n in range(8)]

    assert statuses[0] == 400
    assert api_log_in(operator.email).status_code != 200
    assert actions(operator).count("login_failed") < 8


def test_guessing_is_limited_on_the_page_and_counts_with_the_api(operator: User) -> None:
    for number in range(5):
        page_log_in(operator.email, f"guess number {number}")

    assert not is_logged_in(page_log_in(operator.email))
    assert api_log_in(operator.email).status_code != 200


def test_guessing_a_code_is_limited(operator: User, secret_of_operator: str) -> None:
    session = {"X-Session-Token": api_log_in(operator.email).json()["meta"]["session_token"]}
    guesses = [
        APIClient().post(f"{AUTH}/auth/2fa/authenticate", {"code": f"{n:06}"}, headers=session)
        for n in range(12)
    ]

    late = APIClient().post(
        f"{AUTH}/auth/2fa/authenticate", {"code": code_of(secret_of_operator)}, headers=session
    )

    assert {answer.status_code for answer in guesses} <= {400, 401, 429}
    assert late.status_code != 200


def test_guessing_does_not_tell_who_exists(operator: User) -> None:
    known, unknown = api_log_in(operator.email, "wrong"), api_log_in("no@example.org", "wrong")

    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    labels = AuditEvent.objects.filter(action="login_failed").values_list("actor_label", flat=True)
    assert set(labels) == {operator.email, "unknown"}


# People are invited


def test_sign_up_is_closed_on_every_door(db: None) -> None:
    fields = {"email": "new@example.org", "password": PASSWORD}
    api = APIClient().post(f"{AUTH}/auth/signup", fields)
    Client().post(
        reverse("account_signup"), {**fields, "password1": PASSWORD, "password2": PASSWORD}
    )

    assert api.status_code == 403
    assert not User.objects.exists()


def test_nobody_becomes_somebody_else_by_changing_their_email(operator: User) -> None:
    browser = page_log_in(operator.email)
    token = api_log_in(operator.email).json()["meta"]["session_token"]
    program = APIClient(headers={"X-Session-Token": token})
    wanted = {"email": "owner@example.org"}

    answers = [
        *(
            browser.post("/accounts/email/", {**wanted, a: ""})
            for a in ("action_add", "action_primary")
        ),
        program.post(f"{AUTH}/account/email", wanted),
        program.patch(f"{AUTH}/account/email", {**wanted, "primary": True}),
    ]

    assert {answer.status_code for answer in answers} == {404}
    operator.refresh_from_db()
    assert operator.email == "operator@example.org"
    assert not EmailAddress.objects.filter(**wanted).exists()


def test_password_reset_sets_a_password_by_mail_and_is_audited(
    operator: User, mailoutbox: list[EmailMessage]
) -> None:
    APIClient().post(f"{AUTH}/auth/password/request", {"email": operator.email})
    [mail] = mailoutbox
    found = re.search(r"/password/reset/key/([^/\s]+)/", str(mail.body))
    assert found

    answer = APIClient().post(
        f"{AUTH}/auth/password/reset", {"key": found[1], "password": "another long passphrase"}
    )

    assert answer.status_code in {200, 401}  # 401: set, and not logged in by it
    assert api_log_in(operator.email, "another long passphrase").status_code == 200
    changed = AuditEvent.objects.filter(action="changed", target_id=operator.pk)
    assert changed.get().detail == {"changed": "password"}


# Programs


def with_key(secret: str) -> APIClient:
    return APIClient(headers={"Authorization": f"Bearer {secret}"})


def test_key_opens_what_its_scopes_and_its_role_allow(
    organization: Organization, camera: Camera, other_camera: Camera
) -> None:
    _, secret = make_api_key(organization, Scope.CAMERAS_READ)
    program = with_key(secret)

    assert [row["name"] for row in program.get(CAMERAS).json()["results"]] == [camera.name]
    assert program.get(f"{CAMERAS}{other_camera.pk}/").status_code == 404
    assert program.get("/api/v1/detections/").status_code == 403
    assert program.post(CAMERAS, {}).status_code == 403


def test_key_with_every_scope_is_still_bound_to_its_role(
    organization: Organization, camera: Camera
) -> None:
    _, secret = make_api_key(organization, role=Role.ANALYST)

    answer = with_key(secret).patch(f"{CAMERAS}{camera.pk}/", {"is_enabled": False})

    assert answer.status_code == 403


@pytest.mark.parametrize("end", ["revoked", "expired", "organization", "tampered"])
def test_key_stops(organization: Organization, end: str) -> None:
    key, secret = make_api_key(organization)
    assert with_key(secret).get(CAMERAS).status_code == 200

    if end == "revoked":
        revoke_api_key(key=key, actor=None)
    elif end == "expired":
        ApiKey.objects.update(expires_at=timezone.now())
    elif end == "organization":
        Organization.objects.update(is_active=False)
    else:
        secret = secret[:-1] + ("a" if secret[-1] != "a" else "b")

    answer = with_key(secret).get(CAMERAS)
    assert answer.status_code == 401
    assert secret not in answer.content.decode()


def test_key_is_kept_as_a_hash(organization: Organization) -> None:
    key, secret = make_api_key(organization)

    kept = ApiKey.objects.filter(pk=key.pk).values_list().get()

    assert secret not in str(kept)
    assert secret.split("_", 2)[2] not in str(kept)


def test_key_use_is_audited_once_a_day_and_address(organization: Organization) -> None:
    key, secret = make_api_key(organization)
    moment = timezone.now()
    for minutes in (0, 1, 2, 90):
        with time_machine.travel(moment + timedelta(minutes=minutes)):
            with_key(secret).get(CAMERAS)
    with time_machine.travel(moment + timedelta(minutes=100)):
        with_key(secret).get(CAMERAS, REMOTE_ADDR="192.0.2.9")

    events = AuditEvent.objects.filter(action=AuditEvent.Action.LOGGED_IN, target_id=key.pk)
    assert sorted(str(address) for address in events.values_list("ip_address", flat=True)) == [
        "127.0.0.1",
        "192.0.2.9",
    ]
    assert {event.organization for event in events} == {organization}


def test_service_account_has_no_other_door(
    organization: Organization, mailoutbox: list[EmailMessage]
) -> None:
    key, _ = make_api_key(organization, role=Role.MANAGER)
    key.user.set_password(PASSWORD)  # even if somebody managed to
    key.user.save()

    assert not is_logged_in(page_log_in(key.user.email))
    assert "access_token" not in api_log_in(key.user.email).content.decode()
    APIClient().post(f"{AUTH}/auth/password/request", {"email": key.user.email})
    Client().post(reverse("account_reset_password"), {"email": key.user.email})
    assert mailoutbox == []
    assert not User.objects.get(pk=key.user_id).is_staff


def test_key_does_not_open_pages(organization: Organization) -> None:
    _, secret = make_api_key(organization, role=Role.MANAGER)

    for page in ("/admin/", reverse("detections:live")):
        assert with_key(secret).get(page).status_code == 302


# Fairness


def test_calls_are_limited_by_account(
    organization: Organization, settings: Settings, client_of: Callable[[User], APIClient]
) -> None:
    settings.API_RATES = {**settings.API_RATES, "user": (3, 1)}
    one, other = make_member(organization, Role.ANALYST), make_member(organization, Role.ANALYST)
    client = client_of(one)

    statuses = [client.get(CAMERAS).status_code for _ in range(4)]

    assert statuses == [200, 200, 200, 429]
    refused = client.get(CAMERAS)
    assert refused.json()["error"]["code"] == "throttled"
    assert 1 <= int(refused["Retry-After"]) <= 61
    assert client_of(other).get(CAMERAS).status_code == 200


def test_calls_go_on_without_redis(
    settings: Settings,
    client_of: Callable[[User], APIClient],
    operator: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = client_of(operator)
    settings.LIMITS_REDIS_URL = "redis://127.0.0.1:1/0"
    throttling._redis.cache_clear()
    try:
        assert client.get(CAMERAS).status_code == 200
    finally:
        throttling._redis.cache_clear()
    assert cache.get("nothing") is None
