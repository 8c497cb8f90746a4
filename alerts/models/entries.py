"""Entries: one plate or pattern of a list, why it is there and until when."""

from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from alerts.models.feeds import Feed
from alerts.models.watchlists import Watchlist
from lpr_project.common.models import TimestampedModel, uuid7
from vehicles.models import Placed, folded

NUMBER_MOST = 24
"""Letters and digits of the longest plate, 16, and the wildcards of a pattern among them."""


class Entry(Placed, TimestampedModel):
    """A plate or pattern that a list looks for.

    `number` is normalised as `vehicles.models.Plate.number` is; a pattern has `?` for one letter
    or digit and `*` for any. The database itself keeps `folded` and, in lists whose policy is
    edits, `variants`: the folded number with up to `edits_most` characters left out. Two texts
    that are n edits apart have such a variant in common, so that an index finds them all.
    Source: W. Garbe, "1000x faster spelling correction", 2012 (symmetric delete).
    """

    class Confidence(models.TextChoices):
        LOW = "low", _("rumour")
        MEDIUM = "medium", _("reported")
        HIGH = "high", _("confirmed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # The unique constraint begins with it.
    watchlist = models.ForeignKey(
        Watchlist, on_delete=models.CASCADE, related_name="entries", db_index=False
    )
    number = models.CharField(_("plate or pattern"), max_length=NUMBER_MOST)
    folded = models.GeneratedField(
        expression=folded("number"),
        output_field=models.CharField(max_length=NUMBER_MOST),
        db_persist=True,
    )
    variants = ArrayField(models.TextField(), default=list, blank=True, editable=False)
    is_pattern = models.GeneratedField(
        expression=models.ExpressionWrapper(
            models.Q(number__contains="?") | models.Q(number__contains="*"),
            output_field=models.BooleanField(),
        ),
        output_field=models.BooleanField(_("pattern")),
        db_persist=True,
    )
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        validators=[RegexValidator(r"^[A-Z]{2}$", _("Write it as two letters, such as TH."))],
    )
    province = models.CharField(_("province"), max_length=6, blank=True)
    vehicle = models.CharField(
        _("vehicle"), max_length=200, blank=True, help_text=_("Make, model, colour, marks.")
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    case_number = models.CharField(_("case number"), max_length=60, blank=True)
    source = models.CharField(_("source"), max_length=120, blank=True, help_text=_("Who says so."))
    confidence = models.CharField(
        _("how sure the source is"),
        max_length=8,
        choices=Confidence.choices,
        default=Confidence.MEDIUM,
    )
    effective_from = models.DateTimeField(_("counts from"), default=timezone.now)
    expires_at = models.DateTimeField(
        _("ends"), null=True, blank=True, help_text=_("Empty: it does not end.")
    )
    feed = models.ForeignKey(
        Feed,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="entries",
        verbose_name=_("feed"),
        help_text=_("Brought it, and changes and deletes it. Empty: a person or program did."),
    )
    reminded_at = models.DateTimeField(null=True, editable=False)
    responsible = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person responsible"),
        help_text=_("Is reminded before it ends."),
    )

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering = ["-id"]
        constraints = [
            # What an import or a program sends again is the same entry.
            models.UniqueConstraint(
                fields=["watchlist", "number", "country", "province"],
                name="entry_unique",
                violation_error_message=_("The list has an entry of this plate already."),
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at__isnull=True)
                | models.Q(expires_at__gt=models.F("effective_from")),
                name="entry_ends_after_it_begins",
                violation_error_message=_("It must end after it begins."),
            ),
        ]
        indexes = [
            # Exact and confusable: what folds alike is looked up, and compared where it must be.
            models.Index(
                fields=["organization", "folded"],
                name="entry_folded",
                condition=models.Q(is_pattern=False),
            ),
            models.Index(
                fields=["organization"],
                name="entry_pattern",
                condition=models.Q(is_pattern=True),
            ),
            # Without the pending list, whose length the slowest look-up would depend on.
            GinIndex(
                fields=["variants"],
                name="entry_variants",
                fastupdate=False,
                condition=~models.Q(variants=[]),
            ),
            models.Index(fields=["watchlist", "-id"], name="entry_newest"),
            models.Index(
                fields=["expires_at"],
                name="entry_to_remind",
                condition=models.Q(reminded_at__isnull=True, expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.number, self.province or self.country)))

    def is_in_force_at(self, moment: datetime) -> bool:
        """Whether it has begun and not ended."""
        return self.effective_from <= moment and (
            self.expires_at is None or moment < self.expires_at
        )

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def ends_soon(self) -> bool:
        """Whether it ends within the days of its list, in which people are reminded."""
        if self.expires_at is None or self.is_expired or self.feed_id is not None:
            return False
        return self.expires_at <= timezone.now() + timedelta(days=self.watchlist.reminder_days)

    def clean(self) -> None:
        if self.watchlist.organization_id != self.organization_id:
            raise ValidationError(_("The list belongs to another organization."))
