"""HTTP entry points of plates."""

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.viewsets import ReadOnlyModelViewSet

from accounts.models import Scope, User
from lpr_project.common.pagination import KeysetPagination
from vehicles.api.filters import PlateFilter
from vehicles.api.serializers import PlateSerializer
from vehicles.models import Plate
from vehicles.selectors import plates_visible_to

PLATE = {
    "id": "0199f3a2-7c00-7d1e-b0a1-6f1d2c3b4a59",
    "organization": "harbour",
    "number": "1กข1234",
    "country": "TH",
    "province": "TH-10",
    "first_seen_at": "2026-01-02T03:04:05.678Z",
    "last_seen_at": "2026-02-03T04:05:06.789Z",
    "detections_count": 17,
}


class NewestSeenFirst(KeysetPagination):
    """Pages of plates, last seen first."""

    ordering = ("-last_seen_at", "-id")


@extend_schema(tags=["plates"], examples=[OpenApiExample("A plate", PLATE, response_only=True)])
@extend_schema_view(
    list=extend_schema(summary="Plates, last seen first"),
    retrieve=extend_schema(summary="One plate"),
)
class PlateViewSet(ReadOnlyModelViewSet[Plate]):
    """Distinct registrations; who sees only single cameras sees none of them."""

    queryset = Plate.objects.none()  # names the model for the schema
    serializer_class = PlateSerializer
    filterset_class = PlateFilter
    pagination_class = NewestSeenFirst
    read_scope = Scope.DETECTIONS_READ

    def get_queryset(self) -> QuerySet[Plate]:
        assert isinstance(self.request.user, User)
        return plates_visible_to(self.request.user).select_related("organization")
