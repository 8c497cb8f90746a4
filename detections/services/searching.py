"""Notes who searched for what and why, once it is certain that they may."""

from collections.abc import Sequence

from django.core.signing import BadSignature, TimestampSigner
from django.utils import timezone

from accounts.models import AuditEvent, Organization, User
from accounts.selectors import STATED_FOR, Stated, demand_of, demand_on, organizations_of
from accounts.services import record_audit_event
from detections.criteria.criteria import Criteria
from detections.models import Detection
from lpr_project.common.models import uuid7_floor
from vehicles.models import Plate, Vehicle
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
        reached = list(organizations_of(actor))
        demand_of(reached).check(**stated._asdict())
        _audit(actor, criteria, stated, reached)
    else:
        return noted
    return signer.sign(question).removeprefix(f"{question}:")


def _audit(
    actor: User, criteria: Criteria, stated: Stated, reached: Sequence[Organization]
) -> None:
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
        reached=reached,
    )


def note_view(*, actor: User, target: Plate | Vehicle | Detection, stated: Stated) -> None:
    """Check what is demanded before a part of something is shown, and audit that it was opened.

    Parts belong to the page that was opened a moment ago, which stands in the trail already.

    Raises:
        ReasonDemandedError: Something that is demanded was not stated.
    """
    check_stated(actor=actor, organization=target.organization, stated=stated)
    opened = AuditEvent.objects.filter(
        target_type=target._meta.label_lower,  # noqa: SLF001  # Django's public name
        target_id=str(target.pk),
        id__gte=uuid7_floor(timezone.now() - STATED_FOR),
        actor=actor,
        action=AuditEvent.Action.VIEWED,
        reason=stated.reason,
        case_number=stated.case_number,
    )
    if opened.exists():
        return
    label = target.number if isinstance(target, Plate) else ""
    record_audit_event(
        action=AuditEvent.Action.VIEWED,
        actor=actor,
        target=target,
        target_label=label,
        **stated._asdict(),
    )


def check_stated(*, actor: User, organization: Organization, stated: Stated) -> None:
    """Check what one organization demands before its rows are opened.

    Raises:
        ReasonDemandedError: Something that it demands was not stated.
    """
    demand_on(actor, organization).check(**stated._asdict())
