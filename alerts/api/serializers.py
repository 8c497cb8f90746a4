"""JSON shapes of alerts."""

from typing import Any

from rest_framework import serializers

from alerts.models import Alert, AlertChange, AlertRejectReason
from alerts.services.messages import alert_link

IDS_MOST = 500
TEXT_MOST = 1_000


class AlertChangeSerializer(serializers.ModelSerializer[AlertChange]):
    """One thing that was done with an alert."""

    class Meta:
        model = AlertChange
        fields = ["id", "kind", "at", "actor_label", "before", "after", "text"]
        read_only_fields = fields


class AlertSerializer(serializers.ModelSerializer[Alert]):
    """An alert; `facts` is what it is about, as webhooks carry it."""

    assigned_to = serializers.CharField(source="assigned_to.email", default=None, read_only=True)
    acknowledged_by = serializers.CharField(
        source="acknowledged_by.email", default=None, read_only=True
    )
    url = serializers.SerializerMethodField()

    class Meta:
        model = Alert
        fields = [
            "id", "organization", "title", "number", "country", "province", "priority", "state",
            "verdict", "reject_reason", "raised_at", "last_seen_at", "changed_at", "passes",
            "camera", "detection", "watchlist", "rule", "assigned_to", "acknowledged_by",
            "acknowledged_at", "next_step_at", "facts", "url",
        ]  # fmt: skip
        read_only_fields = fields

    def get_url(self, alert: Alert) -> str:
        return alert_link(alert)


class AlertDetailSerializer(AlertSerializer):
    """An alert with its history, oldest first."""

    changes = AlertChangeSerializer(many=True, read_only=True)

    class Meta(AlertSerializer.Meta):
        fields = [*AlertSerializer.Meta.fields, "changes"]
        read_only_fields = fields


class AnswerSerializer(serializers.Serializer[Any]):
    """An answer to alerts, of which each goes as far as its state allows."""

    alerts = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=IDS_MOST)
    answer = serializers.ChoiceField(
        choices=[
            "see",
            "acknowledge",
            "verify",
            "reject",
            "resolve",
            "reopen",
            "comment",
            "assign",
        ]
    )
    assigned_to = serializers.EmailField(
        required=False, allow_null=True, default=None, help_text="Who, to assign; null: nobody."
    )
    reason = serializers.ChoiceField(
        choices=AlertRejectReason.choices, required=False, help_text="Why, to reject."
    )
    text = serializers.CharField(max_length=TEXT_MOST, required=False, default="", allow_blank=True)


class PrecisionSerializer(serializers.Serializer[Any]):
    """How many of the judged alerts were right; `low` and `high` bound the share at 95 %."""

    by = serializers.ChoiceField(choices=["list", "camera", "match"])
    name = serializers.CharField()
    right = serializers.IntegerField()
    judged = serializers.IntegerField()
    share = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class PrecisionTableSerializer(serializers.Serializer[Any]):
    """Precision by list, by camera and by how the entry matched."""

    results = PrecisionSerializer(many=True)


class PrecisionQuerySerializer(serializers.Serializer[Any]):
    """Which alerts count."""

    since = serializers.DateTimeField(required=False, help_text="Raised since; else 90 days ago.")
