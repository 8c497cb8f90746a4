"""Evidence packs: everything about some detections, and what proves that it is unchanged."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.storage import storages
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, User
from cameras.models import Camera
from detections.models import Detection, ReviewEntry
from reports.documents import verifier
from reports.documents.archive import ArchiveTooLargeError, PackWriter, json_lines
from reports.documents.evidence_pdf import Cover, Item, Picture, write_report
from reports.documents.verifier import canonical
from reports.documents.wording import Language
from reports.errors import ExportTooLargeError
from reports.models import Export
from reports.services.columns import province_name
from reports.services.exports import evidence_asked
from reports.services.keys import signing_key
from reports.services.seals import Plain, proofs_of, seal_trail

VERIFIER = "verify_evidence.py"
LANGUAGES: tuple[Language, ...] = ("en", "th")
_CONFIGURATION = (
    "model_set",
    "detector_confidence",
    "accept_confidence",
    "review_confidence",
    "min_frames_agreed",
    "min_plate_width_px",
    "country",
    "analyse_fps",
    "include_areas",
    "exclude_areas",
    "active_hours",
)
_README = """\
EVIDENCE PACK

detections/<id>/     what is known of each detection (JSON) and its pictures, as they were kept
report.en.pdf        the same to be read, in English
report.th.pdf        the same in Thai
audit/               who saw and did what with them, and the chain of seals that holds it
manifest.json        every file with its size and SHA-256
signature.json       the Ed25519 signature over manifest.json
verify_evidence.py   checks this pack; needs only Python 3.8 or later

To check it, get the public key {key_id} from the operator of the server by another way than this
pack, take verify_evidence.py from there too if you can, and run

    python3 verify_evidence.py PACK.zip --key PUBLIC_KEY

It ends with 0 where all is sound, and names what was changed, added, removed or signed by somebody
else where it is not. Do not unpack and pack it again: it would no longer be the file that was made.
"""


def write_pack(
    *, user: User, export: Export, target: IO[bytes], watch: Callable[[float], None]
) -> int:
    """Write the pack of an export's detections; returns how many there are.

    Args:
        target: Takes the archive; sets `export.warnings` and `export.key_id` besides.
        watch: Is told how far it is, 0 to 1; what it raises ends the writing.

    Raises:
        ExportRefusedError: Some are gone, or the user may not see them now.
        ExportTooLargeError: The archive would be larger than allowed.
        SigningKeyError: The key cannot be used.
    """
    detections = _detections(user, export)
    private, key = signing_key()
    seal_trail()
    trail, chain, warnings = proofs_of(list(_trail(export, detections)))
    pack = PackWriter(target)
    items = []
    try:
        for number, detection in enumerate(detections, start=1):
            item, sentences = _add_detection(pack, detection, trail)
            items.append(item)
            warnings += sentences
            _check_size(target)
            watch(0.5 * number / len(detections))
        export.key_id, export.warnings = key.key_id, warnings
        cover = _cover(export, key.public_key, chain, warnings)
        for number, language in enumerate(LANGUAGES):
            pack.add(f"report.{language}.pdf", write_report(cover, items, language))
            watch(0.6 + 0.15 * number)
        pack.add(verifier.EVENTS, json_lines(trail))
        pack.add(verifier.SEALS, json_lines(chain))
        pack.add(VERIFIER, verifier_source())
        pack.add("README.txt", _README.format(key_id=key.key_id).encode())
        manifest = _manifest(export, cover, len(items))
        pack.close(manifest=manifest, public_key=bytes.fromhex(key.public_key), sign=private.sign)
    except ArchiveTooLargeError as error:
        raise _too_large() from error
    return len(items)


def _check_size(target: IO[bytes]) -> None:
    if target.tell() > settings.EXPORT_MAX_BYTES:
        raise _too_large()


def _too_large() -> ExportTooLargeError:
    most = settings.EXPORT_MAX_BYTES // 2**20
    message = _("The pack would be larger than %(most)d MiB. Choose fewer detections.")
    return ExportTooLargeError(message % {"most": most})


def verifier_source() -> bytes:
    """The program that checks packs, as it stands in each of them."""
    return Path(verifier.__file__).read_bytes()


def _detections(user: User, export: Export) -> list[Detection]:
    # Asked anew: some may have gone since the pack was asked for.
    found = evidence_asked(
        user=user,
        organization_id=export.organization_id,
        ids=export.criteria["detections"],
    )
    return list(found.defer(None).select_related("camera", "plate").order_by("id"))


def _trail(export: Export, detections: Sequence[Detection]) -> Iterator[AuditEvent]:
    """Audit events of these detections and of this export, oldest first."""
    label, ids = Detection._meta.label_lower, [str(row.pk) for row in detections]  # noqa: SLF001  # Django's public name
    wanted = Q(target_type=label, target_id__in=ids) | Q(
        target_type=Export._meta.label_lower,  # noqa: SLF001  # Django's public name
        target_id=str(export.pk),
    )
    return AuditEvent.objects.filter(wanted).order_by("id").iterator(1000)


def _add_detection(
    pack: PackWriter, detection: Detection, trail: Sequence[Plain]
) -> tuple[Item, list[str]]:
    folder = f"detections/{detection.pk}"
    pictures: dict[str, Picture] = {}
    warnings = []
    said = _said(detection)
    for kind in ("frame", "crop"):
        name = getattr(detection, f"{kind}_name")
        if not name:
            continue
        picture = _picture(name, getattr(detection, f"{kind}_sha256"))
        pictures[kind] = picture
        file = f"{folder}/{kind}{Path(name).suffix if picture.content else ''}"
        if picture.content is not None:
            pack.add(file, picture.content)
        if picture.verdict != "intact":
            what = "is not the one that was recorded" if picture.content else "is missing"
            warnings.append(f"The {kind} of detection {detection.pk} {what}.")
        said["pictures"][kind] = {
            "file": file if picture.content is not None else None,
            "recorded_sha256": picture.recorded_sha256,
            "found_sha256": picture.found_sha256,
            "verdict": picture.verdict,
        }
    pack.add(f"{folder}/detection.json", canonical(said))
    custody = [row["event"] for row in trail if row["event"]["target_id"] == str(detection.pk)]
    item = Item(said=said, frame=pictures.get("frame"), crop=pictures.get("crop"), custody=custody)
    return item, warnings


def _picture(name: str, recorded: str) -> Picture:
    try:
        with storages["pictures"].open(name) as stored:
            content = stored.read()
    except FileNotFoundError:
        return Picture(recorded_sha256=recorded, found_sha256="", verdict="missing", content=None)
    found = hashlib.sha256(content).hexdigest()
    verdict = "intact" if found == recorded else "altered"
    return Picture(recorded_sha256=recorded, found_sha256=found, verdict=verdict, content=content)


def _said(detection: Detection) -> Plain:
    """Everything that is known of a detection, in plain JSON; moments in UTC."""
    plate, evidence = detection.plate, detection.evidence
    models = evidence.get("models")
    return {
        "id": str(detection.pk),
        "captured_at": _utc(detection.captured_at),
        "recorded_at": _utc(detection.recorded_at),
        "origin": detection.origin,
        "camera": _said_of_camera(detection.camera),
        "plate": plate
        and {
            "number": plate.number,
            "country": plate.country,
            "province": plate.province,
            "province_name": {
                language: province_name(plate.province, is_thai=language == "th")
                for language in LANGUAGES
            },
        },
        "read": {
            "text": detection.read_text,
            "number": detection.read_number,
            "country": detection.read_country,
            "province": detection.read_province,
            "confidence": detection.confidence,
            "frames_agreed": detection.frames_agreed,
            "frames_read": detection.frames_read,
        },
        "review": {
            "state": detection.review,
            "verdict": detection.verdict,
            "is_sampled": detection.is_sampled,
            "merged_into": detection.merged_into_id and str(detection.merged_into_id),
        },
        "vehicle": {
            "kind": detection.vehicle_kind,
            "color": detection.vehicle_color,
            "direction": detection.direction,
            "travel_degrees": detection.travel_degrees,
        },
        "box_px": [detection.box_x, detection.box_y, detection.box_width, detection.box_height],
        "frame_px": [detection.frame_width_px, detection.frame_height_px],
        "model_set": detection.model_set,
        "models": models if isinstance(models, dict) else {},
        "evidence": evidence,
        "decisions": list(_decisions(detection)),
        "pictures": {},
    }


def _said_of_camera(camera: Camera) -> Plain:
    configuration = {name: getattr(camera, name) for name in _CONFIGURATION}
    point = camera.point
    return {
        "id": str(camera.pk),
        "name": camera.name,
        "purpose": camera.purpose,
        "latitude": point.y if point else None,
        "longitude": point.x if point else None,
        "heading_degrees": camera.heading_degrees,
        # As it stands when the pack is made; the limits that held are in `evidence.checks`.
        "configuration": configuration,
        "configuration_sha256": hashlib.sha256(canonical(configuration)).hexdigest(),
    }


def _decisions(detection: Detection) -> Iterator[Plain]:
    entries = ReviewEntry.objects.filter(Q(detection=detection) | Q(other_detection=detection))
    for entry in entries.order_by("id"):
        yield {
            "id": str(entry.pk),
            "detection": str(entry.detection_id),
            "kind": entry.kind,
            "at": _utc(entry.at),
            "actor": entry.actor_label,
            "reason": " ".join(filter(None, (entry.reject_reason, entry.reason))),
            "batch": entry.batch_id and str(entry.batch_id),
            "undoes": entry.undoes_id and str(entry.undoes_id),
            "before": entry.before,
            "after": entry.after,
        }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _cover(
    export: Export, public_key: str, chain: Sequence[Plain], warnings: Sequence[str]
) -> Cover:
    maker = export.created_by
    return Cover(
        pack_id=str(export.pk),
        organization=export.organization.name,
        made_at=timezone.now(),
        made_by=" ".join(filter(None, (maker.display_name, maker.email))) if maker else "",
        reason=export.reason,
        case_number=export.case_number,
        zone=export.organization.zone,
        key_id=export.key_id,
        public_key=public_key,
        head=chain[-1]["hash"] if chain else "",
        warnings=warnings,
    )


def _manifest(export: Export, cover: Cover, count: int) -> dict[str, Any]:
    return {
        "pack": cover.pack_id,
        "organization": {"id": export.organization_id, "name": cover.organization},
        "made_at": _utc(cover.made_at),
        "made_by": cover.made_by,
        "reason": cover.reason,
        "case_number": cover.case_number,
        "detections": count,
        "audit": {"head": cover.head},
        "warnings": list(cover.warnings),
    }
