"""Who is told, over what, and every message that was or will be sent."""

from datetime import datetime, timedelta
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from lpr_project.common.models import EncryptedTextField, TimestampedModel, uuid7

BODY_MOST = 4_000
SUBJECT_MOST = 200


class Channel(models.TextChoices):
    """How a message travels."""

    EMAIL = "email", _("e-mail")
    WEBHOOK = "webhook", _("webhook")
    SERVICE = "service", _("SMS, chat or push service")
    WEB_PUSH = "web_push", _("notification in the browser")
    MQTT = "mqtt", _("MQTT")
    RELAY = "relay", _("relay or barrier")


# After so long at most an endpoint that fails is tried again.
LONGEST_REST_SECONDS = 300.0
# Programs want every message; people want one that says how many there were.
FOR_PROGRAMS = (Channel.WEBHOOK, Channel.MQTT, Channel.RELAY)


class MessageTemplate(TimestampedModel):
    """The words of a message; `{{ plate }}` and the like are filled in."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    subject = models.CharField(_("subject"), max_length=SUBJECT_MOST)
    body = models.TextField(_("text"), max_length=BODY_MOST)

    class Meta:
        verbose_name = _("message template")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="template_name_unique")
        ]

    def __str__(self) -> str:
        return self.name


class Endpoint(TimestampedModel):
    """Somebody or something that is told. Nothing but a person ever switches one off."""

    class Picture(models.TextChoices):
        NONE = "none", _("no picture")
        LINK = "link", _("a link that expires")
        ATTACHED = "attached", _("attached")

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    # What the channel needs and may be shown: address, topic, header names.
    options: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        default=dict, blank=True
    )
    # JSON of what must not be shown: URLs with tokens, passwords, signing keys.
    secret = EncryptedTextField(blank=True, default="")
    language = models.CharField(
        _("language"), max_length=2, default="en", choices=[("en", "English"), ("th", "ไทย")]
    )
    template = models.ForeignKey(
        MessageTemplate,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("template"),
        help_text=_("Empty: the product's own words."),
    )
    picture = models.CharField(
        _("picture of the plate"), max_length=8, choices=Picture.choices, default=Picture.LINK
    )
    is_active = models.BooleanField(_("active"), default=True)
    most_per_minute = models.PositiveIntegerField(
        _("most messages a minute"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(10_000)],
        help_text=_("What is more becomes one message that says how many; empty: no limit."),
    )
    digest_minutes = models.PositiveSmallIntegerField(
        _("digest, minutes"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(1_440)],
        help_text=_("Alerts are gathered and told together this often; empty: at once."),
    )
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    loud_priority = models.PositiveSmallIntegerField(
        _("always loud from priority"),
        default=80,
        validators=[MaxValueValidator(100)],
        help_text=_("Alerts of this priority or more are told in quiet hours too, and at once."),
    )
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("recipient")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="endpoint_name_unique")
        ]

    def __str__(self) -> str:
        return self.name


class Lane(models.Model):
    """The one queue of an endpoint and how the endpoint fares; whoever sends holds this row's lock.

    Apart from the endpoint, so that changing an endpoint need not wait for a slow receiver.
    """

    endpoint = models.OneToOneField(Endpoint, on_delete=models.CASCADE, related_name="lane")
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    # Until then nothing is tried; the next try is the probe.
    rests_until = models.DateTimeField(null=True)
    last_sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"lane of {self.endpoint_id}"

    def rests_at(self, now: datetime) -> bool:
        """Whether nothing is tried now; a rest longer than any means that the clock went back."""
        if self.rests_until is None:
            return False
        return now < self.rests_until <= now + timedelta(seconds=LONGEST_REST_SECONDS)


class PushSubscription(models.Model):
    """A browser that a person allowed to be told. Source: W3C Push API, PushSubscription."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="push_subscriptions")
    address_sha256 = models.CharField(max_length=64, unique=True)
    # JSON of endpoint and keys: who has them can write to the browser.
    secret = EncryptedTextField()
    user_agent = models.CharField(max_length=200, blank=True)
    # When its push service said that there is no such browser any more.
    gone_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("browser that is told")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.user_agent[:60] or str(self.pk)


class Delivery(models.Model):
    """One message to one recipient, a row before it is sent; its id is its idempotency key.

    A message of several alerts (`kind` storm, digest or quiet) carries the rows of these alerts,
    which are then `gathered`.
    """

    class Kind(models.TextChoices):
        ALERT = "alert", _("alert")
        STORM = "storm", _("many alerts")
        DIGEST = "digest", _("digest")
        QUIET = "quiet", _("after quiet hours")
        TEST = "test", _("test")

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        SENT = "sent", _("sent")
        DEAD = "dead", _("could not be delivered")
        GATHERED = "gathered", _("told together with others")
        CANCELLED = "cancelled", _("no longer needed")

    CARRIERS = (Kind.STORM, Kind.DIGEST, Kind.QUIET)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="deliveries")
    alert = models.ForeignKey(
        "Alert", on_delete=models.CASCADE, null=True, related_name="deliveries"
    )
    subscription = models.ForeignKey(
        PushSubscription, on_delete=models.CASCADE, null=True, related_name="+"
    )
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.ALERT)
    # The step of the escalation, repeats counted; 0 is the first.
    step = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.PENDING)
    carried_by = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, related_name="carries"
    )
    due_at = models.DateTimeField(_("due"))
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    sent_at = models.DateTimeField(_("sent"), null=True)
    last_error = models.CharField(_("error"), max_length=300, blank=True)
    # What was sent, so that a replay is the same; empty until the first try.
    content: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organization", "-id"], name="delivery_newest"),
            # The queues: as large as what waits, whatever was sent before.
            models.Index(
                fields=["endpoint", "id"],
                name="delivery_waits",
                condition=models.Q(state="pending"),
            ),
            models.Index(
                fields=["organization", "-id"],
                name="delivery_dead",
                condition=models.Q(state="dead"),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "step", "endpoint", "subscription"],
                condition=models.Q(alert__isnull=False),
                nulls_distinct=False,
                name="delivery_once",
            ),
            models.UniqueConstraint(
                fields=["endpoint", "kind", "due_at", "subscription"],
                condition=models.Q(kind__in=("storm", "digest", "quiet")),
                nulls_distinct=False,
                name="delivery_carrier_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class DeliveryAttempt(models.Model):
    """One try to send a delivery, and how it went."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField(_("at"), auto_now_add=True)
    took_ms = models.PositiveIntegerField(_("took, ms"))
    error = models.CharField(_("error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("attempt")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.error or "sent"
