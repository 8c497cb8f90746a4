"""HTTP entry points of detections, uploads and recognition models."""

from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.utils.functional import cached_property
from django.utils.timezone import get_current_timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from accounts.models import AuditEvent, Scope, User
from accounts.services import record_audit_event
from detections.api import examples
from detections.api.filters import DetectionFilter, UploadFilter
from detections.api.parameters import (
    CRITERIA,
    NOTED,
    NUMBERS,
    STATED,
    NotedPagination,
    note_pages,
    stated_by,
)
from detections.api.serializers import (
    DetectionDetailSerializer,
    DetectionSerializer,
    ModelRegistrySerializer,
    NewUploadSerializer,
    UploadSerializer,
)
from detections.criteria.criteria import Criteria
from detections.models import Detection, Upload
from detections.selectors import as_listed, detections_visible_to, uploads_visible_to
from detections.selectors.models import model_registry
from detections.selectors.search import detections_found
from detections.services.searching import check_stated, note_search
from detections.services.uploads import create_upload
from detections.views.pictures import picture_response
from lpr_project.common.renderers import OrjsonRenderer, PictureRenderer
from vehicles.selectors import in_bounded_time

SEARCHES = {"number": "exact", "number_prefix": "prefix"}
PICTURE = OpenApiResponse(OpenApiTypes.BINARY, description="WebP or JPEG, as it was kept.")


@extend_schema(tags=["detections"])
@extend_schema_view(
    list=extend_schema(
        summary="Detections, newest first",
        description="Pages by key: follow `next`. A search for a vehicle, that is by number, "
        "place of the plate, looks or how often it was seen, is audited, and takes `reason` and "
        "`case_number` as `/search/` does. Passes that were merged into another are left out "
        "unless `review=merged` asks for them.",
        parameters=[*CRITERIA, *NUMBERS, *STATED],
        examples=[OpenApiExample("A detection", examples.DETECTION, response_only=True)],
    ),
    retrieve=extend_schema(
        summary="One detection with its evidence",
        description="Opening a detection is audited, with `reason` and `case_number`, which an "
        "organization may demand.",
        parameters=STATED,
        responses=DetectionDetailSerializer,
    ),
)
class DetectionViewSet(ReadOnlyModelViewSet[Detection]):
    """Detections of the cameras that the caller sees."""

    queryset = Detection.objects.none()  # names the model for the schema
    serializer_class = DetectionSerializer
    filterset_class = DetectionFilter
    pagination_class = NotedPagination
    read_scope = Scope.DETECTIONS_READ

    def get_queryset(self) -> QuerySet[Detection, Any]:
        if self.action == "list":
            return as_listed(detections_found(self._user, self._criteria))
        detections = detections_visible_to(self._user)
        return detections.defer(None) if self.action == "retrieve" else detections

    def get_serializer_class(self) -> type[DetectionSerializer]:
        return DetectionDetailSerializer if self.action == "retrieve" else DetectionSerializer

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if self._criteria.is_for_vehicles:
            noted = note_search(
                actor=self._user,
                criteria=self._criteria,
                stated=stated_by(request),
                noted=request.query_params.get(NOTED, ""),
            )
            note_pages(self.paginator, noted)
        with nullcontext() if self._criteria.is_empty else in_bounded_time(page_of_newest=True):
            return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        detection, stated = self.get_object(), stated_by(request)
        check_stated(actor=self._user, organization=detection.organization, stated=stated)
        record_audit_event(
            action=AuditEvent.Action.VIEWED,
            actor=self._user,
            target=detection,
            **stated._asdict(),
        )
        return Response(self.get_serializer(detection).data)

    @cached_property
    def _criteria(self) -> Criteria:
        query = self.request.query_params.copy()
        for name, match in SEARCHES.items():
            if text := query.get(name):
                query["text"], query["match"] = text, match
        return Criteria.from_query(query, zone=get_current_timezone())

    @extend_schema(summary="The frame that was read", responses={(200, "image/*"): PICTURE})
    @action(detail=True, renderer_classes=[PictureRenderer, OrjsonRenderer])
    def frame(self, request: Request, pk: str) -> HttpResponseBase:
        detection = self.get_object()
        return picture_response(request, detection.frame_name, detection.frame_sha256)

    @extend_schema(summary="The plate, cut out", responses={(200, "image/*"): PICTURE})
    @action(detail=True, renderer_classes=[PictureRenderer, OrjsonRenderer])
    def crop(self, request: Request, pk: str) -> HttpResponseBase:
        detection = self.get_object()
        return picture_response(request, detection.crop_name, detection.crop_sha256)

    @property
    def _user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user


@extend_schema(tags=["uploads"])
@extend_schema_view(
    list=extend_schema(summary="Uploads, newest first"),
    retrieve=extend_schema(
        summary="An upload and how far its reading is",
        examples=[OpenApiExample("Being read", examples.UPLOAD, response_only=True)],
    ),
)
class UploadViewSet(mixins.CreateModelMixin, ReadOnlyModelViewSet[Upload]):
    """Pictures and videos that people and programs sent to be read."""

    queryset = Upload.objects.none()  # names the model for the schema
    serializer_class = UploadSerializer
    filterset_class = UploadFilter
    parser_classes = [MultiPartParser]
    read_scope = Scope.DETECTIONS_READ
    write_scope = Scope.DETECTIONS_WRITE

    @property
    def throttle_scope(self) -> str | None:
        """Sending a file is dear, asking how far it is read is not."""
        return "uploads" if self.action == "create" else None

    def get_queryset(self) -> QuerySet[Upload]:
        assert isinstance(self.request.user, User)
        return uploads_visible_to(self.request.user)

    @extend_schema(
        summary="Send a picture or video",
        description="Read in the background. The same file, camera and moment is taken once.",
        request={"multipart/form-data": NewUploadSerializer},
        responses={201: UploadSerializer},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        assert isinstance(request.user, User)
        asked = NewUploadSerializer(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        file = asked.validated_data["file"]
        upload = create_upload(user=request.user, original_name=file.name, **asked.validated_data)
        return Response(self.get_serializer(upload).data, status=201)


class ModelRegistryView(APIView):
    """Recognition models and the sets that cameras choose from."""

    read_scope = Scope.MODELS_READ

    @extend_schema(
        tags=["models"],
        summary="Recognition models",
        description="Where each comes from, its licence, and whether it is installed.",
        responses=ModelRegistrySerializer,
    )
    def get(self, request: Request) -> Response:
        registry = model_registry()
        models = [
            {**asdict(model), "is_installed": registry.is_installed(model)}
            for model in registry.models.values()
        ]
        answer = {"models": models, "sets": registry.sets.values()}
        return Response(ModelRegistrySerializer(answer).data)
