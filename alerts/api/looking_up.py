"""Lists that find a plate are searches for it: audited, for who says what is demanded."""

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from accounts.models import User
from accounts.selectors import demand_on, stated_in_query
from vehicles.services import audit_plate_search

STATED = [
    OpenApiParameter("reason", description="Why; for the audit trail."),
    OpenApiParameter("case_number", description="Of the case that it is for."),
]


def note_look_up(request: Request) -> None:
    """Check what the organizations demand, and audit the search in each.

    Raises:
        ReasonDemandedError: Something that an organization demands was not stated.
    """
    assert isinstance(request.user, User)
    asked = map(request.query_params.get, ("number", "entry_case_number"))
    if term := " ".join(filter(None, asked)):
        stated = stated_in_query(request.query_params)._asdict()
        demand_on(request.user).check(**stated)
        audit_plate_search(actor=request.user, term=term, **stated)
