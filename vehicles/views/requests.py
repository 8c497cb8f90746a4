"""What every page of vehicles asks of its request, and how it draws plates."""

from typing import cast
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils.translation import get_language

from accounts.models import User
from vehicles.models import Plate
from vehicles.plates.showing import ShownPlate, show_plate


def user_of(request: HttpRequest) -> User:
    """The person behind a request that passed `login_required`."""
    return cast("User", request.user)


def draw(plate: Plate) -> ShownPlate:
    """A plate as it is drawn, in the language that is active."""
    return show_plate(plate.number, plate.country, plate.province, language=get_language() or "en")


def id_in(request: HttpRequest, name: str) -> UUID | None:
    """An id that the address may carry.

    Raises:
        Http404: It is none.
    """
    text = request.GET.get(name, "")
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise Http404 from error
