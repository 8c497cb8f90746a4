"""What people asked to be done with all that is kept about one plate."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from detections.models.certificates import DeletionCertificate
from lpr_project.common.models import TimestampedModel, uuid7
from vehicles.models import Plate


class PlateRequest(TimestampedModel):
    """An export or erasure of all about a plate, done in the background.

    It never holds the number: after an erasure nothing here tells whose it was.
    """

    class Kind(models.TextChoices):
        EXPORT = "export", _("export")
        ERASURE = "erasure", _("erasure")

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    # The row may be gone after it.
    plate = models.ForeignKey(
        Plate, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=300)
    case_number = models.CharField(_("case number"), max_length=60, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.QUEUED)
    progress = models.FloatField(
        _("progress"), default=0.0, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)]
    )
    error = models.CharField(_("error"), max_length=500, blank=True)
    heartbeat_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)
    detections_count = models.PositiveIntegerField(_("detections"), default=0)
    kept_count = models.PositiveIntegerField(_("kept by holds"), default=0)
    stored_name = models.CharField(max_length=200, blank=True, editable=False)
    size_bytes = models.BigIntegerField(_("size, bytes"), default=0, editable=False)
    expires_at = models.DateTimeField(_("kept until"), null=True, editable=False)
    certificate = models.ForeignKey(
        DeletionCertificate, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("request about a plate")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organization", "-id"], name="plate_request_newest"),
            models.Index(fields=["plate", "-id"], name="plate_request_plate"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def has_file(self) -> bool:
        """Whether its file can be taken now."""
        return bool(self.stored_name and self.expires_at and self.expires_at > timezone.now())
