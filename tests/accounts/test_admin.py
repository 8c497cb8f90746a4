"""Members, people, keys and the trail in the admin: who may do what, what is never shown."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from accounts.models import ApiKey, AuditEvent, Membership, Organization, Role, Scope, User
from accounts.services import authenticate_api_key, create_api_key
from tests.accounts.factories import make_member

Clients = Callable[[User], APIClient]
MEMBERS = "admin:accounts_membership_"
KEYS = "admin:accounts_apikey_"


@pytest.fixture
def owner(organization: Organization) -> User:
    return make_member(organization, Role.OWNER, email="owner@example.org")


def invite(
    client: APIClient, organization: Organization, role: Role, email: str = "New@Example.org"
) -> int:
    form = {"organization": organization.pk, "email": email, "name": "New", "role": role}
    return client.post(reverse(f"{MEMBERS}add"), form, format="multipart").status_code


def test_invitation_makes_a_person_and_mails_a_link(
    organization: Organization,
    staff: User,
    client_of: Clients,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert invite(client_of(staff), organization, Role.OPERATOR) == 302
    membership = Membership.objects.get(user__email="new@example.org")
    assert membership.role == Role.OPERATOR
    assert not membership.user.has_usable_password()
    [message] = mail.outbox
    assert message.to == ["new@example.org"]
    assert re.search(r"/accounts/password/reset/key/\S+", str(message.body))
    event = AuditEvent.objects.get(action=AuditEvent.Action.GRANTED, target_label="new@example.org")
    assert event.actor == staff


def test_invitation_by_manager_cannot_make_an_owner(
    organization: Organization, staff: User, client_of: Clients
) -> None:
    assert invite(client_of(staff), organization, Role.OWNER) == 200
    assert not User.objects.filter(email="new@example.org").exists()


def test_invitation_into_another_organization_is_refused(
    other_organization: Organization, staff: User, client_of: Clients
) -> None:
    assert invite(client_of(staff), other_organization, Role.VIEWER) == 200
    assert not User.objects.filter(email="new@example.org").exists()


def test_invitation_of_a_member_says_so(
    organization: Organization, staff: User, operator: User, client_of: Clients
) -> None:
    assert invite(client_of(staff), organization, Role.VIEWER, operator.email) == 200
    assert Membership.objects.get(user=operator).role == Role.OPERATOR


def test_owner_cannot_be_changed_or_removed_by_a_manager(
    owner: User, staff: User, client_of: Clients
) -> None:
    membership = Membership.objects.get(user=owner)
    client = client_of(staff)
    change = client.post(
        reverse(f"{MEMBERS}change", args=[membership.pk]), {"role": Role.VIEWER}, format="multipart"
    )
    delete = client.post(
        reverse(f"{MEMBERS}delete", args=[membership.pk]), {"post": "yes"}, format="multipart"
    )
    assert {change.status_code, delete.status_code} == {403}
    membership.refresh_from_db()
    assert membership.role == Role.OWNER


def test_manager_of_one_and_auditor_of_another_changes_the_first_only(
    organization: Organization, other_organization: Organization, client_of: Clients
) -> None:
    both = make_member(organization, Role.MANAGER)
    from accounts.services import add_member  # noqa: PLC0415

    add_member(organization=other_organization, user=both, role=Role.AUDITOR, actor=None)
    strange = make_member(other_organization, Role.OPERATOR)
    membership = Membership.objects.get(user=strange)
    client = client_of(both)
    url = reverse(f"{MEMBERS}change", args=[membership.pk])
    assert client.get(url).status_code == 200
    assert client.post(url, {"role": Role.VIEWER}, format="multipart").status_code == 403
    assert invite(client, other_organization, Role.VIEWER) == 200
    assert not User.objects.filter(email="new@example.org").exists()


def test_role_change_is_made_by_the_service(
    owner: User, operator: User, client_of: Clients
) -> None:
    membership = Membership.objects.get(user=operator)
    url = reverse(f"{MEMBERS}change", args=[membership.pk])
    assert client_of(owner).post(url, {"role": Role.AUDITOR}, format="multipart").status_code == 302
    operator.refresh_from_db()
    assert operator.is_staff
    assert operator.groups.get().role_group.role == Role.AUDITOR


def test_last_owner_stays_and_the_page_says_why(owner: User, client_of: Clients) -> None:
    membership = Membership.objects.get(user=owner)
    url = reverse(f"{MEMBERS}delete", args=[membership.pk])
    answer = client_of(owner).post(url, {"post": "yes"}, format="multipart", follow=True)
    assert "This is the only owner." in answer.content.decode()
    assert Membership.objects.filter(pk=membership.pk).exists()


def test_people_are_for_superusers(owner: User, staff: User, client_of: Clients) -> None:
    for user in (owner, staff):
        assert client_of(user).get(reverse("admin:accounts_user_changelist")).status_code == 403
        url = reverse("admin:accounts_user_change", args=[user.pk])
        form = {"email": user.email, "is_active": "on", "is_superuser": "on"}
        assert client_of(user).post(url, form, format="multipart").status_code == 403
    assert not User.objects.filter(is_superuser=True).exists()


def test_person_cannot_lock_themselves_out(superuser: User, client_of: Clients) -> None:
    url = reverse("admin:accounts_user_change", args=[superuser.pk])
    answer = client_of(superuser).post(url, {"email": superuser.email}, format="multipart")
    assert "You cannot lock yourself out" in answer.content.decode()
    superuser.refresh_from_db()
    assert superuser.is_superuser


def test_changed_email_stops_being_a_way_in(
    superuser: User, operator: User, client_of: Clients
) -> None:
    EmailAddress.objects.create(user=operator, email=operator.email, primary=True, verified=True)
    url = reverse("admin:accounts_user_change", args=[operator.pk])
    form = {"email": "moved@example.org", "is_active": "on"}
    assert client_of(superuser).post(url, form, format="multipart").status_code == 302
    assert not EmailAddress.objects.filter(user=operator).exists()
    event = AuditEvent.objects.get(action=AuditEvent.Action.CHANGED, target_id=str(operator.pk))
    assert event.detail == {"email": "moved@example.org"}


def test_password_hash_cannot_be_asked_for(superuser: User, client_of: Clients) -> None:
    url = reverse("admin:accounts_user_changelist")
    answer = client_of(superuser).get(url, {"password__startswith": "md5"})
    assert answer.status_code == 400


def key_form(organization: Organization) -> dict[str, object]:
    return {
        "organization": organization.pk,
        "name": "Gate",
        "role": Role.VIEWER,
        "scopes": [Scope.DETECTIONS_READ, Scope.CAMERAS_READ],
        "days": 30,
    }


def test_api_key_is_shown_once(organization: Organization, staff: User, client_of: Clients) -> None:
    client = client_of(staff)
    answer = client.post(reverse(f"{KEYS}add"), key_form(organization), format="multipart")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    [presented] = set(re.findall(r"lpr_[a-z0-9]{12}_[\w-]+", answer.content.decode()))
    key = authenticate_api_key(presented=presented)
    assert key.created_by == staff
    assert key.scopes == [Scope.CAMERAS_READ, Scope.DETECTIONS_READ]
    for url in (reverse(f"{KEYS}changelist"), reverse(f"{KEYS}change", args=[key.pk])):
        page = client.get(url).content.decode()
        assert presented.split("_", 2)[2] not in page
        assert key.secret_sha256 not in page


@pytest.mark.parametrize(
    "wrong", [{"role": Role.OWNER}, {"scopes": []}, {"days": 4000}, {"name": ""}]
)
def test_api_key_wrong_form_makes_nothing(
    wrong: dict[str, object], organization: Organization, staff: User, client_of: Clients
) -> None:
    form = key_form(organization) | wrong
    assert (
        "errors"
        in client_of(staff).post(reverse(f"{KEYS}add"), form, format="multipart").content.decode()
    )
    assert not ApiKey.objects.exists()


def is_usable_after_revoking(client: APIClient, key: ApiKey) -> bool:
    form = {"action": "revoke", "_selected_action": [key.pk]}
    client.post(reverse(f"{KEYS}changelist"), form, format="multipart")
    key.refresh_from_db()
    return key.is_usable


def test_api_key_is_revoked_by_its_own_managers_only(
    organization: Organization, staff: User, outsider: User, client_of: Clients
) -> None:
    key, _ = create_api_key(
        organization=organization,
        name="Gate",
        role=Role.VIEWER,
        scopes=[Scope.CAMERAS_READ],
        expires_at=timezone.now() + timedelta(days=1),
        created_by=staff,
    )
    assert is_usable_after_revoking(client_of(outsider), key)
    assert not is_usable_after_revoking(client_of(staff), key)
    assert AuditEvent.objects.filter(action=AuditEvent.Action.REVOKED, actor=staff).exists()


def test_audit_trail_is_filtered_and_read_only(
    owner: User, staff: User, client_of: Clients
) -> None:
    event = AuditEvent.objects.filter(organization=owner.memberships.get().organization).first()
    assert event is not None
    client = client_of(owner)
    listed = client.get(
        reverse("admin:accounts_auditevent_changelist"),
        {"action__exact": event.action, "within": "7", "actor_label": event.actor_label},
    )
    assert event in list(listed.context["cl"].result_list)
    url = reverse("admin:accounts_auditevent_change", args=[event.pk])
    assert client.get(url).status_code == 200
    assert client.post(url, {"reason": "x"}, format="multipart").status_code == 403
    closed = client_of(staff).get(reverse("admin:accounts_auditevent_changelist"))
    assert closed.status_code == 403


def test_organization_is_made_with_its_roles(superuser: User, client_of: Clients) -> None:
    form = {
        "name": "Station",
        "time_zone": "Asia/Bangkok",
        "retention_hours": 720,
        "review_sample_rate": 0.01,
        "is_active": "on",
    }
    url = reverse("admin:accounts_organization_add")
    assert client_of(superuser).post(url, form, format="multipart").status_code == 302
    assert Organization.objects.get(name="Station").role_groups.count() == len(Role)


def test_owner_changes_the_organization_but_cannot_switch_it_off(
    organization: Organization, owner: User, staff: User, client_of: Clients
) -> None:
    url = reverse("admin:accounts_organization_change", args=[organization.pk])
    form = {
        "name": "Harbour",
        "time_zone": "Asia/Bangkok",
        "retention_hours": 168,
        "review_sample_rate": 0.01,
    }
    assert client_of(owner).post(url, form, format="multipart").status_code == 302
    organization.refresh_from_db()
    assert (organization.retention_hours, organization.is_active) == (168, True)
    assert client_of(staff).post(url, form, format="multipart").status_code == 403
