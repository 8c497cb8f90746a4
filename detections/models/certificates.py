"""Proof of what was deleted: how much, by which rule, and a hash over all of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from lpr_project.common.models import uuid7


class DeletionCertificate(models.Model):
    """One purge or erasure of one organization. The database refuses to change a finished one.

    `digest` is a chain: it begins as 64 zeros, and each deleted detection makes it the SHA-256, in
    hexadecimal, of the digest so far followed by the detection's line. A line is the ids of camera
    and detection and the SHA-256 of frame and crop (empty where there was none), with spaces
    between and a newline at its end, in UTF-8; lines come in the order of camera id, then of
    detection id.
    """

    class Kind(models.TextChoices):
        RETENTION = "retention", _("retention ended")
        ERASURE = "erasure", _("erasure of a plate")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=9, choices=Kind.choices)
    started_at = models.DateTimeField(_("began"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    is_whole = models.BooleanField(
        _("ran to its end"),
        default=False,
        help_text=_("No: it was stopped, and the next one deleted the rest."),
    )
    actor = models.ForeignKey(
        User,
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("by"),
    )
    actor_label = models.CharField(_("by"), max_length=254, default="server")
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    case_number = models.CharField(_("case number"), max_length=60, blank=True)
    # The rule of each camera with what went by it.
    rules = models.JSONField(_("rules"), default=list)
    oldest_at = models.DateTimeField(_("oldest captured"), null=True)
    newest_at = models.DateTimeField(_("newest captured"), null=True)
    detections = models.BigIntegerField(_("detections"), default=0)
    pictures = models.BigIntegerField(_("pictures"), default=0)
    review_entries = models.BigIntegerField(_("review entries"), default=0)
    plates = models.BigIntegerField(_("plates"), default=0)
    uploads = models.BigIntegerField(_("uploads"), default=0)
    kept = models.BigIntegerField(
        _("kept by holds"), default=0, help_text=_("Of an erasure: what holds still name.")
    )
    digest = models.CharField(_("SHA-256 chain"), max_length=64, default="0" * 64)

    class Meta:
        verbose_name = _("deletion certificate")
        ordering = ["-id"]
        indexes = [models.Index(fields=["organization", "-id"], name="certificate_newest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.started_at:%Y-%m-%d %H:%M}"
