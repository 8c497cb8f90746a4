"""Registers of others that know vehicles, and what they said when somebody asked."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from lpr_project.common.models import EncryptedTextField, TimestampedModel, uuid7
from vehicles.models.registrations import Plate

PLACES = ("number", "country", "province")


class LookUpSource(TimestampedModel):
    """A register that can be asked about a plate: over HTTP, or a file that was uploaded."""

    class Kind(models.TextChoices):
        HTTP = "http", _("HTTP, answers JSON")
        FILE = "file", _("uploaded file")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=4, choices=Kind.choices, default=Kind.HTTP)
    url_template = models.CharField(
        _("address"),
        max_length=500,
        blank=True,
        help_text=_("With {number}, {country} and {province} where they belong."),
    )
    headers = EncryptedTextField(
        _("headers"),
        blank=True,
        help_text=_("One a line, such as Authorization: Bearer …. Kept encrypted, never shown."),
    )
    ca_certificate = models.TextField(
        _("authority"),
        blank=True,
        help_text=_("PEM text of the certificate authority, where it is not a public one."),
    )
    mapping = models.JSONField(
        _("fields"),
        default=dict,
        blank=True,
        help_text=_(
            'What to show, and where it stands in the answer as a JSON pointer: {"make": '
            '"/vehicle/make"}. Of a file, the name of the column.'
        ),
    )
    limit_seconds = models.PositiveSmallIntegerField(
        _("time limit, s"), default=5, validators=[MinValueValidator(1), MaxValueValidator(15)]
    )
    cache_seconds = models.PositiveIntegerField(
        _("kept for, s"),
        default=3600,
        help_text=_("So long an answer is used again instead of asking anew. 0 asks each time."),
    )
    failures_most = models.PositiveSmallIntegerField(
        _("failures until a pause"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text=_("After so many in a row nobody is let through until the pause is over."),
    )
    pause_seconds = models.PositiveIntegerField(
        _("pause, s"), default=60, validators=[MinValueValidator(1), MaxValueValidator(86_400)]
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("look-up source")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="look_up_source_unique")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if not isinstance(self.mapping, dict) or not all(
            isinstance(where, str) for where in self.mapping.values()
        ):
            raise ValidationError({"mapping": _("Write names and places: {“make”: “/make”}.")})
        if self.kind == self.Kind.HTTP:
            self._clean_http()

    def _clean_http(self) -> None:
        if "{number}" not in self.url_template:
            raise ValidationError({"url_template": _("The address must hold {number}.")})
        if not self.mapping or not all(
            where == "" or where.startswith("/") for where in self.mapping.values()
        ):
            message = _("Name at least one field, and begin each place with /.")
            raise ValidationError({"mapping": message})
        plain = self.url_template
        for name in PLACES:
            plain = plain.replace(f"{{{name}}}", "")
        if "{" in plain or "}" in plain:
            message = _("Only {number}, {country} and {province} may stand in braces.")
            raise ValidationError({"url_template": message})


class LookUpEntry(models.Model):
    """One line of an uploaded register."""

    source = models.ForeignKey(LookUpSource, on_delete=models.CASCADE, related_name="entries")
    number = models.CharField(max_length=16)
    country = models.CharField(max_length=2, blank=True)
    province = models.CharField(max_length=6, blank=True)
    fields: Any = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["source", "number"], name="look_up_entry")]

    def __str__(self) -> str:
        return self.number


class LookUpResult(models.Model):
    """What a source said of a plate, and when; it stands beside what people wrote."""

    class Outcome(models.TextChoices):
        FOUND = "found", _("found")
        NOT_FOUND = "not_found", _("not known there")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plate = models.ForeignKey(Plate, on_delete=models.CASCADE, related_name="look_ups")
    source = models.ForeignKey(LookUpSource, on_delete=models.CASCADE, related_name="results")
    at = models.DateTimeField(_("when"), auto_now_add=True)
    outcome = models.CharField(_("outcome"), max_length=9, choices=Outcome.choices)
    found: Any = models.JSONField(_("what it says"), default=dict)
    error = models.CharField(_("error"), max_length=300, blank=True)
    took_ms = models.PositiveIntegerField(_("took, ms"), default=0)
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("look-up")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["plate", "-id"], name="look_up_plate"),
            models.Index(fields=["source", "-id"], name="look_up_source"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.at:%Y-%m-%d %H:%M}"
