"""HTTP entry points of vehicles, their plates, tags, custom fields and what is ignored."""

from typing import Any

import django_filters
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet, ModelViewSet

from vehicles.api import examples
from vehicles.api.base import OfVehicles
from vehicles.api.serializers import (
    CustomFieldSerializer,
    IgnoredPlateSerializer,
    NewTenureSerializer,
    TagSerializer,
    TenureSerializer,
    VehicleSerializer,
)
from vehicles.models import CustomField, IgnoredPlate, Plate, Tag, Tenure, Vehicle
from vehicles.selectors import (
    custom_fields_visible_to,
    ignored_plates_visible_to,
    tags_visible_to,
    vehicles_found,
    vehicles_visible_to,
)
from vehicles.services.custom import delete_custom_field, delete_tag, save_custom_field, save_tag
from vehicles.services.ignoring import change_ignored_plate, ignore_plate, stop_ignoring
from vehicles.services.registrations import (
    assign_plate,
    change_tenure,
    ensure_plate,
    read_registration,
    remove_tenure,
)
from vehicles.services.vehicles import delete_vehicle, save_vehicle


class _ChangedInPart:
    """PATCH without PUT: there is no whole that a caller could send."""

    def partial_update(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        row = self.get_object()  # type: ignore[attr-defined]  # of the viewset that it is mixed into
        serializer = self.get_serializer(row, data=request.data, partial=True)  # type: ignore[attr-defined]  # the same
        serializer.is_valid(raise_exception=True)
        self.perform_update(serializer)  # type: ignore[attr-defined]  # the same
        return Response(serializer.data)


class VehicleFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """By words, tag, and status of a plate."""

    text = django_filters.CharFilter(
        method="narrow", help_text="In name, make, model or colour, or the beginning of a plate."
    )
    tag = django_filters.CharFilter(method="narrow", help_text="Name of a tag.")
    status = django_filters.ChoiceFilter(
        method="narrow", choices=Plate.Status.choices, help_text="Of a plate that it has today."
    )

    class Meta:
        model = Vehicle
        fields: list[str] = []

    def narrow(self, vehicles: QuerySet[Vehicle], name: str, text: str) -> QuerySet[Vehicle]:
        return vehicles_found(vehicles, **{name: text})


@extend_schema(
    tags=["vehicles"], examples=[OpenApiExample("A van", examples.VEHICLE, response_only=True)]
)
@extend_schema_view(
    list=extend_schema(summary="Vehicles, newest first"),
    retrieve=extend_schema(summary="One vehicle"),
    create=extend_schema(
        summary="Add a vehicle",
        examples=[OpenApiExample("A van", examples.NEW_VEHICLE, request_only=True)],
    ),
    update=extend_schema(summary="Change a vehicle as a whole"),
    partial_update=extend_schema(
        summary="Change some of a vehicle",
        examples=[OpenApiExample("A tag", {"tags": ["staff"]}, request_only=True)],
    ),
    destroy=extend_schema(summary="Forget a vehicle; its plates stay"),
)
class VehicleViewSet(OfVehicles, ModelViewSet[Vehicle]):
    """Vehicles of organizations in which the caller sees every camera."""

    queryset = Vehicle.objects.none()  # names the model for the schema
    serializer_class = VehicleSerializer
    filterset_class = VehicleFilter

    def get_queryset(self) -> QuerySet[Vehicle]:
        return (
            vehicles_visible_to(self._user)
            .select_related("organization")
            .prefetch_related("tags", "tenures__plate__organization")
        )

    def perform_create(self, serializer: BaseSerializer[Vehicle]) -> None:
        written = serializer.validated_data
        vehicle = Vehicle(organization=written["organization"])
        save_vehicle(vehicle=vehicle, changes=written, actor=self._user)
        serializer.instance = self.get_queryset().get(pk=vehicle.pk)

    def perform_update(self, serializer: BaseSerializer[Vehicle]) -> None:
        vehicle = serializer.instance
        assert vehicle is not None
        save_vehicle(vehicle=vehicle, changes=serializer.validated_data, actor=self._user)
        serializer.instance = self.get_queryset().get(pk=vehicle.pk)

    def perform_destroy(self, instance: Vehicle) -> None:
        delete_vehicle(vehicle=instance, actor=self._user)


class TenureFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """By vehicle and plate."""

    vehicle = django_filters.UUIDFilter(field_name="vehicle_id")
    plate = django_filters.UUIDFilter(field_name="plate_id")

    class Meta:
        model = Tenure
        fields: list[str] = []


@extend_schema(
    tags=["vehicles"],
    examples=[OpenApiExample("A plate of a van", examples.TENURE, response_only=True)],
)
@extend_schema_view(
    list=extend_schema(summary="Plates of vehicles, from when until when"),
    retrieve=extend_schema(summary="One plate of a vehicle"),
    partial_update=extend_schema(
        summary="Set from when until when",
        examples=[OpenApiExample("It ended", {"until": "2026-02-01"}, request_only=True)],
    ),
    destroy=extend_schema(summary="Take a plate off a vehicle as if it had never been there"),
)
class TenureViewSet(
    OfVehicles,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    _ChangedInPart,
    GenericViewSet[Tenure],
):
    """Which plate belonged to which vehicle; one vehicle at a time."""

    queryset = Tenure.objects.none()  # names the model for the schema
    serializer_class = TenureSerializer
    filterset_class = TenureFilter

    def get_queryset(self) -> QuerySet[Tenure]:
        vehicles = vehicles_visible_to(self._user).order_by().values("pk")
        return Tenure.objects.filter(vehicle__in=vehicles).select_related(
            "vehicle__organization", "plate__organization"
        )

    @extend_schema(
        summary="Give a vehicle a plate",
        request=NewTenureSerializer,
        responses={201: TenureSerializer},
        examples=[OpenApiExample("A plate", examples.NEW_TENURE, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        asked = NewTenureSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        written = asked.validated_data
        vehicle = written["vehicle"]
        key = read_registration(written["number"], written["country"], written["province"])
        with transaction.atomic():
            tenure = assign_plate(
                vehicle=vehicle,
                plate=ensure_plate(organization=vehicle.organization, key=key),
                since=written["since"],
                until=written["until"],
                actor=self._user,
            )
        return Response(TenureSerializer(self.get_queryset().get(pk=tenure.pk)).data, status=201)

    def perform_update(self, serializer: BaseSerializer[Tenure]) -> None:
        tenure = serializer.instance
        assert tenure is not None
        written = serializer.validated_data
        change_tenure(
            tenure=tenure,
            since=written.get("since", tenure.since),
            until=written.get("until", tenure.until),
            actor=self._user,
        )

    def perform_destroy(self, instance: Tenure) -> None:
        remove_tenure(tenure=instance, actor=self._user)


@extend_schema(
    tags=["vehicles"], examples=[OpenApiExample("A tag", examples.TAG, response_only=True)]
)
@extend_schema_view(
    list=extend_schema(summary="Tags"),
    retrieve=extend_schema(summary="One tag"),
    create=extend_schema(
        summary="Add a tag", examples=[OpenApiExample("A tag", {"name": "VIP"}, request_only=True)]
    ),
    update=extend_schema(summary="Rename a tag"),
    partial_update=extend_schema(summary="Rename a tag"),
    destroy=extend_schema(summary="Take a tag off all vehicles and away"),
)
class TagViewSet(OfVehicles, ModelViewSet[Tag]):
    """Words on vehicles."""

    queryset = Tag.objects.none()  # names the model for the schema
    serializer_class = TagSerializer

    def get_queryset(self) -> QuerySet[Tag]:
        return tags_visible_to(self._user).select_related("organization")

    def perform_create(self, serializer: BaseSerializer[Tag]) -> None:
        serializer.instance = save_tag(tag=Tag(**serializer.validated_data), actor=self._user)

    def perform_update(self, serializer: BaseSerializer[Tag]) -> None:
        tag = _with(serializer)
        serializer.instance = save_tag(tag=tag, actor=self._user)

    def perform_destroy(self, instance: Tag) -> None:
        delete_tag(tag=instance, actor=self._user)


@extend_schema(
    tags=["vehicles"],
    examples=[OpenApiExample("A custom field", examples.CUSTOM_FIELD, response_only=True)],
)
@extend_schema_view(
    list=extend_schema(summary="Custom fields of vehicles"),
    retrieve=extend_schema(summary="One custom field"),
    create=extend_schema(
        summary="Define a custom field",
        examples=[OpenApiExample("A date", examples.NEW_CUSTOM_FIELD, request_only=True)],
    ),
    update=extend_schema(summary="Change a custom field as a whole; its key stays"),
    partial_update=extend_schema(summary="Change some of a custom field; its key stays"),
    destroy=extend_schema(summary="Take a custom field away, with all its values"),
)
class CustomFieldViewSet(OfVehicles, ModelViewSet[CustomField]):
    """What an organization notes of its vehicles; managers define it."""

    queryset = CustomField.objects.none()  # names the model for the schema
    serializer_class = CustomFieldSerializer

    def get_queryset(self) -> QuerySet[CustomField]:
        return custom_fields_visible_to(self._user).select_related("organization")

    def perform_create(self, serializer: BaseSerializer[CustomField]) -> None:
        field = CustomField(**serializer.validated_data)
        serializer.instance = save_custom_field(field=field, actor=self._user)

    def perform_update(self, serializer: BaseSerializer[CustomField]) -> None:
        serializer.instance = save_custom_field(field=_with(serializer), actor=self._user)

    def perform_destroy(self, instance: CustomField) -> None:
        delete_custom_field(field=instance, actor=self._user)


def _with(serializer: BaseSerializer[Any]) -> Any:
    """The row with what was written, not saved."""
    row = serializer.instance
    for name, value in serializer.validated_data.items():
        setattr(row, name, value)
    return row


@extend_schema(
    tags=["vehicles"],
    examples=[OpenApiExample("A staff car", examples.IGNORED_PLATE, response_only=True)],
)
@extend_schema_view(
    list=extend_schema(summary="Ignored plates"),
    retrieve=extend_schema(summary="One ignored plate"),
    create=extend_schema(
        summary="Store nothing of a plate from now on",
        examples=[OpenApiExample("A staff car", examples.NEW_IGNORED_PLATE, request_only=True)],
    ),
    partial_update=extend_schema(
        summary="Set why and until when; the plate itself stays as it is",
        examples=[OpenApiExample("No end", {"until": None}, request_only=True)],
    ),
    destroy=extend_schema(summary="Store the plate again from now on"),
)
class IgnoredPlateViewSet(
    OfVehicles,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    mixins.DestroyModelMixin,
    _ChangedInPart,
    GenericViewSet[IgnoredPlate],
):
    """Plates of which nothing is kept; managers set them, auditors see them."""

    queryset = IgnoredPlate.objects.none()  # names the model for the schema
    serializer_class = IgnoredPlateSerializer

    def get_queryset(self) -> QuerySet[IgnoredPlate]:
        return ignored_plates_visible_to(self._user).select_related("organization")

    def perform_create(self, serializer: BaseSerializer[IgnoredPlate]) -> None:
        written = serializer.validated_data
        key = read_registration(
            written["number"], written.get("country", ""), written.get("province", "")
        )
        serializer.instance = ignore_plate(
            organization=written["organization"],
            key=key,
            reason=written["reason"],
            until=written.get("until"),
            actor=self._user,
        )

    def perform_update(self, serializer: BaseSerializer[IgnoredPlate]) -> None:
        ignored = serializer.instance
        assert ignored is not None
        written = serializer.validated_data
        serializer.instance = change_ignored_plate(
            ignored=ignored,
            reason=written.get("reason", ignored.reason),
            until=written.get("until", ignored.until),
            actor=self._user,
        )

    def perform_destroy(self, instance: IgnoredPlate) -> None:
        stop_ignoring(ignored=instance, actor=self._user)
