"""People, organizations and keys for tests, made by the services that make the real ones."""

from datetime import timedelta
from itertools import count

from django.utils import timezone

from accounts.models import ApiKey, Organization, Role, Scope, User
from accounts.services import add_member, create_api_key, create_organization

PASSWORD = "a long enough passphrase"
_numbers = count(1)


def make_organization(**fields: object) -> Organization:
    number = next(_numbers)
    return create_organization(**{"name": f"Organization {number}", **fields})  # type: ignore[arg-type]  # a table of keywords


def make_user(**fields: object) -> User:
    number = next(_numbers)
    return User.objects.create_user(
        **{"email": f"person{number}@example.org", "password": PASSWORD, **fields}  # type: ignore[arg-type]  # a table of keywords
    )


def make_member(organization: Organization, role: Role, **fields: object) -> User:
    user = make_user(**fields)
    add_member(organization=organization, user=user, role=role, actor=None)
    return user


def make_api_key(
    organization: Organization, *scopes: Scope, role: Role = Role.OPERATOR
) -> tuple[ApiKey, str]:
    """A key with `scopes`, or all where none is named, and the text that a program sends."""
    return create_api_key(
        organization=organization,
        name=f"Program {next(_numbers)}",
        role=role,
        scopes=scopes or Scope,
        expires_at=timezone.now() + timedelta(days=30),
        created_by=None,
    )
