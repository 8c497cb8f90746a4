"""What cameras do at news from accounts."""

from typing import Any

from django.dispatch import receiver

from accounts.models import Organization, User
from accounts.signals import member_removed
from cameras.services import forget_grants


@receiver(member_removed)
def forget_grants_of_member(
    sender: object, user: User, organization: Organization, **kwargs: Any
) -> None:
    """Somebody who comes back later starts without the grants of before."""
    forget_grants(user=user, organization=organization)
