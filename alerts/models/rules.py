"""Rules: what people want to be told of beside their lists."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from alerts.models.escalation import EscalationPolicy
from alerts.models.watchlists import Watchlist
from detections.models import Detection
from lpr_project.common.models import TimestampedModel


class Rule(TimestampedModel):
    """Raises an alert when something happens and all that it asks for holds.

    `conditions` is a tree as `alerts.services.rules.conditions` describes it.
    """

    class Trigger(models.TextChoices):
        PASS = "pass", _("a vehicle passes")
        CAMERA_DOWN = "camera", _("a camera is down")
        DISK_FULL = "disk", _("the disk fills up")
        FEED_STALE = "feed", _("a feed of a list is stale")

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    trigger = models.CharField(
        _("when"), max_length=6, choices=Trigger.choices, default=Trigger.PASS
    )
    threshold = models.PositiveSmallIntegerField(
        _("threshold"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(1_440)],
        help_text=_(
            "Minutes that a camera is down; per cent of the disk that are used. A feed says its "
            "hours itself."
        ),
    )
    conditions: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        _("conditions"), default=dict, blank=True
    )
    priority = models.PositiveSmallIntegerField(
        _("priority"), default=50, validators=[MaxValueValidator(100)]
    )
    policy = models.ForeignKey(
        EscalationPolicy,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("escalation policy"),
        help_text=_("Empty: the first that fits."),
    )
    cooldown_seconds = models.PositiveIntegerField(
        _("cooldown, seconds"), default=300, validators=[MaxValueValidator(86_400)]
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_shadow = models.BooleanField(
        _("shadow"),
        default=True,
        help_text=_("It only counts how often it would have fired, and tells nobody."),
    )
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("rule")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="rule_name_unique")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.policy is not None and self.policy.organization_id != self.organization_id:
            message = _("Choose a policy of the same organization.")
            raise ValidationError({"policy": message})
        if self.trigger == self.Trigger.DISK_FULL and self.threshold > 100:  # noqa: PLR2004  # per cent
            raise ValidationError({"threshold": _("A disk is at most 100 per cent full.")})


class ShadowFiring(models.Model):
    """A time that a rule in shadow would have raised an alert."""

    key = models.CharField(max_length=100, primary_key=True)
    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="shadow_firings")
    watchlist = models.ForeignKey(
        Watchlist, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    detection = models.ForeignKey(
        Detection,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["rule", "-at"], name="shadow_newest")]

    def __str__(self) -> str:
        return self.key


class RuleClock(models.Model):
    """Up to when the passes of an organization were held against its rules."""

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    checked_until = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.checked_until)
