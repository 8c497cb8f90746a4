"""What detections do at their own news: tell the pages that are open."""

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from detections.models import Detection, ReviewEntry
from detections.services.live import announce_changes, announce_detections
from detections.signals import detections_recorded, detections_reviewed


@receiver(detections_recorded)
def show_live(sender: object, detections: Sequence[Detection], **kwargs: Any) -> None:
    """Publish at once: a task would cost half of the tenth of a second that pages may lag."""
    announce_detections(detections=detections)


@receiver(detections_reviewed)
def show_changes(sender: object, changes: Sequence[ReviewEntry], **kwargs: Any) -> None:
    """Pages that show one of them show it as it now stands."""
    announce_changes(detections=[change.detection for change in changes])
