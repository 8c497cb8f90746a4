"""HTTP entry points of detections, uploads and recognition models."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
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
from detections.api.serializers import (
    DetectionDetailSerializer,
    DetectionSerializer,
    ModelRegistrySerializer,
    NewUploadSerializer,
    UploadSerializer,
)
from detections.models import Detection, Upload
from detections.recognition.registry import ModelRegistry
from detections.selectors import detections_visible_to, uploads_visible_to
from detections.services.uploads import create_upload
from detections.views.pictures import picture_response
from lpr_project.common.renderers import OrjsonRenderer, PictureRenderer

SEARCHES = ("number", "number_prefix")
PICTURE = OpenApiResponse(OpenApiTypes.BINARY, description="WebP or JPEG, as it was kept.")


@extend_schema(tags=["detections"])
@extend_schema_view(
    list=extend_schema(
        summary="Detections, newest first",
        description="Pages by key: follow `next`. A search by number is audited. Passes that were "
        "merged into another are left out unless `review=merged` asks for them.",
        examples=[OpenApiExample("A detection", examples.DETECTION, response_only=True)],
    ),
    retrieve=extend_schema(
        summary="One detection with its evidence",
        description="Opening a detection is audited.",
        responses=DetectionDetailSerializer,
    ),
)
class DetectionViewSet(ReadOnlyModelViewSet[Detection]):
    """Detections of the cameras that the caller sees."""

    queryset = Detection.objects.none()  # names the model for the schema
    serializer_class = DetectionSerializer
    filterset_class = DetectionFilter
    read_scope = Scope.DETECTIONS_READ

    def get_queryset(self) -> QuerySet[Detection]:
        detections = detections_visible_to(self._user)
        if self.action == "list" and "review" not in self.request.query_params:
            # The pass that it was merged into stands for it.
            detections = detections.exclude(review=Detection.Review.MERGED)
        return detections.defer(None) if self.action == "retrieve" else detections

    def get_serializer_class(self) -> type[DetectionSerializer]:
        return DetectionDetailSerializer if self.action == "retrieve" else DetectionSerializer

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().list(request, *args, **kwargs)
        asked = " ".join(filter(None, map(request.query_params.get, SEARCHES)))
        if asked and "cursor" not in request.query_params:
            record_audit_event(
                action=AuditEvent.Action.SEARCHED, actor=self._user, detail={"text": asked[:64]}
            )
        return response

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        detection = self.get_object()
        record_audit_event(action=AuditEvent.Action.VIEWED, actor=self._user, target=detection)
        return Response(self.get_serializer(detection).data)

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
        registry = ModelRegistry.load(settings.MODELS_DIR)
        models = [
            {**asdict(model), "is_installed": registry.is_installed(model)}
            for model in registry.models.values()
        ]
        answer = {"models": models, "sets": registry.sets.values()}
        return Response(ModelRegistrySerializer(answer).data)
