"""Tells open pages of detections which of them are hits."""

from collections.abc import Sequence

from alerts.models import Hit
from alerts.selectors.marks import hit_marks, standing_hits
from detections.services.marks import announce_marks, heard_cameras


def mark_live(*, hits: Sequence[Hit]) -> None:
    """Tell pages how the detections of these hits are marked now; where nobody looks, ask nothing.

    Each page is told all lists, and shows its person those that it may see.
    """
    heard = heard_cameras({hit.camera_id for hit in hits})
    cameras = {hit.detection_id: hit.camera_id for hit in hits if hit.camera_id in heard}
    if cameras:
        announce_marks(cameras=cameras, marks=hit_marks(standing_hits(list(cameras))))
