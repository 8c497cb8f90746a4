"""Vehicles, the plates that they had, and what an organization wants to know about them."""

from datetime import date
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower, Upper
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from lpr_project.common.models import TimestampedModel, uuid7


def vehicle_words() -> models.Func:
    """What a vehicle is found by, in capitals, as its index holds it; nothing about its owner."""
    spaced: list[models.F | models.Value] = []
    for name in ("name", "make", "model", "color"):
        spaced += [models.F(name), models.Value(" ")]
    joined = models.Func(
        *spaced,
        # In the order in which a migration writes them, or Django takes it for another index.
        arg_joiner=" || ",
        output_field=models.TextField(),
        template="(%(expressions)s)",
    )
    return Upper(joined)


class Tag(models.Model):
    """A word that an organization puts on vehicles."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="vehicle_tags"
    )
    name = models.CharField(_("name"), max_length=40)

    class Meta:
        verbose_name = _("tag")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("organization", Lower("name"), name="vehicle_tag_unique")
        ]

    def __str__(self) -> str:
        return self.name


class CustomField(models.Model):
    """Something more that an organization notes of its vehicles, with a type of its own."""

    class Kind(models.TextChoices):
        TEXT = "text", _("text")
        NUMBER = "number", _("number")
        DATE = "date", _("date")
        FLAG = "flag", _("yes or no")
        CHOICE = "choice", _("one of a list")

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="vehicle_fields"
    )
    key = models.SlugField(
        _("key"),
        max_length=40,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*$", _("Small letters, digits and _ only."))],
        help_text=_("Name in the API and in files, such as permit_until. It stays as it is."),
    )
    label = models.CharField(_("name"), max_length=60)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.TEXT)
    choices = ArrayField(
        models.CharField(max_length=60),
        verbose_name=_("choices"),
        default=list,
        blank=True,
        help_text=_("For one of a list: what may be chosen, separated by commas."),
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("An inactive one keeps its values and is hidden.")
    )

    class Meta:
        verbose_name = _("custom field")
        ordering = ["label", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "key"], name="custom_field_unique")
        ]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        if (self.kind == self.Kind.CHOICE) != bool(self.choices):
            message = _("Name the choices of a list, and of nothing else.")
            raise ValidationError({"choices": message})


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
    notes = models.TextField(_("notes"), blank=True, max_length=5000)
    # Personal data: shown only where `sees_owners` of the selectors says so.
    owner_name = models.CharField(_("owner"), max_length=120, blank=True)
    owner_contact = models.CharField(
        _("contact of the owner"), max_length=200, blank=True, help_text=_("Telephone, e-mail.")
    )
    tags = models.ManyToManyField(Tag, verbose_name=_("tags"), related_name="vehicles", blank=True)
    custom = models.JSONField(_("custom fields"), default=dict, blank=True)

    class Meta:
        verbose_name = _("vehicle")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organization", "-id"], name="vehicle_organization"),
            GinIndex(OpClass(vehicle_words(), name="gin_trgm_ops"), name="vehicle_words_trigrams"),
        ]

    def __str__(self) -> str:
        return (
            self.name
            or " ".join(filter(None, (self.color, self.make, self.model)))
            or str(_("vehicle"))
        )

    def custom_value(self, key: str) -> Any:
        return self.custom.get(key)


class Tenure(models.Model):
    """The time in which a plate belonged to a vehicle; open ends are unknown or not yet there."""

    vehicle = models.ForeignKey(Vehicle, on_delete=models.CASCADE, related_name="tenures")
    plate = models.ForeignKey("Plate", on_delete=models.CASCADE, related_name="tenures")
    since = models.DateField(_("from"), null=True, blank=True)
    until = models.DateField(
        _("until"), null=True, blank=True, help_text=_("The first day on which it no longer was.")
    )

    class Meta:
        verbose_name = _("plate of a vehicle")
        verbose_name_plural = _("plates of vehicles")
        ordering = [models.F("until").desc(nulls_first=True), "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(since__isnull=True)
                | models.Q(until__isnull=True)
                | models.Q(until__gt=models.F("since")),
                name="tenure_ends_after_it_begins",
                violation_error_message=_("The end must come after the beginning."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.plate}: {self.since or '…'} to {self.until or '…'}"

    def overlaps(self, since: date | None, until: date | None) -> bool:
        """Whether both times have a day in common."""
        begins = since is None or self.until is None or since < self.until
        return begins and (until is None or self.since is None or self.since < until)

    def holds_on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (
            self.until is None or day < self.until
        )
