"""Distinct registrations and the vehicles that carry them."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from lpr_project.common.models import TimestampedModel, uuid7
from vehicles.plates.confusables import FOLD_FROM, FOLD_TO


class Vehicle(TimestampedModel):
    """A vehicle, which may have had several plates."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="vehicles"
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    kind = models.CharField(_("type"), max_length=40, blank=True)
    make = models.CharField(_("make"), max_length=60, blank=True)
    model = models.CharField(_("model"), max_length=60, blank=True)
    color = models.CharField(_("colour"), max_length=40, blank=True)
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("vehicle")
        ordering = ["-id"]

    def __str__(self) -> str:
        return (
            self.name
            or " ".join(filter(None, (self.color, self.make, self.model)))
            or str(_("vehicle"))
        )


def folded(text: str | models.Expression) -> models.Func:
    """A text in SQL, as `vehicles.plates.confusables.fold` writes it."""
    return models.Func(
        text,
        models.Value(FOLD_FROM),
        models.Value(FOLD_TO),
        function="translate",
        output_field=models.CharField(),
    )


class Plate(models.Model):
    """One distinct registration of an organization; fuzzy search runs on these, not on detections.

    `number` is normalised: capitals, Arabic digits, no separators. `country` is ISO 3166-1 alpha-2
    and `province` an ISO 3166-2 code, both empty where unknown.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="plates")
    number = models.CharField(_("number"), max_length=16)
    country = models.CharField(_("country"), max_length=2, blank=True)
    province = models.CharField(_("province"), max_length=6, blank=True)
    vehicle = models.ForeignKey(
        Vehicle, on_delete=models.SET_NULL, null=True, blank=True, related_name="plates"
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
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.number, self.province or self.country)))
