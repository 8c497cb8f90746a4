"""What detections do at their own news: tell the live pages."""

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from detections.models import Detection
from detections.services.live import announce_detections
from detections.signals import detections_recorded


@receiver(detections_recorded)
def show_live(sender: object, detections: Sequence[Detection], **kwargs: Any) -> None:
    """Publish at once: a task would cost half of the tenth of a second that pages may lag."""
    announce_detections(detections=detections)
