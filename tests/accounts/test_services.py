"""Organizations, members and keys."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.errors import ApiKeyError, MembershipError
from accounts.models import (
    ROLE_PERMISSIONS,
    AuditEvent,
    Membership,
    Organization,
    Role,
    RoleGroup,
    Scope,
    User,
)
from accounts.selectors import memberships_of, only_organization_of
from accounts.services import (
    add_member,
    create_api_key,
    create_organization,
    invite_member,
    remove_member,
)
from cameras.models import Camera
from cameras.selectors import cameras_visible_to
from cameras.services import grant_camera
from tests.accounts.factories import make_api_key, make_member, make_organization, make_user


def membership_of(user: User) -> Membership:
    return Membership.objects.get(user=user)


def test_create_organization_gives_each_role_its_permissions(organization: Organization) -> None:
    for row in RoleGroup.objects.filter(organization=organization):
        names = {
            f"{label}.{codename}"
            for label, codename in row.group.permissions.values_list(
                "content_type__app_label", "codename"
            )
        }
        assert names == set(ROLE_PERMISSIONS[Role(row.role)])


@pytest.mark.parametrize("zone", ["Asia/Atlantis", "", "../etc/passwd"])
def test_create_organization_refuses_an_unknown_time_zone(db: None, zone: str) -> None:
    with pytest.raises(ValidationError) as refused:
        create_organization(name="Harbour", time_zone=zone)

    assert "time_zone" in refused.value.message_dict


@pytest.mark.parametrize(
    ("role", "is_staff"),
    [
        (Role.OWNER, True),
        (Role.MANAGER, True),
        (Role.AUDITOR, True),
        (Role.OPERATOR, False),
        (Role.ANALYST, False),
        (Role.VIEWER, False),
    ],
)
def test_add_member_opens_the_admin_to_those_who_need_it(
    organization: Organization, role: Role, is_staff: bool
) -> None:
    assert make_member(organization, role).is_staff is is_staff


def test_add_member_changes_a_role_and_its_group(organization: Organization) -> None:
    user = make_member(organization, Role.MANAGER)

    add_member(organization=organization, user=user, role=Role.VIEWER, actor=None)

    assert [group.role_group.role for group in user.groups.all()] == [Role.VIEWER]
    assert memberships_of(user).get().role == Role.VIEWER
    assert not User.objects.get(pk=user.pk).is_staff


def test_members_are_made_by_managers_and_owners_by_owners(organization: Organization) -> None:
    owner = make_member(organization, Role.OWNER)
    manager = make_member(organization, Role.MANAGER)
    operator = make_member(organization, Role.OPERATOR)

    add_member(organization=organization, user=operator, role=Role.ANALYST, actor=manager)
    for actor, user, role in (
        (manager, manager, Role.OWNER),
        (manager, owner, Role.VIEWER),
        (operator, operator, Role.MANAGER),
    ):
        with pytest.raises(MembershipError):
            add_member(organization=organization, user=user, role=role, actor=actor)
    with pytest.raises(MembershipError):
        remove_member(membership=membership_of(owner), actor=manager)

    assert membership_of(manager).role == Role.MANAGER
    assert membership_of(owner).role == Role.OWNER


def test_owner_of_another_organization_makes_no_members(
    organization: Organization, outsider: User
) -> None:
    with pytest.raises(MembershipError):
        add_member(organization=organization, user=outsider, role=Role.VIEWER, actor=outsider)


def test_last_owner_stays(organization: Organization) -> None:
    owner = make_member(organization, Role.OWNER)

    with pytest.raises(MembershipError, match="only owner"):
        remove_member(membership=membership_of(owner), actor=owner)
    with pytest.raises(MembershipError, match="only owner"):
        add_member(organization=organization, user=owner, role=Role.VIEWER, actor=owner)


def test_last_owner_stays_although_two_leave_at_once(transactional_db: None) -> None:
    organization = make_organization()
    owners = [make_member(organization, Role.OWNER) for _ in range(2)]

    def leave(owner: User) -> bool:
        try:
            remove_member(membership=membership_of(owner), actor=owner)
        except MembershipError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        left = list(pool.map(leave, owners))

    assert sorted(left) == [False, True]
    assert Membership.objects.filter(organization=organization, role=Role.OWNER).count() == 1


def test_remove_member_forgets_what_was_granted_by_name(
    organization: Organization,
    camera: Camera,
    viewer: User,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        remove_member(membership=membership_of(viewer), actor=None)
    add_member(organization=organization, user=viewer, role=Role.VIEWER, actor=None)

    assert not cameras_visible_to(viewer).exists()


def test_grants_do_not_count_without_membership(camera: Camera, outsider: User) -> None:
    grant_camera(camera=camera, user=outsider, permission="view_camera", actor=None)

    assert not cameras_visible_to(outsider).exists()


def test_invite_member_makes_a_person_once(organization: Organization) -> None:
    other = make_organization()
    for tenant in (organization, other):
        invite_member(organization=tenant, email="New@Example.org", role=Role.VIEWER, actor=None)

    user = User.objects.get(email="new@example.org")
    assert not user.has_usable_password()
    assert memberships_of(user).count() == 2
    assert only_organization_of(user) is None


def test_invite_member_takes_no_key_of_another_organization(
    organization: Organization, other_organization: Organization
) -> None:
    key, _ = make_api_key(other_organization)

    with pytest.raises(MembershipError, match="API key"):
        invite_member(
            organization=organization, email=key.user.email, role=Role.OPERATOR, actor=None
        )


def test_user_is_one_whatever_the_case_of_the_email(db: None) -> None:
    make_user(email="Somebody@Example.org")

    with pytest.raises(ValidationError):
        make_user(email="somebody@EXAMPLE.org")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "between now and 366 days"),
        ({"expires_at": timezone.now() + timedelta(days=400)}, "between now and 366 days"),
        ({"scopes": []}, "at least one scope"),
        ({"role": Role.OWNER}, "cannot be an owner"),
    ],
)
def test_create_api_key_refuses(
    organization: Organization, changes: dict[str, Any], sentence: str
) -> None:
    asked = {
        "name": "Gate",
        "role": Role.OPERATOR,
        "scopes": [Scope.DETECTIONS_WRITE],
        "expires_at": timezone.now() + timedelta(days=1),
    }

    with pytest.raises(ApiKeyError, match=sentence):
        create_api_key(organization=organization, created_by=None, **{**asked, **changes})


def test_create_api_key_is_for_managers(organization: Organization, operator: User) -> None:
    with pytest.raises(MembershipError):
        create_api_key(
            organization=organization,
            name="Gate",
            role=Role.OPERATOR,
            scopes=[Scope.CAMERAS_READ],
            expires_at=timezone.now() + timedelta(days=1),
            created_by=operator,
        )

    assert not User.objects.filter(kind=User.Kind.SERVICE).exists()


def test_migrate_gives_roles_what_a_new_release_allows(organization: Organization) -> None:
    group = RoleGroup.objects.get(organization=organization, role=Role.ANALYST).group
    group.permissions.clear()

    call_command("migrate", verbosity=0)

    assert group.permissions.count() == len(ROLE_PERMISSIONS[Role.ANALYST])


def test_every_change_of_members_is_in_the_trail(organization: Organization) -> None:
    owner = make_member(organization, Role.OWNER)
    user = make_user()
    add_member(organization=organization, user=user, role=Role.VIEWER, actor=owner)
    remove_member(membership=membership_of(user), actor=owner)

    events = AuditEvent.objects.filter(actor=owner).order_by("id")
    assert [(event.action, event.target_label) for event in events] == [
        ("granted", user.email),
        ("revoked", user.email),
    ]
    assert {event.organization for event in events} == {organization}
