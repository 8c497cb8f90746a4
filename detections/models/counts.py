"""Counts of detections by camera and hour, from which charts are drawn."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cameras.models import Camera


class Counts(models.Model):
    """How many detections stand how: their states of review, and those that are hits."""

    hour = models.DateTimeField(_("hour"))
    accepted = models.BigIntegerField(_("accepted"), default=0)
    pending = models.BigIntegerField(_("to be reviewed"), default=0)
    confirmed = models.BigIntegerField(_("confirmed"), default=0)
    corrected = models.BigIntegerField(_("corrected"), default=0)
    rejected = models.BigIntegerField(_("rejected"), default=0)
    merged = models.BigIntegerField(_("merged into another"), default=0)
    hits = models.BigIntegerField(_("hits"), default=0)

    class Meta:
        abstract = True


class DetectionHour(Counts):
    """The detections that one camera captured in one hour, UTC, as far as changes are added up."""

    camera = models.ForeignKey(
        Camera, on_delete=models.CASCADE, related_name="+", verbose_name=_("camera")
    )

    class Meta:
        verbose_name = _("detections of an hour")
        verbose_name_plural = _("detections by hour")
        ordering = ["-hour"]
        constraints = [
            models.UniqueConstraint(fields=["camera", "hour"], name="detection_hour_unique")
        ]

    def __str__(self) -> str:
        return f"{self.camera} {self.hour:%Y-%m-%d %H}:00"


class CountChange(Counts):
    """What one transaction adds to an hour, or takes from it, until it is added up.

    Written and never updated, so that transactions that count in the same hour do not wait for
    each other. The truth is `DetectionHour` and these together.
    """

    camera = models.ForeignKey(
        Camera, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )

    class Meta:
        verbose_name = _("change of counts")

    def __str__(self) -> str:
        return f"{self.camera_id} {self.hour:%Y-%m-%d %H}:00"


COUNTED = (
    "accepted",
    "pending",
    "confirmed",
    "corrected",
    "rejected",
    "merged",
    "hits",
)
"""The columns that hold counts: the values of `Detection.Review`, and hits."""
