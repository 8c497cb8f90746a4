"""Who is told of an alert, in what order, until somebody acknowledges it."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from alerts.models.deliveries import Endpoint
from alerts.models.watchlists import Watchlist
from lpr_project.common.models import TimestampedModel

STEPS_MOST = 20
LONGEST_STEP_SECONDS = 7 * 86_400


class EscalationPolicy(TimestampedModel):
    """Steps by time. An alert takes the first policy, by `position`, that fits it.

    A policy that nobody answered may hand over to another, which begins with its own first step.
    """

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(
        _("order"), default=10, help_text=_("The first policy that fits an alert is taken.")
    )
    least_priority = models.PositiveSmallIntegerField(
        _("least priority"),
        default=0,
        validators=[MaxValueValidator(100)],
        help_text=_("For alerts of this priority or more, 0 to 100."),
    )
    watchlists = models.ManyToManyField(
        Watchlist,
        blank=True,
        related_name="+",
        verbose_name=_("lists"),
        help_text=_("For alerts of these lists; none chosen: of all lists and rules."),
    )
    cooldown_seconds = models.PositiveIntegerField(
        _("cooldown, seconds"),
        default=300,
        validators=[MaxValueValidator(86_400)],
        help_text=_("The same plate at the same camera within this time adds to its open alert."),
    )
    hands_over_to = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("hands over to"),
        help_text=_("Whose steps follow when nobody acknowledged after the last one."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("escalation policy")
        verbose_name_plural = _("escalation policies")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="policy_name_unique")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a circle of policies, which would tell the same people for ever."""
        following, passed = self.hands_over_to, [self.name]
        while following is not None:
            if following.organization_id != self.organization_id:
                message = _("Choose a policy of the same organization.")
                raise ValidationError({"hands_over_to": message})
            passed.append(following.name)
            if following.pk == self.pk or len(passed) > STEPS_MOST:
                message = _("These policies would go round in a circle: %(names)s. Break it.")
                raise ValidationError({"hands_over_to": message % {"names": " → ".join(passed)}})
            following = following.hands_over_to


class EscalationStep(models.Model):
    """Some endpoints, told so long after the policy began, again and again where asked."""

    policy = models.ForeignKey(EscalationPolicy, on_delete=models.CASCADE, related_name="steps")
    after_seconds = models.PositiveIntegerField(
        _("after, seconds"),
        default=0,
        validators=[MaxValueValidator(LONGEST_STEP_SECONDS)],
        help_text=_("Since the policy began; 0 is at once."),
    )
    endpoints = models.ManyToManyField(Endpoint, related_name="+", verbose_name=_("recipients"))
    repeats = models.PositiveSmallIntegerField(
        _("repeats"), default=0, validators=[MaxValueValidator(20)]
    )
    repeat_every_seconds = models.PositiveIntegerField(
        _("repeat every, seconds"), default=300, validators=[MaxValueValidator(86_400)]
    )

    class Meta:
        verbose_name = _("escalation step")
        ordering = ["after_seconds", "id"]

    def __str__(self) -> str:
        return f"{self.policy}: {self.after_seconds} s"

    def clean(self) -> None:
        if self.repeats and self.repeat_every_seconds < 10:  # noqa: PLR2004  # see the message
            message = _("Repeat at most every 10 seconds.")
            raise ValidationError({"repeat_every_seconds": message})
