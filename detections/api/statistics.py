"""HTTP entry point of counts."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope, User
from cameras.selectors import cameras_visible_to
from detections.api import examples
from detections.models.counts import COUNTED
from detections.selectors.hits import sees_every_hit
from detections.selectors.statistics import LONGEST, STEPS, CountRow, counts_by_step, zone_of

ROWS_MOST = 20_000
UNLESS_SAID = {"hour": timedelta(days=2), "day": timedelta(days=31), "week": timedelta(days=182)}


class StatisticsQuerySerializer(serializers.Serializer[object]):
    """What is counted, and in which steps."""

    step = serializers.ChoiceField(choices=STEPS, default="hour")
    since = serializers.DateTimeField(
        required=False, help_text="From its hour on. Left out: 2 days, 31 days or 26 weeks back."
    )
    until = serializers.DateTimeField(required=False, help_text="Before this; now unless said.")
    camera = serializers.ListField(
        child=serializers.UUIDField(), required=False, help_text="Only these; all unless said."
    )
    by_camera = serializers.BooleanField(default=False, help_text="A row for each camera.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        step = attrs["step"]
        until = attrs.setdefault("until", timezone.now())
        since = attrs.setdefault("since", until - UNLESS_SAID[step])
        if since >= until:
            raise serializers.ValidationError({"until": ["Must be later than since."]})
        if until - since > LONGEST[step]:
            message = (
                f"Ask for at most {LONGEST[step].days} days by the {step}, or take a longer step."
            )
            raise serializers.ValidationError({"since": [message]})
        return attrs


class CountRowSerializer(serializers.Serializer[CountRow]):
    """One step of time. `passes` are without rejected and merged ones."""

    start = serializers.DateTimeField()
    camera = serializers.UUIDField(source="camera_id", allow_null=True)
    passes = serializers.IntegerField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        fields |= {name: serializers.IntegerField(source=f"counts.{name}") for name in COUNTED}
        fields["hits"] = serializers.IntegerField(
            source="counts.hits",
            allow_null=True,
            help_text="Null where the caller does not see the hits of every watchlist.",
        )
        return fields

    def to_representation(self, instance: CountRow) -> dict[str, Any]:
        shown = super().to_representation(instance)
        return shown if self.context["sees_hits"] else {**shown, "hits": None}


class StatisticsSerializer(serializers.Serializer[object]):
    """Counts, oldest first."""

    step = serializers.ChoiceField(choices=STEPS)
    time_zone = serializers.CharField()
    results = CountRowSerializer(many=True)


class StatisticsView(APIView):
    """How many vehicles passed."""

    read_scope = Scope.DETECTIONS_READ

    @extend_schema(
        tags=["statistics"],
        summary="Counts by hour, day or week",
        description="From hourly counts, which follow every correction, merging and deletion at "
        "once. Days and weeks are those of the organization's time zone; hours are whole hours "
        "of UTC. Steps without detections are left out.",
        parameters=[StatisticsQuerySerializer],
        responses=StatisticsSerializer,
        examples=[OpenApiExample("One hour", examples.STATISTICS, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        assert isinstance(request.user, User)
        query = StatisticsQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        cameras = cameras_visible_to(request.user).order_by()
        if "camera" in asked:
            cameras = cameras.filter(pk__in=asked["camera"])
        zone = zone_of(request.user)
        rows = counts_by_step(
            list(cameras.values_list("pk", flat=True)),
            step=asked["step"],
            since=asked["since"],
            until=asked["until"],
            zone=zone,
            by_camera=asked["by_camera"],
            most=ROWS_MOST + 1,
        )
        if len(rows) > ROWS_MOST:
            message = f"More than {ROWS_MOST} rows. Narrow the time or the cameras."
            raise serializers.ValidationError({"since": [message]})
        answer = {"step": asked["step"], "time_zone": zone.key, "results": rows}
        context = {"sees_hits": sees_every_hit(request.user)}
        return Response(StatisticsSerializer(answer, context=context).data)
