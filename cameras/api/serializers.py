"""JSON shapes of cameras and camera groups."""

from typing import Any

from django.contrib.gis.geos import Point
from django.db.models import QuerySet
from rest_framework import serializers

from accounts.models import Organization
from accounts.selectors import MANAGING_ROLES, organizations_of
from cameras.models import TYPE_AGAIN, Camera, CameraGroup, CameraStatus


class PositionSerializer(serializers.Serializer[Point]):
    """A point of the earth, WGS 84."""

    longitude = serializers.FloatField(source="x", min_value=-180, max_value=180)
    latitude = serializers.FloatField(source="y", min_value=-90, max_value=90)

    def to_internal_value(self, data: Any) -> Point:
        position = super().to_internal_value(data)
        return Point(position["x"], position["y"], srid=4326)


class CameraStatusSerializer(serializers.ModelSerializer[CameraStatus]):
    """How a camera fares right now."""

    class Meta:
        model = CameraStatus
        fields = [
            "state",
            "since",
            "error",
            "last_frame_at",
            "fps",
            "frame_width_px",
            "frame_height_px",
            "frames_dropped",
            "reconnects",
        ]
        read_only_fields = fields


class CameraGroupSerializer(serializers.ModelSerializer[CameraGroup]):
    """Cameras that belong together."""

    organization = serializers.SlugField(source="organization.slug", read_only=True)

    class Meta:
        model = CameraGroup
        fields = ["id", "organization", "name"]


class ManagedOrganizationField(serializers.SlugRelatedField[Organization]):
    """One of the organizations that the caller manages."""

    def get_queryset(self) -> QuerySet[Organization]:
        return organizations_of(self.context["request"].user, *MANAGING_ROLES)


class ManagedGroupField(serializers.PrimaryKeyRelatedField[CameraGroup]):
    """One of the groups of these organizations."""

    def get_queryset(self) -> QuerySet[CameraGroup]:
        managed = organizations_of(self.context["request"].user, *MANAGING_ROLES)
        return CameraGroup.objects.filter(organization__in=managed)


class CameraSerializer(serializers.ModelSerializer[Camera]):
    """A camera; what its source needs is shown only to those who may change it."""

    organization = ManagedOrganizationField(
        slug_field="slug",
        queryset=Organization.objects.none(),
        required=False,
        help_text="Slug; may be left out by who manages one organization only.",
    )
    groups = ManagedGroupField(many=True, queryset=CameraGroup.objects.none(), required=False)
    position = PositionSerializer(source="point", required=False, allow_null=True)
    source_password = serializers.CharField(
        write_only=True, required=False, allow_blank=True, max_length=200, trim_whitespace=False
    )
    status = CameraStatusSerializer(read_only=True)

    class Meta:
        model = Camera
        fields = [
            "id",
            "organization",
            "name",
            "groups",
            "purpose",
            "is_enabled",
            "is_archived",
            "position",
            "heading_degrees",
            "country",
            "source_kind",
            "source_url",
            "source_username",
            "source_password",
            "analyse_fps",
            "model_set",
            "detector_confidence",
            "accept_confidence",
            "review_confidence",
            "review_sample_rate",
            "min_frames_agreed",
            "min_plate_width_px",
            "include_areas",
            "exclude_areas",
            "active_hours",
            "retention_hours",
            "hit_retention_hours",
            "status",
        ]
        validators: list[object] = []  # the service validates the row as a whole

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        organization = attrs.get("organization") or self._organization()
        if self.instance is not None and self.instance.organization_id != organization.pk:
            message = "A camera stays in its organization."
            raise serializers.ValidationError({"organization": [message]})
        if any(group.organization_id != organization.pk for group in attrs.get("groups", ())):
            message = "Choose groups of the camera's own organization."
            raise serializers.ValidationError({"groups": [message]})
        self._keep_password_to_its_device(attrs)
        return {**attrs, "organization": organization}

    def _keep_password_to_its_device(self, attrs: dict[str, Any]) -> None:
        camera = self.instance
        if camera is None or not camera.source_password or "source_password" in attrs:
            return
        url = attrs.get("source_url", camera.source_url)
        username = attrs.get("source_username", camera.source_username)
        if not camera.trusts(url=url, username=username):
            raise serializers.ValidationError({"source_password": [TYPE_AGAIN]})

    def _organization(self) -> Organization:
        if self.instance is not None:
            return self.instance.organization
        managed = organizations_of(self.context["request"].user, *MANAGING_ROLES)[:2]
        if len(managed) != 1:
            message = "Say in which organization."
            raise serializers.ValidationError({"organization": [message]})
        return managed[0]

    def to_representation(self, instance: Camera) -> dict[str, Any]:
        camera = super().to_representation(instance)
        if instance.pk not in self.context["changeable_ids"]:
            camera["source_url"] = camera["source_username"] = None
        return camera
