"""Reads of plates and vehicles."""

from django.db.models import QuerySet

from accounts.models import Role, User
from accounts.selectors import organizations_of
from vehicles.errors import NumberRefusedError
from vehicles.models import Plate, Vehicle
from vehicles.plates.text import PlateTextError, normalise

# A viewer sees detections of its cameras; where else a plate was seen is not for it.
READING_ROLES = (Role.OWNER, Role.MANAGER, Role.OPERATOR, Role.ANALYST, Role.AUDITOR)


def plates_visible_to(user: User) -> QuerySet[Plate]:
    """Plates of organizations in which the user sees every camera."""
    return Plate.objects.filter(
        organization__in=organizations_of(user, *READING_ROLES)
    ).select_related("vehicle")


def plates_numbered(text: str, *, is_prefix: bool = False) -> QuerySet[Plate]:
    """Plates of all organizations with this number, or one that begins so, written in any way.

    Raises:
        NumberRefusedError: The text stands on no plate.
    """
    try:
        number = normalise(text)
    except PlateTextError as error:
        raise NumberRefusedError(str(error), number=[str(error)]) from error
    return Plate.objects.filter(**{"number__startswith" if is_prefix else "number": number})


def vehicles_visible_to(user: User) -> QuerySet[Vehicle]:
    """Vehicles of organizations in which the user sees every camera."""
    return Vehicle.objects.filter(organization__in=organizations_of(user, *READING_ROLES))
