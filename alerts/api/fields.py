"""Fields that the JSON shapes of this app share."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from accounts.models import Organization, User
from accounts.selectors import MANAGING_ROLES, organizations_of


def caller_of(field: serializers.Field[Any, Any, Any, Any]) -> User:
    """Who sent the request that a field is read from."""
    user: User = field.context["request"].user
    return user


class ManagedOrganizationField(serializers.SlugRelatedField[Organization]):
    """An organization that the caller manages."""

    def get_queryset(self) -> QuerySet[Organization]:
        return organizations_of(caller_of(self), *MANAGING_ROLES)
