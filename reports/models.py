"""Files made for people to take away, and what proves that evidence is unchanged."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent, Organization, User
from lpr_project.common.models import TimestampedModel, uuid7


class Export(TimestampedModel):
    """A file that somebody asked for: rows of a search, the audit trail, or an evidence pack.

    Made in the background, kept for some hours, and downloaded by nobody else.
    """

    class Kind(models.TextChoices):
        DETECTIONS = "detections", _("detections")
        AUDIT_TRAIL = "audit_trail", _("audit trail")
        EVIDENCE = "evidence", _("evidence pack")

    class Format(models.TextChoices):
        CSV = "csv", _("CSV")
        XLSX = "xlsx", _("Excel")
        JSON_LINES = "jsonl", _("JSON lines")
        GEO_JSON = "geojson", _("GeoJSON")
        ZIP = "zip", _("ZIP")

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("being made")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")

    UNFINISHED = (State.QUEUED, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="exports")
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("made by")
    )
    kind = models.CharField(_("what"), max_length=12, choices=Kind.choices)
    format = models.CharField(_("format"), max_length=8, choices=Format.choices)
    # Names of columns, in their order; none for evidence.
    columns = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    # What was asked for, as the kind reads it.
    criteria = models.JSONField(default=dict, blank=True)
    for_excel = models.BooleanField(_("CSV that Excel opens rightly"), default=True)
    language = models.CharField(_("language"), max_length=8, default="en")
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    case_number = models.CharField(_("case number"), max_length=60, blank=True)

    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.QUEUED)
    progress = models.FloatField(
        _("progress"), default=0.0, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)]
    )
    rows_count = models.PositiveIntegerField(_("rows"), default=0)
    error = models.CharField(_("error"), max_length=500, blank=True)
    # A worker that writes under another number than this one was given up.
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    heartbeat_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)
    expires_at = models.DateTimeField(_("kept until"), null=True, editable=False)
    stored_name = models.CharField(max_length=200, blank=True, editable=False)
    size_bytes = models.BigIntegerField(_("size, bytes"), default=0, editable=False)
    sha256 = models.CharField(max_length=64, blank=True, editable=False)
    key_id = models.CharField(_("signed by key"), max_length=16, blank=True, editable=False)
    # Sentences that whoever takes the file should read, such as that a picture is missing.
    warnings = models.JSONField(default=list, blank=True, editable=False)

    class Meta:
        verbose_name = _("export")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["created_by", "-id"], name="export_by_maker"),
            models.Index(fields=["organization", "-id"], name="export_organization"),
            models.Index(
                fields=["updated_at"],
                name="export_unfinished",
                condition=models.Q(state__in=["queued", "running"]),
            ),
            models.Index(
                fields=["expires_at"], name="export_kept", condition=models.Q(state="done")
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_finished(self) -> bool:
        return self.state not in self.UNFINISHED

    @property
    def is_kept(self) -> bool:
        """Whether its file can be downloaded."""
        return (
            self.state == self.State.DONE
            and self.expires_at is not None
            and timezone.now() < self.expires_at
        )

    @property
    def file_name(self) -> str:
        """As which it is downloaded; tells what it is and when it was asked for."""
        # One that is sent at once is never saved.
        asked = timezone.now() if self._state.adding else self.created_at
        moment = asked.astimezone(self.organization.zone)
        return f"{self.kind.replace('_', '-')}-{moment:%Y%m%d-%H%M%S}.{self.format}"


class SigningKey(models.Model):
    """A public key whose private half signs, or signed, evidence packs and seals.

    Old ones stay, so that what they signed can be checked.
    """

    key_id = models.CharField(_("key"), max_length=16, primary_key=True, editable=False)
    public_key = models.CharField(
        _("public key"), max_length=64, unique=True, editable=False, help_text=_("64 hex digits.")
    )
    created_at = models.DateTimeField(_("since"), auto_now_add=True, editable=False)
    retired_at = models.DateTimeField(_("until"), null=True, editable=False)

    class Meta:
        verbose_name = _("signing key")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.key_id


class AuditSeal(models.Model):
    """A seal over events of the audit trail: their root, the seal before, and a signature.

    Only ever longer: the database refuses to change or delete one.
    """

    number = models.BigIntegerField(primary_key=True, editable=False)
    made_at = models.DateTimeField(_("made"), editable=False)
    events_count = models.PositiveIntegerField(_("events"), editable=False)
    root = models.CharField(max_length=64, editable=False)
    previous = models.CharField(max_length=64, blank=True, editable=False)
    sha256 = models.CharField(_("hash"), max_length=64, unique=True, editable=False)
    key = models.ForeignKey(
        SigningKey, on_delete=models.PROTECT, related_name="+", verbose_name=_("signed by key")
    )
    signature = models.CharField(max_length=128, editable=False)

    class Meta:
        verbose_name = _("seal of the audit trail")
        verbose_name_plural = _("seals of the audit trail")
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.number}: {self.sha256[:16]}"


class SealedEvent(models.Model):
    """Which seal holds an audit event, at which place, and its hash when it was sealed."""

    event = models.OneToOneField(
        AuditEvent,
        on_delete=models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="seal",
    )
    seal = models.ForeignKey(
        AuditSeal, on_delete=models.DO_NOTHING, related_name="events", db_index=False
    )
    position = models.PositiveIntegerField()
    leaf = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seal", "position"], name="sealed_event_place")
        ]

    def __str__(self) -> str:
        return f"{self.event_id} in {self.seal_id}"
