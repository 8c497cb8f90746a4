"""JSON shapes of watchlists, entries, feeds and hits."""

from typing import Any

from django.contrib.gis.geos import MultiPolygon
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Organization, User
from accounts.selectors import organizations_of
from alerts.api.fields import ManagedOrganizationField, caller_of
from alerts.models import Entry, Feed, Hit, Watchlist
from alerts.selectors.watchlists import watchlists_changeable_by
from alerts.services.areas import read_area, write_area
from cameras.models import Camera, CameraGroup
from cameras.selectors import camera_groups_visible_to, cameras_visible_to
from detections.criteria.area import AreaError


class _CameraField(serializers.PrimaryKeyRelatedField[Camera]):
    def get_queryset(self) -> QuerySet[Camera]:
        return cameras_visible_to(caller_of(self))


class _CameraGroupField(serializers.PrimaryKeyRelatedField[CameraGroup]):
    def get_queryset(self) -> QuerySet[CameraGroup]:
        return camera_groups_visible_to(caller_of(self))


class _PersonField(serializers.PrimaryKeyRelatedField[User]):
    def get_queryset(self) -> QuerySet[User]:
        own = organizations_of(caller_of(self))
        return User.objects.filter(memberships__organization__in=own).distinct()


class _WatchlistField(serializers.PrimaryKeyRelatedField[Watchlist]):
    def get_queryset(self) -> QuerySet[Watchlist]:
        return watchlists_changeable_by(caller_of(self))


@extend_schema_field(OpenApiTypes.OBJECT)
class _AreaField(serializers.Field[MultiPolygon | None, Any, Any, Any]):
    """GeoJSON, a Polygon or MultiPolygon in degrees; null means everywhere."""

    def to_internal_value(self, data: Any) -> MultiPolygon | None:
        try:
            return read_area(data)
        except AreaError as error:
            raise serializers.ValidationError(str(error)) from error

    def to_representation(self, value: MultiPolygon | None) -> Any:
        return write_area(value)


class WatchlistSerializer(serializers.ModelSerializer[Watchlist]):
    """A list and its rules."""

    organization = ManagedOrganizationField(slug_field="slug", queryset=Organization.objects.none())
    cameras = _CameraField(many=True, required=False, queryset=Camera.objects.none())
    camera_groups = _CameraGroupField(
        many=True, required=False, queryset=CameraGroup.objects.none()
    )
    area = _AreaField(required=False, allow_null=True, help_text="GeoJSON; null: everywhere.")

    class Meta:
        model = Watchlist
        fields = (
            "id",
            "organization",
            "name",
            "description",
            "category",
            "priority",
            "color",
            "sound",
            "is_active",
            "list_roles",
            "entry_roles",
            "hit_roles",
            "match",
            "edits_most",
            "country_rule",
            "province_rule",
            "active_hours",
            "cameras",
            "camera_groups",
            "area",
            "directions",
            "entry_days",
            "reminder_days",
        )
        # The service says in words what is taken; a partial unique constraint is not DRF's.
        validators: tuple[Any, ...] = ()


class EntrySerializer(serializers.ModelSerializer[Entry]):
    """A plate or pattern of a list."""

    watchlist = _WatchlistField(queryset=Watchlist.objects.none())
    number = serializers.CharField(max_length=64, help_text="`?` is one character, `*` any.")
    country = serializers.CharField(max_length=2, required=False, allow_blank=True)
    province = serializers.CharField(
        max_length=60, required=False, allow_blank=True, help_text="Name or ISO 3166-2 code."
    )
    responsible = _PersonField(required=False, allow_null=True, queryset=User.objects.none())

    class Meta:
        model = Entry
        fields = (
            "id",
            "watchlist",
            "number",
            "is_pattern",
            "country",
            "province",
            "vehicle",
            "reason",
            "case_number",
            "source",
            "confidence",
            "effective_from",
            "expires_at",
            "responsible",
            "feed",
        )
        read_only_fields = ("is_pattern", "feed")
        validators: tuple[Any, ...] = ()


class FeedSerializer(serializers.ModelSerializer[Feed]):
    """A feed; passwords are written and never read."""

    watchlist = _WatchlistField(queryset=Watchlist.objects.none())
    password = serializers.CharField(write_only=True, required=False, allow_blank=True)
    zip_password = serializers.CharField(write_only=True, required=False, allow_blank=True)

    class Meta:
        model = Feed
        fields = (
            "id",
            "watchlist",
            "name",
            "kind",
            "address",
            "username",
            "password",
            "host_key",
            "format",
            "encoding",
            "zip_password",
            "mapping",
            "removes_missing",
            "problems_most",
            "every_minutes",
            "stale_after_hours",
            "is_active",
            "is_stale",
            "succeeded_at",
        )
        read_only_fields = ("is_stale", "succeeded_at")
        validators: tuple[Any, ...] = ()


class HitSerializer(serializers.ModelSerializer[Hit]):
    """A detection that matched an entry, and why."""

    class Meta:
        model = Hit
        fields = (
            "id",
            "detection",
            "captured_at",
            "matched_at",
            "watchlist",
            "entry",
            "camera",
            "origin",
            "number",
            "country",
            "province",
            "entry_number",
            "policy",
            "edits",
            "distance",
            "certainty",
            "province_agrees",
            "withdrawn_at",
        )
        read_only_fields = fields


class BulkLineSerializer(serializers.Serializer[Any]):
    """One line of the answer to a bulk upsert."""

    line = serializers.IntegerField()
    status = serializers.ChoiceField(choices=("created", "changed", "unchanged", "refused"))
    id = serializers.UUIDField(allow_null=True)
    message = serializers.CharField(allow_blank=True)
