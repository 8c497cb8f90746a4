"""Says whether the pictures of a detection are still those that were recorded."""

import hashlib
from dataclasses import dataclass
from typing import Literal

from django.core.files.storage import storages

from detections.models import Detection

PictureKind = Literal["frame", "crop"]
Verdict = Literal["intact", "altered", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureCheck:
    """One picture: the hash that was recorded with it, and what it is now; empty where missing."""

    kind: PictureKind
    recorded_sha256: str
    found_sha256: str
    verdict: Verdict


def verify_pictures(*, detection: Detection) -> list[PictureCheck]:
    """Hash the pictures that a detection names; one without pictures gives nothing."""
    named: tuple[tuple[PictureKind, str, str], ...] = (
        ("frame", detection.frame_name, detection.frame_sha256),
        ("crop", detection.crop_name, detection.crop_sha256),
    )
    return [_check(kind, name, recorded) for kind, name, recorded in named if name]


def _check(kind: PictureKind, name: str, recorded: str) -> PictureCheck:
    try:
        with storages["pictures"].open(name) as stored:
            found = hashlib.file_digest(stored, "sha256").hexdigest()
    except FileNotFoundError:
        return PictureCheck(kind=kind, recorded_sha256=recorded, found_sha256="", verdict="missing")
    return PictureCheck(
        kind=kind,
        recorded_sha256=recorded,
        found_sha256=found,
        verdict="intact" if found == recorded else "altered",
    )
