"""The history of a detection, made ready for its page."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from accounts.models import User
from detections.models import Detection, RejectReason, ReviewEntry
from detections.selectors import history_of
from detections.views.presentation import show_plate
from vehicles.plates.showing import ShownPlate


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEntry:
    """One decision; `before` and `after` are None where search finds no plate."""

    entry: ReviewEntry
    is_of_other: bool
    why: str | Promise
    before: ShownPlate | None
    after: ShownPlate | None

    @property
    def has_moved(self) -> bool:
        return self.before != self.after


def show_history(user: User, detection: Detection) -> list[ShownEntry]:
    """Decisions about a detection and about passes merged into it or split off it, newest first."""
    return [
        ShownEntry(
            entry=entry,
            is_of_other=entry.detection_id != detection.pk,
            why=entry.reason
            or (RejectReason(entry.reject_reason).label if entry.reject_reason else ""),
            before=_plate(entry.before),
            after=_plate(entry.after),
        )
        for entry in history_of(user, detection)
    ]


def _plate(standing: dict[str, Any]) -> ShownPlate | None:
    if not standing["number"]:
        return None
    return show_plate(standing["number"], standing["country"], standing["province"])
