"""Reads of legal holds and deletion certificates, and of what holds keep."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Organization, Role, User
from accounts.selectors import MANAGING_ROLES, organizations_of
from detections.models import (
    DeletionCertificate,
    Detection,
    HeldDetection,
    HeldPlate,
    HeldSpan,
    LegalHold,
    PlateRequest,
)
from detections.models.keeping import is_active_at

# Who may know why something is kept, and what was deleted.
KEEPING_ROLES = (Role.OWNER, Role.MANAGER, Role.AUDITOR)


def legal_holds_visible_to(user: User) -> QuerySet[LegalHold]:
    """Holds of the organizations that the user owns, manages or audits, newest first."""
    return LegalHold.objects.filter(
        organization__in=organizations_of(user, *KEEPING_ROLES)
    ).select_related("organization", "created_by", "lifted_by")


def certificates_visible_to(user: User) -> QuerySet[DeletionCertificate]:
    """Certificates of the organizations that the user owns, manages or audits, newest first."""
    return DeletionCertificate.objects.filter(
        organization__in=organizations_of(user, *KEEPING_ROLES)
    ).select_related("organization")


def plate_requests_visible_to(user: User) -> QuerySet[PlateRequest]:
    """Requests about plates of the organizations that the user owns or manages, newest first."""
    return PlateRequest.objects.filter(
        organization__in=organizations_of(user, *MANAGING_ROLES)
    ).select_related("created_by", "certificate")


def active_holds(organization: Organization) -> list[UUID]:
    """Ids of the holds that keep something of an organization now."""
    holds = LegalHold.objects.filter(is_active_at(timezone.now()), organization=organization)
    return list(holds.order_by().values_list("pk", flat=True))


def held_by(holds: list[UUID]) -> Q:
    """Detections that one of these holds names: by themselves, by their plate, or by their camera.

    A pass that was merged into a held one is held with it.
    """
    named = HeldDetection.objects.filter(hold__in=holds)
    spans = HeldSpan.objects.filter(
        hold__in=holds,
        camera=OuterRef("camera_id"),
        since__lte=OuterRef("captured_at"),
        until__gt=OuterRef("captured_at"),
    )
    plates = HeldPlate.objects.filter(hold__in=holds)
    return (
        Q(Exists(named.filter(detection=OuterRef("pk"))))
        | Q(Exists(named.filter(detection=OuterRef("merged_into_id"))))
        | Q(Exists(plates.filter(plate=OuterRef("plate_id"))))
        | Q(Exists(spans))
    )


def holds_on(detection: Detection) -> QuerySet[LegalHold]:
    """Active holds that keep one detection."""
    at = detection.captured_at
    ids = [pk for pk in (detection.pk, detection.merged_into_id) if pk]
    return LegalHold.objects.filter(
        Q(Exists(HeldDetection.objects.filter(hold=OuterRef("pk"), detection__in=ids)))
        | Q(Exists(HeldPlate.objects.filter(hold=OuterRef("pk"), plate=detection.plate_id)))
        | Q(
            Exists(
                HeldSpan.objects.filter(
                    hold=OuterRef("pk"), camera=detection.camera_id, since__lte=at, until__gt=at
                )
            )
        ),
        is_active_at(timezone.now()),
        organization=detection.organization_id,
    ).order_by("-id")
