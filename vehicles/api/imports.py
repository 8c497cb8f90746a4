"""HTTP entry points of files of vehicles: sent, looked at line by line, and taken over."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_view,
)
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from lpr_project.common.pagination import KeysetPagination
from lpr_project.common.parsers import BoundedJsonParser
from vehicles.api import examples
from vehicles.api.base import OfVehicles
from vehicles.api.import_serializers import (
    ImportLineSerializer,
    MappingSerializer,
    NewImportSerializer,
    VehicleImportSerializer,
)
from vehicles.models import ImportLine, VehicleImport
from vehicles.selectors import imports_visible_to
from vehicles.services.imports.imports import (
    change_mapping,
    confirm_import,
    create_import,
    discard_import,
)

OUTCOMES = [str(outcome) for outcome in ImportLine.Outcome.values]


class InOrderOfLines(KeysetPagination):
    """Pages of a file's lines, the first line first."""

    ordering = "line"


@extend_schema(
    tags=["vehicles"],
    examples=[OpenApiExample("A checked file", examples.IMPORT, response_only=True)],
)
@extend_schema_view(
    list=extend_schema(summary="Files of vehicles, newest first"),
    retrieve=extend_schema(summary="One file: how far it is, and what it would change"),
    destroy=extend_schema(summary="Forget a file and what it would have changed"),
)
class VehicleImportViewSet(
    OfVehicles,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    GenericViewSet[VehicleImport],
):
    """Files of vehicles: checked first, then taken over as a whole or not at all."""

    queryset = VehicleImport.objects.none()  # names the model for the schema
    serializer_class = VehicleImportSerializer
    parser_classes = [MultiPartParser, BoundedJsonParser]

    @property
    def throttle_scope(self) -> str | None:
        """Sending a file is dear, asking how far it is checked is not."""
        return "uploads" if self.action == "create" else None

    def get_queryset(self) -> QuerySet[VehicleImport]:
        return imports_visible_to(self._user)

    @extend_schema(
        summary="Send a file of vehicles to be compared with what is known",
        description="CSV or XLSX; nothing of it is taken over yet. It is checked in the "
        "background: ask again until `state` is `checked`, look at its lines, then apply it.",
        request={"multipart/form-data": NewImportSerializer},
        responses={201: VehicleImportSerializer},
    )
    def create(self, request: Request) -> Response:
        asked = NewImportSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        file = asked.validated_data["file"]
        created = create_import(
            organization=asked.validated_data["organization"],
            file=file,
            original_name=file.name,
            actor=self._user,
        )
        return self._told(created, status=201)

    @extend_schema(
        summary="Say anew which column fills what, and have the file checked again",
        request={"application/json": MappingSerializer},
        responses=VehicleImportSerializer,
        examples=[OpenApiExample("Two columns", examples.MAPPING, request_only=True)],
    )
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        row = self.get_object()
        asked = MappingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        mapping = asked.validated_data["mapping"]
        return self._told(change_mapping(vehicle_import=row, mapping=mapping, actor=self._user))

    @extend_schema(
        summary="Take a file over, as a whole or not at all",
        description="Only a file of which no line is wrong. Should something have changed since "
        "it was checked, nothing is taken over, and `error` names the line.",
        request=None,
        responses={202: VehicleImportSerializer},
    )
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, pk: str | None = None) -> Response:
        row = confirm_import(vehicle_import=self.get_object(), actor=self._user)
        return self._told(row, status=202)

    @extend_schema(
        summary="What each line would change, and what is wrong with it",
        description="`changes` holds before and after by field. None while the file is checked.",
        parameters=[OpenApiParameter("outcome", enum=OUTCOMES)],
        responses=ImportLineSerializer(many=True),
        examples=[OpenApiExample("A line", examples.IMPORT_LINE, response_only=True)],
    )
    @action(detail=True, pagination_class=InOrderOfLines)
    def lines(self, request: Request, pk: str | None = None) -> Response:
        row = get_object_or_404(self.get_queryset(), pk=pk)
        # While it is checked, the lines of the columns before are still there.
        is_checked = row.state != VehicleImport.State.CHECKING
        lines: Any = row.lines.all() if is_checked else ImportLine.objects.none()
        if outcome := request.query_params.get("outcome"):
            if outcome not in ImportLine.Outcome.values:
                raise ValidationError({"outcome": [f"Choose one of {', '.join(OUTCOMES)}."]})
            lines = lines.filter(outcome=outcome)
        page = self.paginate_queryset(lines)
        return self.get_paginated_response(ImportLineSerializer(page, many=True).data)

    def perform_destroy(self, instance: VehicleImport) -> None:
        discard_import(vehicle_import=instance, actor=self._user)

    def _told(self, row: VehicleImport, status: int = 200) -> Response:
        return Response(self.get_serializer(row).data, status=status)
