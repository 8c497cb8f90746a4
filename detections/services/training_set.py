"""Reviewed crops and their labels, written as a folder from which readers are trained."""

import csv
import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import structlog
import yaml
from django.core.files.storage import storages
from django.db.models import Q, QuerySet
from django.utils import timezone
from PIL import Image

from accounts.models import AuditEvent, Organization, User
from accounts.services import record_audit_event
from cameras.models import Camera
from detections.errors import TrainingExportError
from detections.models import Detection
from detections.recognition.registry import SHIPPED_WEIGHTS
from detections.selectors import in_time
from vehicles.models import Plate
from vehicles.plates.evidence import countries_of_region

log = structlog.get_logger(__name__)

# One plate in ten is kept for checking; all crops of one plate go the same way, so that nothing is
# checked that was learnt by heart.
VALIDATION_ONE_IN = 10
_COLUMNS = ("image_path", "plate_text", "plate_region")
_PAGE = 500
Review = Detection.Review


@dataclass(slots=True, kw_only=True)
class Exported:
    """How many crops were written, for training, checking, and of what is no plate.

    `unreadable` are of plates that the reader cannot spell: for measuring, in neither list.
    """

    train: int = 0
    validation: int = 0
    unreadable: int = 0
    rejected: int = 0
    missing: int = 0


def export_training_set(
    *,
    folder: Path,
    organization: Organization,
    cameras: Collection[Camera] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    with_rejected: bool = False,
    actor: User | None = None,
) -> Exported:
    """Write the crops that people confirmed or corrected, with what they say the plates are.

    The folder gets `crops/`, `train.csv` and `validation.csv` as fast-plate-ocr reads them with the
    plate configuration of the reader that ships, and `manifest.json`. `labels.jsonl` is as
    `training.measure` and `evaluate_recognition` read it, `validation.jsonl` the part of it that
    `train.csv` does not teach.

    Args:
        folder: New or empty.
        cameras: Of these only; empty: of all of the organization.
        with_rejected: Also the crops that people found to be no plate, in `rejected/`.

    Raises:
        TrainingExportError: The organization does not allow it, a camera is not its own, or the
            folder holds something.
    """
    if not organization.allows_training:
        message = (
            f"{organization} does not allow its pictures to train models. An owner can, in the "
            "admin: organization, “pictures may train models”."
        )
        raise TrainingExportError(message)
    if any(camera.organization_id != organization.pk for camera in cameras):
        raise TrainingExportError(f"Name cameras of {organization} only.")
    if folder.exists() and any(folder.iterdir()):
        raise TrainingExportError(f"{folder} is not empty. Name a new folder.")
    reviewed = _reviewed(organization, cameras, with_rejected=with_rejected).filter(
        in_time(since=since, until=until)
    )
    # Noted before the first picture leaves: an export that breaks off was one too.
    asked = {
        "cameras": [str(camera.pk) for camera in cameras],
        "since": since.isoformat() if since else None,
        "until": until.isoformat() if until else None,
        "with_rejected": with_rejected,
    }
    record_audit_event(
        action=AuditEvent.Action.EXPORTED,
        actor=actor,
        organization=organization,
        target_label="training set",
        detail=asked,
    )
    exported = _write(folder, reviewed)
    counts = {name: getattr(exported, name) for name in Exported.__slots__}
    manifest = {
        "organization": organization.slug,
        "exported_at": timezone.now().isoformat(),
        **asked,
        "counts": counts,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2), "utf-8")
    log.info("training_set_exported", organization_id=organization.pk, **counts)
    return exported


def _reviewed(
    organization: Organization, cameras: Collection[Camera], *, with_rejected: bool
) -> QuerySet[Detection]:
    wanted = Q(review__in=(Review.CONFIRMED, Review.CORRECTED), plate__isnull=False)
    if with_rejected:
        wanted |= Q(review=Review.REJECTED, verdict=Detection.Verdict.NO_PLATE)
    # Its index holds only what was judged.
    judged = Detection.objects.filter(~Q(verdict=""), wanted).exclude(crop_name="")
    ids = [camera.pk for camera in cameras] or list(
        Camera.objects.filter(organization=organization).values_list("pk", flat=True)
    )
    return judged.filter(camera_id__in=ids).select_related("plate").defer("evidence").order_by("id")


def _write(folder: Path, reviewed: QuerySet[Detection]) -> Exported:
    for name in ("crops", "rejected"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    exported = Exported()
    with (
        (folder / "train.csv").open("w", encoding="utf-8", newline="") as train,
        (folder / "validation.csv").open("w", encoding="utf-8", newline="") as validation,
        (folder / "labels.jsonl").open("w", encoding="utf-8") as labels,
        (folder / "validation.jsonl").open("w", encoding="utf-8") as unseen,
    ):
        writers = {True: csv.writer(validation), False: csv.writer(train)}
        for writer in writers.values():
            writer.writerow(_COLUMNS)
        for detection, crop in _crops(reviewed, exported):
            plate = detection.plate
            kind = "crops" if plate else "rejected"
            name = f"{kind}/{detection.pk}{Path(detection.crop_name).suffix}"
            (folder / name).write_bytes(crop)
            if plate is None:
                exported.rejected += 1
                continue
            label = f"{json.dumps(_label(detection, name, crop), ensure_ascii=False)}\n"
            labels.write(label)
            if not _shipped_reader().spells(plate.number):
                exported.unreadable += 1
                unseen.write(label)
                continue
            is_validation = _is_for_validation(plate.number)
            exported.validation += is_validation
            exported.train += not is_validation
            writers[is_validation].writerow((name, plate.number, _region(plate)))
            if is_validation:
                unseen.write(label)
    return exported


def _crops(reviewed: QuerySet[Detection], exported: Exported) -> Iterator[tuple[Detection, bytes]]:
    storage = storages["pictures"]
    for detection in reviewed.iterator(chunk_size=_PAGE):
        try:
            with storage.open(detection.crop_name) as stored:
                yield detection, stored.read()
        except FileNotFoundError:
            log.warning("picture_missing", detection_id=str(detection.pk))
            exported.missing += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """What a reader can answer: characters, how many of them, and regions."""

    alphabet: frozenset[str]
    slots: int
    regions: tuple[str, ...]

    def spells(self, number: str) -> bool:
        return len(number) <= self.slots and set(number) <= self.alphabet


@cache
def _shipped_reader() -> _Reader:
    """The reader whose plate configuration ships: fast-plate-ocr fails on what it cannot answer."""
    config = yaml.safe_load((SHIPPED_WEIGHTS / "plate_reader_v1.yaml").read_text("utf-8"))
    return _Reader(
        alphabet=frozenset(config["alphabet"]) - {config["pad_char"]},
        slots=config["max_plate_slots"],
        regions=tuple(config["plate_regions"]),
    )


def _region(plate: Plate) -> str:
    """The reader's label of a plate: its province, its country, those that look like it, or none.

    A Thai plate whose province nobody named could be of any: that is unknown.
    """
    regions = _shipped_reader().regions
    for label in (plate.province, plate.country):
        if label in regions:
            return label
    alike = (
        region
        for region in regions
        if plate.country != "TH" and plate.country in countries_of_region(region)
    )
    return next(alike, "unknown")


def _is_for_validation(number: str) -> bool:
    digest = hashlib.sha256(number.encode()).digest()
    return int.from_bytes(digest[:4]) % VALIDATION_ONE_IN == 0


def _label(detection: Detection, name: str, crop: bytes) -> dict[str, Any]:
    assert detection.plate is not None
    with Image.open(BytesIO(crop)) as picture:
        width, height = picture.size
    plate = {
        "bbox": [0, 0, width, height],
        "text": detection.plate.number,
        "province": detection.plate.province or None,
    }
    return {"image": name, "plates": [plate]}
