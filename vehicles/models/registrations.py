"""Distinct registrations, and what their status was when."""

from datetime import UTC, datetime

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from lpr_project.common.models import uuid7
from vehicles.plates.confusables import FOLD_FROM, FOLD_TO
from vehicles.plates.countries import place_name

# Both times of a plate that people know and no camera saw: last where the last seen come first.
NEVER_SEEN = datetime(1970, 1, 1, tzinfo=UTC)


def folded(text: str | models.Expression) -> models.Func:
    """A text in SQL, as `vehicles.plates.confusables.fold` writes it."""
    return models.Func(
        text,
        models.Value(FOLD_FROM),
        models.Value(FOLD_TO),
        function="translate",
        output_field=models.CharField(),
    )


class Placed:
    """A row with the fields `country` and `province`."""

    @property
    def place(self) -> str:
        """Where the plate is registered, in the language that is active; empty where not known."""
        country, province = (getattr(self, name) for name in ("country", "province"))
        return place_name(country, province, get_language() or "en")


class Plate(Placed, models.Model):
    """One distinct registration of an organization; fuzzy search runs on these, not on detections.

    `number` is normalised: capitals, Arabic digits, no separators. `country` is ISO 3166-1 alpha-2
    and `province` an ISO 3166-2 code, both empty where unknown.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        EXPIRED = "expired", _("expired")
        STOLEN = "stolen", _("stolen")
        UNKNOWN = "unknown", _("unknown")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="plates")
    number = models.CharField(_("number"), max_length=16)
    country = models.CharField(_("country"), max_length=2, blank=True)
    province = models.CharField(_("province"), max_length=6, blank=True)
    vehicle = models.ForeignKey(
        "Vehicle",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="plates",
        help_text=_("Which has it today; the others are in the history of the vehicle."),
    )
    # Recording makes plates in SQL, without Django's defaults.
    status = models.CharField(
        _("status"),
        max_length=8,
        choices=Status.choices,
        default=Status.UNKNOWN,
        db_default=Status.UNKNOWN,
    )
    first_seen_at = models.DateTimeField(_("first seen"), editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), editable=False)
    detections_count = models.BigIntegerField(_("times seen"), default=0, editable=False)

    class Meta:
        verbose_name = _("plate")
        ordering = ["-last_seen_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "number", "country", "province"], name="plate_unique"
            )
        ]
        indexes = [
            models.Index(fields=["organization", "-last_seen_at", "-id"], name="plate_newest"),
            models.Index(OpClass("number", name="text_pattern_ops"), name="plate_number_prefix"),
            GinIndex(OpClass(Upper("number"), name="gin_trgm_ops"), name="plate_number_trigrams"),
            GinIndex(OpClass(folded("number"), name="gin_trgm_ops"), name="plate_folded_trigrams"),
            # Of the few that are neither unknown nor well.
            models.Index(
                fields=["organization", "status", "-last_seen_at", "-id"],
                name="plate_status",
                condition=~models.Q(status="unknown"),
            ),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.number, self.province or self.country)))

    @property
    def was_seen(self) -> bool:
        return self.last_seen_at > NEVER_SEEN


class PlateStatusEntry(models.Model):
    """One change of a plate's status: who, when and why. It stays when it is over."""

    class Source(models.TextChoices):
        PERSON = "person", _("a person")
        IMPORT = "import", _("an import")

    plate = models.ForeignKey(Plate, on_delete=models.CASCADE, related_name="status_entries")
    before = models.CharField(max_length=8, choices=Plate.Status.choices)
    status = models.CharField(_("status"), max_length=8, choices=Plate.Status.choices)
    at = models.DateTimeField(_("when"), auto_now_add=True)
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.PERSON)
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    # A removed person's entries stay readable.
    actor_label = models.CharField(_("who"), max_length=254)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("status of a plate")
        verbose_name_plural = _("statuses of plates")
        ordering = ["-id"]
        indexes = [models.Index(fields=["plate", "-id"], name="plate_status_entry")]

    def __str__(self) -> str:
        return f"{self.plate}: {self.status}"
