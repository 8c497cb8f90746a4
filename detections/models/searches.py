"""Searches that people keep, and who hears by e-mail of what they newly find."""

from datetime import timedelta
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from detections.criteria.criteria import Criteria
from lpr_project.common.models import TimestampedModel, uuid7


class SavedSearch(TimestampedModel):
    """Criteria under a name; its owner's alone, or for all members of the organization."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="saved_searches"
    )
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_searches")
    name = models.CharField(_("name"), max_length=120)
    plain_criteria = models.JSONField(editable=False)
    is_shared = models.BooleanField(_("for the whole organization"), default=False)

    class Meta:
        verbose_name = _("saved search")
        verbose_name_plural = _("saved searches")
        ordering = ["name"]
        indexes = [models.Index(fields=["owner", "name"], name="saved_search_owner")]

    def __str__(self) -> str:
        return self.name

    @property
    def criteria(self) -> Criteria:
        """What it looks for."""
        plain: dict[str, Any] = self.plain_criteria
        return Criteria.from_json(plain)


class SearchSubscription(TimestampedModel):
    """Somebody hears by e-mail of what a saved search newly finds.

    `told_until` is the moment of recording up to which everything was told: what lies before it is
    never told again. `reason` and `case_number` are what the subscriber stated.
    """

    class Every(models.TextChoices):
        AT_ONCE = "at_once", _("at once")
        HOUR = "hour", _("every hour")
        DAY = "day", _("every day")

    search = models.ForeignKey(SavedSearch, on_delete=models.CASCADE, related_name="subscriptions")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    every = models.CharField(_("how often"), max_length=8, choices=Every.choices)
    told_until = models.DateTimeField(editable=False)
    reason = models.CharField(max_length=300, blank=True, editable=False)
    case_number = models.CharField(max_length=60, blank=True, editable=False)

    class Meta:
        verbose_name = _("subscription")
        constraints = [
            models.UniqueConstraint(fields=["search", "user"], name="search_subscription_once")
        ]

    def __str__(self) -> str:
        return f"{self.search}: {self.user}"

    @property
    def period(self) -> timedelta:
        """How long it waits between two mails, at least."""
        spans = {self.Every.HOUR: timedelta(hours=1), self.Every.DAY: timedelta(days=1)}
        return spans.get(self.Every(self.every), timedelta())
