"""Hits: detections that matched entries; and what still has to be matched."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from alerts.models.entries import Entry
from alerts.models.watchlists import Watchlist
from cameras.models import Camera
from detections.models import Detection
from lpr_project.common.models import uuid7
from vehicles.models import Placed


class Hit(Placed, models.Model):
    """A detection that matched an entry, and why.

    One for each detection and entry, whatever is matched again. It outlives its entry, so it keeps
    what the entry said. A correction that takes the plate away withdraws it; it is never deleted.
    """

    OCCURRENCE = "hit:"
    """How the key of what a hit adds to an alert begins."""

    class Origin(models.TextChoices):
        LIVE = "live", _("seen now")
        CORRECTION = "correction", _("a corrected reading")
        PAST = "past", _("seen before the entry was there")

    class Policy(models.TextChoices):
        EXACT = "exact", _("the same number")
        CONFUSABLE = "confusable", _("letters that look alike")
        EDITS = "edits", _("letters wrong, missing or added")
        PATTERN = "pattern", _("fits the pattern")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # Its table leaves by months, and retention asks first what hits must keep.
    detection = models.ForeignKey(
        Detection,
        on_delete=models.DO_NOTHING,
        related_name="hits",
        db_constraint=False,
        db_index=False,
    )
    captured_at = models.DateTimeField(_("captured"))
    matched_at = models.DateTimeField(_("matched"), auto_now_add=True)
    # The database sets it to NULL where the entry goes, also by SQL.
    entry = models.ForeignKey(Entry, on_delete=models.SET_NULL, null=True, related_name="hits")
    watchlist = models.ForeignKey(
        Watchlist, on_delete=models.PROTECT, related_name="hits", db_index=False
    )
    camera = models.ForeignKey(Camera, on_delete=models.PROTECT, related_name="+", db_index=False)
    origin = models.CharField(
        _("came about by"), max_length=10, choices=Origin.choices, default=Origin.LIVE
    )
    number = models.CharField(_("plate"), max_length=16)
    country = models.CharField(_("country"), max_length=2, blank=True)
    province = models.CharField(_("province"), max_length=6, blank=True)
    entry_number = models.CharField(_("entry"), max_length=24)
    # What the entry said then: country, province, reason, case_number, source, confidence, vehicle.
    entry_said = models.JSONField(default=dict, editable=False)

    policy = models.CharField(_("matched by"), max_length=10, choices=Policy.choices)
    edits = models.PositiveSmallIntegerField(_("edits"), default=0)
    distance = models.FloatField(
        _("distance"),
        default=0.0,
        help_text=_("0: the same; 0.2 for each letter taken for one that looks alike; else 1."),
    )
    certainty = models.FloatField(
        _("how sure"),
        help_text=_("0 to 1: certainty of the reading, less what does not agree with the entry."),
    )
    province_agrees = models.BooleanField(
        _("province agrees"), null=True, help_text=_("Unknown where either names none.")
    )
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, editable=False)

    class Meta:
        verbose_name = _("hit")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["detection", "entry"], name="hit_unique"),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="hit_newest"),
            models.Index(fields=["watchlist", "-id"], name="hit_of_list"),
            models.Index(fields=["camera", "-id"], name="hit_at_camera"),
            # Pages, staff and programs look for the hits of a number.
            models.Index(fields=["number", "-id"], name="hit_of_number"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.watchlist}"

    @property
    def occurrence_key(self) -> str:
        """The key of what the hit adds to an alert."""
        return f"{self.OCCURRENCE}{self.pk}"


class PendingMatch(models.Model):
    """Detections that are committed and not yet held against the lists.

    Written in the transaction that records or reviews them, deleted in the one that writes their
    hits: whatever dies between, the row is there and a sweeper finds it. `id` is that of the first
    detection recorded or of the first decision taken.
    """

    class Kind(models.TextChoices):
        RECORDED = "recorded", _("recorded")
        REVIEWED = "reviewed", _("reviewed")

    id = models.UUIDField(primary_key=True, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    detection_ids = ArrayField(models.UUIDField())
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("detections to be matched")
        verbose_name_plural = _("detections to be matched")

    def __str__(self) -> str:
        return str(self.pk)
