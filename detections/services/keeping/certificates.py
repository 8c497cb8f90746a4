"""Writes deletion certificates while rows go, and closes them."""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.utils import timezone

from accounts.models import Organization, User
from detections.models import DeletionCertificate

EMPTY_DIGEST = "0" * 64


class Victim(NamedTuple):
    """A detection that goes, as far as its going must know it."""

    id: UUID
    camera_id: UUID
    plate_id: UUID | None
    captured_at: Any
    review: str
    is_hit: bool
    frame_name: str
    frame_sha256: str
    crop_name: str
    crop_sha256: str

    @property
    def pictures(self) -> list[str]:
        """Names of its pictures."""
        return [name for name in (self.frame_name, self.crop_name) if name]


def line_of(victim: Victim) -> str:
    """What the digest says of one detection: the canonical form of `DeletionCertificate`."""
    return f"{victim.camera_id} {victim.id} {victim.frame_sha256} {victim.crop_sha256}\n"


def chain(digest: str, victims: Sequence[Victim]) -> str:
    """The digest after these went, in their order.

    >>> chain(EMPTY_DIGEST, []) == EMPTY_DIGEST
    True
    """
    for victim in victims:
        digest = hashlib.sha256((digest + line_of(victim)).encode()).hexdigest()
    return digest


def open_certificate(
    *,
    organization: Organization,
    kind: DeletionCertificate.Kind,
    actor: User | None = None,
    reason: str = "",
    case_number: str = "",
) -> DeletionCertificate:
    """A certificate that is not written yet: the first batch that goes writes it."""
    return DeletionCertificate(
        organization=organization,
        kind=kind,
        actor=actor,
        actor_label=actor.email if actor else "server",
        reason=reason[:300],
        case_number=case_number[:60],
        started_at=timezone.now(),
    )


def certify(
    *, certificate: DeletionCertificate, victims: Sequence[Victim], entries: int, plates: int
) -> None:
    """Add a batch, within the transaction in which it goes."""
    moments = [victim.captured_at for victim in victims]
    certificate.digest = chain(certificate.digest, victims)
    certificate.detections += len(victims)
    certificate.pictures += sum(len(victim.pictures) for victim in victims)
    certificate.review_entries += entries
    certificate.plates += plates
    known = [certificate.oldest_at] if certificate.oldest_at else []
    certificate.oldest_at = min(moments + known)
    known = [certificate.newest_at] if certificate.newest_at else []
    certificate.newest_at = max(moments + known)
    certificate.save()


def close_certificate(*, certificate: DeletionCertificate, is_whole: bool) -> None:
    """Finish a certificate; from now on the database refuses to change it."""
    if certificate._state.adding and not is_worth_keeping(certificate):  # noqa: SLF001  # Django's public name
        return
    certificate.ended_at = timezone.now()
    certificate.is_whole = is_whole
    certificate.save()


def is_worth_keeping(certificate: DeletionCertificate) -> bool:
    """Whether anything went, or somebody asked for it by name."""
    is_asked_for = certificate.kind == DeletionCertificate.Kind.ERASURE
    return is_asked_for or bool(certificate.uploads or certificate.detections)


def close_interrupted(*, organization: Organization) -> None:
    """Finish certificates of purges that died; what they say had gone by then."""
    for certificate in DeletionCertificate.objects.filter(
        organization=organization, kind=DeletionCertificate.Kind.RETENTION, ended_at=None
    ):
        close_certificate(certificate=certificate, is_whole=False)


def as_document(certificate: DeletionCertificate) -> dict[str, Any]:
    """A certificate as the JSON that people keep, with how to check it."""
    return {
        "certificate": str(certificate.pk),
        "organization": certificate.organization.name,
        "kind": certificate.kind,
        "started_at": certificate.started_at.isoformat(),
        "ended_at": certificate.ended_at.isoformat() if certificate.ended_at else None,
        "ran_to_its_end": certificate.is_whole,
        "by": certificate.actor_label,
        "reason": certificate.reason,
        "case_number": certificate.case_number,
        "captured": {
            "oldest": certificate.oldest_at.isoformat() if certificate.oldest_at else None,
            "newest": certificate.newest_at.isoformat() if certificate.newest_at else None,
        },
        "deleted": {
            "detections": certificate.detections,
            "pictures": certificate.pictures,
            "review_entries": certificate.review_entries,
            "plates": certificate.plates,
            "uploads": certificate.uploads,
        },
        "kept_by_holds": certificate.kept,
        "rules": certificate.rules,
        "sha256_chain": certificate.digest,
        "canonical_form": (
            "Begin with 64 zeros. For each deleted detection, in the order of camera id and then "
            "of detection id, take the SHA-256, in hexadecimal, of what you have followed by the "
            "line 'CAMERA DETECTION FRAME_SHA256 CROP_SHA256\\n' (UTF-8; a hash is empty where "
            "there was no picture)."
        ),
    }
