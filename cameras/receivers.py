"""What cameras do at news from accounts."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from accounts.models import Organization, User
from accounts.signals import member_removed, names_asked
from cameras.selectors import cameras_visible_to
from cameras.services import forget_grants


@receiver(member_removed)
def forget_grants_of_member(
    sender: object, user: User, organization: Organization, **kwargs: Any
) -> None:
    """Somebody who comes back later starts without the grants of before."""
    forget_grants(user=user, organization=organization)


@receiver(names_asked)
def name_cameras(
    sender: object, user: User, ids: Collection[UUID], **kwargs: Any
) -> dict[UUID, str]:
    """Name the cameras of which events of the trail hold the ids."""
    return dict(cameras_visible_to(user).filter(pk__in=ids).order_by().values_list("pk", "name"))
