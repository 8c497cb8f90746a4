"""What people must act on, and everything that was done about it."""

from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from alerts.models.escalation import EscalationPolicy
from alerts.models.hits import Hit
from alerts.models.watchlists import Watchlist
from cameras.models import Camera
from detections.models import Detection
from lpr_project.common.models import uuid7

TITLE_MOST = 200


class AlertRejectReason(models.TextChoices):
    """Why an alert was none."""

    MISREAD = "misread", _("plate read wrongly")
    OTHER_VEHICLE = "vehicle", _("another vehicle carries this number")
    OTHER_PROVINCE = "province", _("another province or country")
    OUTDATED = "outdated", _("the entry is out of date")
    RULE = "rule", _("the rule is too wide")
    TEST = "test", _("test or maintenance")
    OTHER = "other", _("something else")


class Alert(models.Model):
    """One thing that happened; the same plate at the same camera soon after adds to it."""

    class State(models.TextChoices):
        NEW = "new", _("new")
        SEEN = "seen", _("seen")
        ACKNOWLEDGED = "acked", _("acknowledged")
        VERIFIED = "verified", _("verified")
        REJECTED = "rejected", _("rejected")
        RESOLVED = "resolved", _("resolved")

    class Verdict(models.TextChoices):
        VERIFIED = "verified", _("right")
        REJECTED = "rejected", _("wrong")

    # Nobody has taken it on: escalation goes on.
    UNANSWERED = (State.NEW, State.SEEN)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    camera = models.ForeignKey(
        Camera, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    # The first of its passes: what people look at.
    detection = models.ForeignKey(
        Detection,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    # Who sees it: those who see the list's hits; without a list the organization's members.
    watchlist = models.ForeignKey(
        Watchlist, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    rule = models.ForeignKey("Rule", on_delete=models.PROTECT, null=True, related_name="+")
    policy = models.ForeignKey(
        EscalationPolicy, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    priority = models.PositiveSmallIntegerField(
        _("priority"), default=50, validators=[MaxValueValidator(100)]
    )
    # The plate comes first: it is all that a small screen shows.
    title = models.CharField(_("title"), max_length=TITLE_MOST)
    number = models.CharField(_("plate"), max_length=16, blank=True)
    country = models.CharField(max_length=2, blank=True)
    province = models.CharField(max_length=6, blank=True)
    # What the alert is about in words for programs and people: list, category, why it matched.
    facts: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    # Alerts with the same key within the cooldown are one.
    cooldown_key = models.CharField(max_length=64)
    raised_at = models.DateTimeField(_("raised"))
    last_seen_at = models.DateTimeField(_("last pass"))
    passes = models.PositiveIntegerField(_("passes"), default=1)

    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.NEW)
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict.choices, blank=True)
    reject_reason = models.CharField(
        _("why rejected"), max_length=8, choices=AlertRejectReason.choices, blank=True
    )
    assigned_to = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("assigned to")
    )
    acknowledged_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True)
    changed_at = models.DateTimeField(_("changed"))

    # The escalation's clock: which step comes next, and when; None when nobody need be told more.
    next_step = models.PositiveSmallIntegerField(default=1)
    next_step_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("alert")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organization", "-id"], name="alert_newest"),
            models.Index(fields=["organization", "changed_at"], name="alert_changed"),
            models.Index(fields=["cooldown_key", "-last_seen_at"], name="alert_cooldown"),
            models.Index(
                fields=["organization", "-priority", "-id"],
                name="alert_open",
                condition=~models.Q(state__in=("resolved", "rejected")),
            ),
            models.Index(
                fields=["next_step_at"],
                name="alert_escalates",
                condition=models.Q(next_step_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state not in {self.State.RESOLVED, self.State.REJECTED}


class Occurrence(models.Model):
    """One cause of an alert: a hit, or a rule that fired. By its key it counts once."""

    key = models.CharField(max_length=100, primary_key=True)
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="occurrences")
    hit = models.ForeignKey(
        Hit, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    detection = models.ForeignKey(
        Detection,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        return self.key


class AlertChange(models.Model):
    """What was done with an alert: who, when, why. The database refuses to change a row."""

    class Kind(models.TextChoices):
        RAISED = "raised", _("raised")
        REPEATED = "repeated", _("seen again")
        SEEN = "seen", _("seen")
        ACKNOWLEDGED = "acked", _("acknowledged")
        VERIFIED = "verified", _("verified")
        REJECTED = "rejected", _("rejected")
        RESOLVED = "resolved", _("resolved")
        REOPENED = "reopened", _("opened again")
        ASSIGNED = "assigned", _("assigned")
        COMMENTED = "comment", _("commented")
        ESCALATED = "escalate", _("escalated")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    alert = models.ForeignKey(
        Alert, on_delete=models.DO_NOTHING, related_name="changes", db_constraint=False
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    at = models.DateTimeField(_("at"), default=timezone.now)
    # A removed person's entries stay readable: the label is kept beside the key.
    actor = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    actor_label = models.CharField(max_length=254, blank=True)
    before = models.CharField(max_length=8, blank=True)
    after = models.CharField(max_length=8, blank=True)
    text = models.CharField(_("text"), max_length=1_000, blank=True)

    class Meta:
        verbose_name = _("change of an alert")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.text}"


class ShiftNote(models.Model):
    """What one shift tells the next."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    author_label = models.CharField(max_length=254)
    text = models.CharField(_("hand-over note"), max_length=2_000)
    open_alerts = models.PositiveIntegerField(_("open alerts"), default=0)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("hand-over note")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.text[:60]
