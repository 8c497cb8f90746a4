"""What every page of vehicles asks of its request, and how it draws plates."""

from typing import cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language

from accounts.errors import ReasonDemandedError
from accounts.models import Organization, User
from accounts.selectors import demand_on, stated_in
from vehicles.models import Plate
from vehicles.plates.showing import ShownPlate, show_plate


def user_of(request: HttpRequest) -> User:
    """The person behind a request that passed `login_required`."""
    return cast("User", request.user)


def asked_why(
    request: HttpRequest, organization: Organization | None = None
) -> HttpResponse | None:
    """The way to the question why, and back; None where all was stated that is demanded.

    Of one organization, or of all whose rows a search reaches.
    """
    try:
        stated = stated_in(request.session)
        demand_on(user_of(request), organization).check(**stated._asdict())
    except ReasonDemandedError:
        query = urlencode({"next": request.get_full_path()})
        return redirect(f"{reverse('accounts:reason')}?{query}")
    return None


def draw(plate: Plate) -> ShownPlate:
    """A plate as it is drawn, in the language that is active."""
    return show_plate(plate.number, plate.country, plate.province, language=get_language() or "en")
