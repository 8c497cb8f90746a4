"""Notes who searched for what and why, once it is certain that they may."""

from django.core.signing import BadSignature, TimestampSigner

from accounts.models import Organization, User
from accounts.selectors import Stated, demand_on
from detections.criteria.criteria import Criteria
from vehicles.services import audit_plate_search

# The pages of one search are one search for so long.
_NOTED_FOR_SECONDS = 12 * 3600
_WRITTEN_SO = ("regex", "wildcard")


def note_search(*, actor: User, criteria: Criteria, stated: Stated, noted: str = "") -> str:
    """Check that what the organizations demand was stated, and audit the search in each.

    Args:
        noted: What this gave for the first page: further pages of the same search are no other
            one. Nobody can make it up, so nobody can page past the trail.

    Raises:
        ReasonDemandedError: Something that an organization demands was not stated.
    """
    signer = TimestampSigner(salt="search")
    question = f"{actor.pk}?{criteria.as_query()}"
    try:
        signer.unsign(f"{question}:{noted}", max_age=_NOTED_FOR_SECONDS)
    except BadSignature:
        demand_on(actor).check(**stated._asdict())
        _audit(actor, criteria, stated)
    else:
        return noted
    return signer.sign(question).removeprefix(f"{question}:")


def _audit(actor: User, criteria: Criteria, stated: Stated) -> None:
    term = criteria.text
    if term and criteria.match not in _WRITTEN_SO:
        # Written in one way, so that the same number is found again in the trail.
        term = criteria.number
    filters = criteria.as_json()
    match = filters.pop("match", "")
    filters.pop("text", None)
    audit_plate_search(
        actor=actor,
        term=term,
        match=match,
        filters=filters,
        reason=stated.reason,
        case_number=stated.case_number,
    )


def check_stated(*, actor: User, organization: Organization, stated: Stated) -> None:
    """Check what one organization demands before its rows are opened.

    Raises:
        ReasonDemandedError: Something that it demands was not stated.
    """
    demand_on(actor, organization).check(**stated._asdict())
