"""What must be kept though its time has come: legal holds and what each names."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from cameras.models import Camera
from detections.models.detections import Detection
from lpr_project.common.models import TimestampedModel, uuid7
from vehicles.models import Plate


class LegalHold(TimestampedModel):
    """An order to keep what it names, whatever retention or an erasure says, until it ends.

    It names single detections, plates (with all their detections), and spans of time of cameras.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=300)
    case_number = models.CharField(_("case number"), max_length=60, blank=True)
    ends_at = models.DateTimeField(
        _("ends"), null=True, blank=True, help_text=_("Empty: until somebody ends it.")
    )
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )
    lifted_at = models.DateTimeField(_("ended"), null=True, editable=False)
    lifted_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )
    lift_reason = models.CharField(_("reason of its end"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("legal hold")
        ordering = ["-id"]
        indexes = [models.Index(fields=["organization", "-id"], name="legal_hold_newest")]

    def __str__(self) -> str:
        return self.case_number or self.reason[:60]

    @property
    def is_active(self) -> bool:
        """Whether it keeps anything now."""
        return self.lifted_at is None and (self.ends_at is None or self.ends_at > timezone.now())


class HeldDetection(models.Model):
    """A detection that a hold names."""

    hold = models.ForeignKey(LegalHold, on_delete=models.CASCADE, related_name="held_detections")
    detection = models.ForeignKey(
        Detection, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )

    class Meta:
        verbose_name = _("held detection")
        constraints = [
            models.UniqueConstraint(fields=["hold", "detection"], name="held_detection_unique")
        ]

    def __str__(self) -> str:
        return str(self.detection_id)


class HeldPlate(models.Model):
    """A plate that a hold names, with all its detections."""

    hold = models.ForeignKey(LegalHold, on_delete=models.CASCADE, related_name="held_plates")
    plate = models.ForeignKey(
        Plate, on_delete=models.PROTECT, related_name="+", verbose_name=_("plate")
    )

    class Meta:
        verbose_name = _("held plate")
        constraints = [models.UniqueConstraint(fields=["hold", "plate"], name="held_plate_unique")]

    def __str__(self) -> str:
        return str(self.plate)


class HeldSpan(models.Model):
    """What a camera captured from one moment until before another, that a hold names."""

    hold = models.ForeignKey(LegalHold, on_delete=models.CASCADE, related_name="held_spans")
    camera = models.ForeignKey(
        Camera, on_delete=models.PROTECT, related_name="+", verbose_name=_("camera")
    )
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("held span of a camera")
        constraints = [
            models.CheckConstraint(condition=Q(since__lt=F("until")), name="held_span_ordered")
        ]

    def __str__(self) -> str:
        return f"{self.camera} {self.since:%Y-%m-%d %H:%M} - {self.until:%Y-%m-%d %H:%M}"


def is_active_at(moment: datetime, prefix: str = "") -> Q:
    """Holds that keep at a moment; `prefix` leads to the hold, such as `hold__`."""
    ends = Q(**{f"{prefix}ends_at": None}) | Q(**{f"{prefix}ends_at__gt": moment})
    return Q(**{f"{prefix}lifted_at": None}) & ends
