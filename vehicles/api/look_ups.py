"""HTTP entry points of registers, and of what they say of plates."""

from datetime import datetime
from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from vehicles.api import examples
from vehicles.api.base import OfVehicles
from vehicles.models import LookUpResult, LookUpSource, Plate
from vehicles.selectors import (
    all_look_ups_visible_to,
    look_up_sources_visible_to,
    plates_visible_to,
)
from vehicles.services.lookups import breaker
from vehicles.services.lookups.asking import look_up_plate


class LookUpSourceSerializer(serializers.ModelSerializer[LookUpSource]):
    """A register that can be asked; its address and secrets are managers' in the admin."""

    organization = serializers.SlugField(source="organization.slug", read_only=True)
    resting_until = serializers.SerializerMethodField()

    class Meta:
        model = LookUpSource
        fields = ["id", "organization", "name", "kind", "cache_seconds", "resting_until"]
        read_only_fields = fields

    @extend_schema_field(
        serializers.DateTimeField(
            allow_null=True, help_text="It failed too often and is left alone until then."
        )
    )
    def get_resting_until(self, source: LookUpSource) -> datetime | None:
        return breaker.resumes_at(source) if breaker.state_of(source) == "open" else None


class LookUpSerializer(serializers.ModelSerializer[LookUpResult]):
    """What a register said of a plate, and when; a failure is an answer too."""

    found = serializers.DictField(
        child=serializers.CharField(), read_only=True, help_text="By the names that managers gave."
    )

    class Meta:
        model = LookUpResult
        fields = ["id", "plate", "source", "at", "outcome", "found", "error", "took_ms", "reason"]
        read_only_fields = fields


class _PlateField(serializers.PrimaryKeyRelatedField[Plate]):
    def get_queryset(self) -> QuerySet[Plate]:
        return plates_visible_to(self.context["request"].user).select_related("organization")


class _SourceField(serializers.PrimaryKeyRelatedField[LookUpSource]):
    def get_queryset(self) -> QuerySet[LookUpSource]:
        return look_up_sources_visible_to(self.context["request"].user)


class NewLookUpSerializer(serializers.Serializer[LookUpResult]):
    """A plate to ask a register about, and why."""

    plate = _PlateField(queryset=Plate.objects.none(), pk_field=serializers.UUIDField())
    source = _SourceField(  # type: ignore[assignment]  # a field of this name, not the option
        queryset=LookUpSource.objects.none(), pk_field=serializers.UUIDField()
    )
    reason = serializers.CharField(max_length=300)
    asks_anew = serializers.BooleanField(
        default=False, help_text="Do not take what it answered lately."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["source"].organization_id != attrs["plate"].organization_id:
            message = "This register is not asked about plates of that organization."
            raise serializers.ValidationError({"source": [message]})
        return attrs


class LookUpFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """By plate and register."""

    plate = django_filters.UUIDFilter(field_name="plate_id")
    source = django_filters.UUIDFilter(field_name="source_id")

    class Meta:
        model = LookUpResult
        fields: list[str] = []


@extend_schema(
    tags=["vehicles"],
    examples=[OpenApiExample("A register", examples.LOOK_UP_SOURCE, response_only=True)],
)
@extend_schema_view(
    list=extend_schema(summary="Registers that can be asked about plates"),
    retrieve=extend_schema(summary="One register"),
)
class LookUpSourceViewSet(OfVehicles, ReadOnlyModelViewSet[LookUpSource]):
    """Registers of organizations whose vehicles the caller edits."""

    queryset = LookUpSource.objects.none()  # names the model for the schema
    serializer_class = LookUpSourceSerializer

    def get_queryset(self) -> QuerySet[LookUpSource]:
        return look_up_sources_visible_to(self._user)


@extend_schema(
    tags=["vehicles"],
    examples=[OpenApiExample("An answer", examples.LOOK_UP, response_only=True)],
)
@extend_schema_view(
    list=extend_schema(summary="What registers said of plates, newest first"),
    retrieve=extend_schema(summary="What a register said once"),
)
class LookUpViewSet(OfVehicles, ReadOnlyModelViewSet[LookUpResult]):
    """Answers of registers: personal data, for those who edit vehicles."""

    queryset = LookUpResult.objects.none()  # names the model for the schema
    serializer_class = LookUpSerializer
    filterset_class = LookUpFilter

    def get_queryset(self) -> QuerySet[LookUpResult]:
        return all_look_ups_visible_to(self._user)

    @extend_schema(
        summary="Ask a register about a plate",
        description="Audited with its reason before anybody is asked. What it answered lately is "
        "given again. That a register failed is the `outcome` of a look-up; one that failed too "
        "often is left alone for a while: 502, `look_up_failed`.",
        request=NewLookUpSerializer,
        responses={201: LookUpSerializer},
        examples=[OpenApiExample("A plate", examples.NEW_LOOK_UP, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        asked = NewLookUpSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        result = look_up_plate(actor=self._user, **asked.validated_data)
        return Response(self.get_serializer(result).data, status=201)
