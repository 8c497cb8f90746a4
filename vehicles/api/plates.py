"""HTTP entry points of plates."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_view,
)
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from accounts.models import Scope, User
from accounts.selectors import demand_on, stated_in_query
from lpr_project.common.pagination import KeysetPagination
from vehicles.api.examples import PLATE
from vehicles.api.filters import PlateFilter
from vehicles.api.serializers import PlateSerializer, PlateStatusSerializer
from vehicles.models import Plate
from vehicles.selectors import plates_visible_to
from vehicles.services import audit_plate_search
from vehicles.services.registrations import set_plate_status


class NewestSeenFirst(KeysetPagination):
    """Pages of plates, last seen first."""

    ordering = ("-last_seen_at", "-id")


@extend_schema(tags=["plates"], examples=[OpenApiExample("A plate", PLATE, response_only=True)])
@extend_schema_view(
    list=extend_schema(
        summary="Plates, last seen first",
        description="A search by number is audited, with `reason` and `case_number`, which an "
        "organization may demand. `/search/` finds more.",
        parameters=[OpenApiParameter("reason"), OpenApiParameter("case_number")],
    ),
    retrieve=extend_schema(summary="One plate"),
)
class PlateViewSet(ReadOnlyModelViewSet[Plate]):
    """Distinct registrations; who sees only single cameras sees none of them."""

    queryset = Plate.objects.none()  # names the model for the schema
    serializer_class = PlateSerializer
    filterset_class = PlateFilter
    pagination_class = NewestSeenFirst
    read_scope = Scope.DETECTIONS_READ
    write_scope = Scope.VEHICLES_WRITE

    def get_queryset(self) -> QuerySet[Plate]:
        assert isinstance(self.request.user, User)
        return plates_visible_to(self.request.user).select_related("organization")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        assert isinstance(request.user, User)
        asked = map(request.query_params.get, ("number", "number_prefix"))
        if term := " ".join(filter(None, asked)):
            stated = stated_in_query(request.query_params)._asdict()
            demand_on(request.user).check(**stated)
            audit_plate_search(actor=request.user, term=term, **stated)
        return super().list(request, *args, **kwargs)

    @extend_schema(
        summary="Set the status of a plate",
        description="What it was before stays in its history. A stolen one needs a reason.",
        request=PlateStatusSerializer,
        responses=PlateSerializer,
        examples=[
            OpenApiExample(
                "Stolen", {"status": "stolen", "reason": "Report 12/2569"}, request_only=True
            )
        ],
    )
    @action(detail=True, methods=["post"], url_path="status", url_name="status")
    def set_status(self, request: Request, pk: str | None = None) -> Response:
        assert isinstance(request.user, User)
        plate = self.get_object()
        asked = PlateStatusSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        set_plate_status(
            plate=plate,
            status=Plate.Status(asked.validated_data["status"]),
            reason=asked.validated_data["reason"],
            actor=request.user,
        )
        return Response(self.get_serializer(self.get_object()).data)
