"""JSON shapes of rules, escalation policies, recipients, templates and deliveries."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from accounts.models import Organization
from alerts.api.fields import ManagedOrganizationField, caller_of
from alerts.models import (
    Delivery,
    DeliveryAttempt,
    Endpoint,
    EscalationPolicy,
    EscalationStep,
    MessageTemplate,
    Rule,
    Watchlist,
)
from alerts.selectors.alerts import endpoints_managed_by, policies_managed_by, templates_managed_by
from alerts.selectors.watchlists import watchlists_visible_to


class _PolicyField(serializers.PrimaryKeyRelatedField[EscalationPolicy]):
    def get_queryset(self) -> QuerySet[EscalationPolicy]:
        return policies_managed_by(caller_of(self))


class _EndpointField(serializers.PrimaryKeyRelatedField[Endpoint]):
    def get_queryset(self) -> QuerySet[Endpoint]:
        return endpoints_managed_by(caller_of(self))


class _TemplateField(serializers.PrimaryKeyRelatedField[MessageTemplate]):
    def get_queryset(self) -> QuerySet[MessageTemplate]:
        return templates_managed_by(caller_of(self))


class _WatchlistField(serializers.PrimaryKeyRelatedField[Watchlist]):
    def get_queryset(self) -> QuerySet[Watchlist]:
        return watchlists_visible_to(caller_of(self))


class RuleSerializer(serializers.ModelSerializer[Rule]):
    """A rule; `conditions` is a tree of `all`, `any`, `not` and conditions by `kind`."""

    organization = ManagedOrganizationField(slug_field="slug", queryset=Organization.objects.none())
    conditions = serializers.DictField(required=False, help_text="Empty: holds always.")
    policy = _PolicyField(required=False, allow_null=True, queryset=EscalationPolicy.objects.none())

    class Meta:
        model = Rule
        fields = (
            "id",
            "organization",
            "name",
            "trigger",
            "threshold",
            "conditions",
            "priority",
            "policy",
            "cooldown_seconds",
            "is_active",
            "is_shadow",
        )
        # The service says in words what is taken.
        validators: tuple[Any, ...] = ()


class LookBackSerializer(serializers.Serializer[Any]):
    """What a rule would have done; `since` is later than asked where `is_whole` is false."""

    firings = serializers.IntegerField()
    alerts = serializers.IntegerField(help_text="Firings less those within the cooldown.")
    passes = serializers.IntegerField(help_text="How many were looked at.")
    since = serializers.DateTimeField()
    is_whole = serializers.BooleanField()
    examples = serializers.SerializerMethodField(help_text="The newest detections, 20 at most.")

    def get_examples(self, found: Any) -> list[str]:
        return [str(one.pk) for one in found.examples]


class StepSerializer(serializers.ModelSerializer[EscalationStep]):
    """Who is told so many seconds after the alert, and how often again."""

    recipients = _EndpointField(source="endpoints", many=True, queryset=Endpoint.objects.none())

    class Meta:
        model = EscalationStep
        fields = ("after_seconds", "recipients", "repeats", "repeat_every_seconds")


class PolicySerializer(serializers.ModelSerializer[EscalationPolicy]):
    """An escalation policy with its steps, which are replaced as a whole."""

    organization = ManagedOrganizationField(slug_field="slug", queryset=Organization.objects.none())
    watchlists = _WatchlistField(many=True, required=False, queryset=Watchlist.objects.none())
    hands_over_to = _PolicyField(
        required=False, allow_null=True, queryset=EscalationPolicy.objects.none()
    )
    steps = StepSerializer(many=True, required=False)

    class Meta:
        model = EscalationPolicy
        fields = (
            "id",
            "organization",
            "name",
            "position",
            "least_priority",
            "watchlists",
            "cooldown_seconds",
            "hands_over_to",
            "is_active",
            "steps",
        )
        validators: tuple[Any, ...] = ()


class RecipientSerializer(serializers.ModelSerializer[Endpoint]):
    """A recipient; secrets in `settings` are written and never read."""

    organization = ManagedOrganizationField(slug_field="slug", queryset=Organization.objects.none())
    template = _TemplateField(
        required=False, allow_null=True, queryset=MessageTemplate.objects.none()
    )
    settings = serializers.DictField(
        write_only=True,
        required=False,
        help_text="What the channel needs. `email`: address. `webhook`: url, headers, "
        "ca_certificate. `service`: url. `mqtt`: host, port, tls, username, password, topic, "
        "discovery. `relay`: url, method, body, latest_seconds, headers. `web_push`: roles.",
    )
    options = serializers.DictField(read_only=True, help_text="Of the settings, what may be shown.")
    failing_since = serializers.DateTimeField(
        source="lane.failing_since", read_only=True, default=None, allow_null=True
    )
    last_error = serializers.CharField(source="lane.last_error", read_only=True, default="")

    class Meta:
        model = Endpoint
        fields = [
            "id",
            "organization",
            "name",
            "channel",
            "settings",
            "options",
            "language",
            "template",
            "picture",
            "is_active",
            "most_per_minute",
            "digest_minutes",
            "quiet_from",
            "quiet_until",
            "loud_priority",
            "failing_since",
            "last_error",
        ]
        validators: tuple[Any, ...] = ()


class NewRecipientSerializer(RecipientSerializer):
    """A recipient just made; a webhook's signing key is shown here and never again."""

    signing_key = serializers.CharField(read_only=True, default="")

    class Meta(RecipientSerializer.Meta):
        fields = [*RecipientSerializer.Meta.fields, "signing_key"]


class WebhookKeySerializer(serializers.Serializer[Any]):
    """A new signing key; the one before signs beside it until the next rotation."""

    signing_key = serializers.CharField()


class QueuedSerializer(serializers.Serializer[Any]):
    """A message that is on its way."""

    delivery = serializers.UUIDField()


class TemplateSerializer(serializers.ModelSerializer[MessageTemplate]):
    """Words of messages; `{{ plate }}` and the like are filled in."""

    organization = ManagedOrganizationField(slug_field="slug", queryset=Organization.objects.none())

    class Meta:
        model = MessageTemplate
        fields = ("id", "organization", "name", "subject", "body")
        validators: tuple[Any, ...] = ()


class MessagePreviewSerializer(serializers.Serializer[Any]):
    """How a message reads on a channel in a language, filled with a sample."""

    channel = serializers.CharField()
    language = serializers.CharField()
    subject = serializers.CharField()
    body = serializers.CharField()


class AttemptSerializer(serializers.ModelSerializer[DeliveryAttempt]):
    """One try."""

    class Meta:
        model = DeliveryAttempt
        fields = ("at", "took_ms", "error")
        read_only_fields = fields


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """A message; its id is the idempotency key."""

    class Meta:
        model = Delivery
        fields = [
            "id",
            "organization",
            "recipient",
            "alert",
            "kind",
            "step",
            "state",
            "carried_by",
            "created_at",
            "due_at",
            "sent_at",
            "attempts",
            "last_error",
        ]
        read_only_fields = fields

    recipient = serializers.PrimaryKeyRelatedField(source="endpoint", read_only=True)  # type: ignore[var-annotated]  # read only


class DeliveryDetailSerializer(DeliverySerializer):
    """A message with its tries, oldest first."""

    tries = AttemptSerializer(many=True, read_only=True)

    class Meta(DeliverySerializer.Meta):
        fields = [*DeliverySerializer.Meta.fields, "tries"]
        read_only_fields = fields
