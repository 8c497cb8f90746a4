"""What detections do at their own news, and what they answer cameras about models."""

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from cameras.signals import model_set_choosing
from detections.models import Detection, ReviewEntry
from detections.services.live import announce_changes, announce_detections
from detections.services.model_sets import check_model_set
from detections.signals import detections_recorded, detections_reviewed


@receiver(detections_recorded)
def show_live(sender: object, detections: Sequence[Detection], **kwargs: Any) -> None:
    """Publish at once: a task would cost half of the tenth of a second that pages may lag."""
    announce_detections(detections=detections)


@receiver(detections_reviewed)
def show_changes(sender: object, changes: Sequence[ReviewEntry], **kwargs: Any) -> None:
    """Pages that show one of them show it as it now stands."""
    announce_changes(detections=[change.detection for change in changes])


@receiver(model_set_choosing)
def refuse_models_that_cannot_work(sender: object, model_set: str, **kwargs: Any) -> None:
    """Refuse a set with a model that is unknown or not installed."""
    check_model_set(model_set)
