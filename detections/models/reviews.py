"""What people and rules made of what was read: decisions, batches of them, and rules."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from cameras.models import Camera
from detections.models.detections import Detection
from lpr_project.common.models import TimestampedModel, uuid7
from vehicles.models import Placed

NUMBER_MOST = 16


class RejectReason(models.TextChoices):
    """Why a detection is none. Only the first says that recognition was wrong."""

    NO_PLATE = "no_plate", _("not a plate")
    UNREADABLE = "unreadable", _("nobody can read it")
    REPEATED = "repeated", _("recorded twice")
    TEST = "test", _("test or maintenance")
    OTHER = "other", _("something else")


class NumberMatch(models.TextChoices):
    """Which read numbers a correction concerns."""

    WHOLE = "whole", _("the whole number")
    BEGINNING = "beginning", _("its beginning")


class Correction(Placed, models.Model):
    """What is read wrongly at one camera, and what it is. Empty country or province: as read."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    camera = models.ForeignKey(
        Camera, on_delete=models.PROTECT, related_name="+", verbose_name=_("camera")
    )
    match = models.CharField(
        _("concerns"), max_length=9, choices=NumberMatch.choices, default=NumberMatch.WHOLE
    )
    read_number = models.CharField(_("as read"), max_length=NUMBER_MOST)
    number = models.CharField(_("is"), max_length=NUMBER_MOST)
    country = models.CharField(_("country"), max_length=2, blank=True)
    province = models.CharField(_("province"), max_length=6, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        more = "…" if self.match == NumberMatch.BEGINNING else ""
        return f"{self.read_number}{more} → {self.number}{more}"

    def rewrite(self, read_number: str) -> str | None:
        """What a read number becomes; None where the correction does not concern it."""
        if self.match == NumberMatch.WHOLE:
            return self.number if read_number == self.read_number else None
        if not read_number.startswith(self.read_number):
            return None
        rewritten = self.number + read_number.removeprefix(self.read_number)
        return rewritten if len(rewritten) <= NUMBER_MOST else None


class CorrectionRule(TimestampedModel, Correction):
    """A correction of all future readings of a camera; the reading stays beside it."""

    is_active = models.BooleanField(_("active"), default=True)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("correction rule")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["camera", "match", "read_number"],
                condition=models.Q(is_active=True),
                name="correction_rule_unique",
            )
        ]


class CorrectionBatch(Correction):
    """Many detections corrected at once. Undoing it is another batch that names it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    since = models.DateTimeField(_("from"), null=True)
    until = models.DateTimeField(_("until"), null=True)
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    detections_count = models.PositiveIntegerField(_("detections"))
    undoes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="undone_by"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("batch correction")
        ordering = ["-id"]
        indexes = [models.Index(fields=["organization", "-id"], name="correction_batch_newest")]


class ReviewEntry(models.Model):
    """One decision about one detection: who, when, from what to what, and why.

    The database refuses to change a row, and to delete it while its detection exists. The last
    entry of a detection says how it stands; undoing is an entry of its own.
    """

    class Kind(models.TextChoices):
        CONFIRMED = "confirmed", _("confirmed")
        CORRECTED = "corrected", _("corrected")
        REJECTED = "rejected", _("rejected")
        MERGED = "merged", _("merged")
        SPLIT = "split", _("split")
        UNDONE = "undone", _("undone")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    camera = models.ForeignKey(Camera, on_delete=models.PROTECT, related_name="+")
    detection = models.ForeignKey(
        Detection,
        on_delete=models.DO_NOTHING,
        related_name="review_entries",
        db_constraint=False,
        db_index=False,
    )
    kind = models.CharField(_("decision"), max_length=9, choices=Kind.choices)
    at = models.DateTimeField(_("at"), auto_now_add=True)
    # A removed person's entries stay readable: the label is kept beside the key.
    actor = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    actor_label = models.CharField(_("by"), max_length=254)
    reject_reason = models.CharField(
        _("why rejected"), max_length=10, choices=RejectReason.choices, blank=True
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    # The pass that was kept of two, or the one that was split off.
    other_detection = models.ForeignKey(
        Detection,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    batch = models.ForeignKey(
        CorrectionBatch, on_delete=models.PROTECT, null=True, related_name="entries"
    )
    undoes = models.OneToOneField(
        "self", on_delete=models.DO_NOTHING, null=True, related_name="undone_by"
    )
    before: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField()
    after: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organization", "-id"], name="review_entry_newest"),
            models.Index(fields=["detection", "-id"], name="review_entry_detection"),
            models.Index(
                fields=["other_detection", "-id"],
                name="review_entry_other",
                condition=models.Q(other_detection__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return (
            f"{self.get_kind_display()}: {self.before.get('number')} → {self.after.get('number')}"
        )


class CameraAccuracy(Camera):
    """A camera as the admin's page of accuracy shows it."""

    class Meta:
        proxy = True
        verbose_name = _("accuracy of a camera")
        verbose_name_plural = _("accuracy by camera")
        ordering = ["name"]
