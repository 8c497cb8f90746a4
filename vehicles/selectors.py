"""Reads of plates and vehicles."""

from django.db.models import QuerySet

from accounts.models import Role, User
from accounts.selectors import organizations_of
from vehicles.models import Plate, Vehicle

# A viewer sees detections of its cameras; where else a plate was seen is not for it.
READING_ROLES = (Role.OWNER, Role.MANAGER, Role.OPERATOR, Role.ANALYST, Role.AUDITOR)


def plates_visible_to(user: User) -> QuerySet[Plate]:
    """Plates of organizations in which the user sees every camera."""
    return Plate.objects.filter(
        organization__in=organizations_of(user, *READING_ROLES)
    ).select_related("vehicle")


def vehicles_visible_to(user: User) -> QuerySet[Vehicle]:
    """Vehicles of organizations in which the user sees every camera."""
    return Vehicle.objects.filter(organization__in=organizations_of(user, *READING_ROLES))
