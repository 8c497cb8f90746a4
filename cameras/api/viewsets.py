"""HTTP entry points of cameras and camera groups."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet, ReadOnlyModelViewSet

from accounts.models import Scope, User
from cameras.api.filters import CameraFilter
from cameras.api.permissions import MayChangeCameras
from cameras.api.serializers import CameraGroupSerializer, CameraSerializer
from cameras.models import Camera, CameraGroup
from cameras.selectors import (
    camera_groups_visible_to,
    camera_ids_visible_to,
    cameras_visible_to,
)
from cameras.services import create_camera, delete_camera, update_camera

NEW_CAMERA = {
    "name": "Gate 1",
    "purpose": "access",
    "position": {"longitude": 100.5018, "latitude": 13.7563},
    "heading_degrees": 90.0,
    "source_kind": "rtsp",
    "source_url": "rtsp://192.0.2.10:554/stream1",
    "source_username": "viewer",
    "source_password": "never shown again",
}


@extend_schema(tags=["cameras"])
@extend_schema_view(
    list=extend_schema(summary="Cameras"),
    retrieve=extend_schema(summary="One camera"),
    create=extend_schema(
        summary="Add a camera",
        examples=[OpenApiExample("A camera", NEW_CAMERA, request_only=True)],
    ),
    update=extend_schema(summary="Change a camera as a whole"),
    partial_update=extend_schema(
        summary="Change some of a camera",
        examples=[OpenApiExample("Switch off", {"is_enabled": False}, request_only=True)],
    ),
    destroy=extend_schema(
        summary="Remove a camera that never recorded anything",
        description="A camera with detections or uploads answers 409: archive it instead.",
    ),
)
class CameraViewSet(ModelViewSet[Camera]):
    """Cameras that the caller sees; those who manage their organization change them."""

    queryset = Camera.objects.none()  # names the model for the schema
    serializer_class = CameraSerializer
    filterset_class = CameraFilter
    permission_classes = [*ModelViewSet.permission_classes, MayChangeCameras]
    read_scope = Scope.CAMERAS_READ
    write_scope = Scope.CAMERAS_WRITE

    def get_queryset(self) -> QuerySet[Camera]:
        return cameras_visible_to(self._user).prefetch_related("groups")

    def get_serializer_context(self) -> dict[str, Any]:
        changeable = camera_ids_visible_to(self._user, "change_camera")
        return {**super().get_serializer_context(), "changeable_ids": set(changeable)}

    def perform_create(self, serializer: BaseSerializer[Camera]) -> None:
        camera = create_camera(actor=self._user, **serializer.validated_data)
        serializer.instance = camera
        serializer.context["changeable_ids"].add(camera.pk)

    def perform_update(self, serializer: BaseSerializer[Camera]) -> None:
        camera = serializer.instance
        assert camera is not None
        fields = {k: v for k, v in serializer.validated_data.items() if k != "organization"}
        serializer.instance = update_camera(camera=camera, actor=self._user, **fields)

    def perform_destroy(self, instance: Camera) -> None:
        delete_camera(camera=instance, actor=self._user)

    @property
    def _user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user


@extend_schema(tags=["cameras"])
@extend_schema_view(
    list=extend_schema(summary="Camera groups"), retrieve=extend_schema(summary="One camera group")
)
class CameraGroupViewSet(ReadOnlyModelViewSet[CameraGroup]):
    """Groups that hold a camera which the caller sees, and all of a managed organization."""

    queryset = CameraGroup.objects.none()  # names the model for the schema
    serializer_class = CameraGroupSerializer
    read_scope = Scope.CAMERAS_READ

    def get_queryset(self) -> QuerySet[CameraGroup]:
        assert isinstance(self.request.user, User)
        return camera_groups_visible_to(self.request.user)
