"""JSON shapes of files of vehicles and what their lines would change."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from vehicles.api.serializers import OrganizationField, with_organization
from vehicles.models import ImportLine, VehicleImport
from vehicles.services.imports.imports import progress_of
from vehicles.services.imports.tables import MOST_COLUMNS


class NewImportSerializer(serializers.Serializer[VehicleImport]):
    """A file to be compared with what is known."""

    organization = OrganizationField()
    file = serializers.FileField(help_text="CSV or XLSX, 20 MiB and 20,000 lines at most.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return with_organization(self, attrs)


class VehicleImportSerializer(serializers.ModelSerializer[VehicleImport]):
    """A file of vehicles: how far its checking is, and how many lines would do what."""

    organization = serializers.SlugField(source="organization.slug", read_only=True)
    headers = serializers.ListField(child=serializers.CharField(), read_only=True)
    mapping = serializers.ListField(
        child=serializers.CharField(allow_blank=True),
        read_only=True,
        help_text="What each column fills; empty where it fills nothing.",
    )
    lines_done = serializers.SerializerMethodField()

    class Meta:
        model = VehicleImport
        fields = [
            "id",
            "organization",
            "original_name",
            "sha256",
            "size_bytes",
            "headers",
            "mapping",
            "state",
            "error",
            "lines_done",
            "new_count",
            "changed_count",
            "unchanged_count",
            "wrong_count",
            "may_be_applied",
            "created_at",
        ]
        read_only_fields = fields

    @extend_schema_field(
        serializers.IntegerField(allow_null=True, help_text="While it is checked or taken over.")
    )
    def get_lines_done(self, row: VehicleImport) -> int | None:
        return progress_of(row.pk) if row.is_running else None


class MappingSerializer(serializers.Serializer[VehicleImport]):
    """What each column of a file fills, in the order of columns."""

    mapping = serializers.ListField(
        child=serializers.CharField(allow_blank=True, max_length=80),
        max_length=MOST_COLUMNS,
        help_text="`number`, `country`, `province`, `since`, `until`, `status`, `status_reason`, "
        "`name`, `kind`, `make`, `model`, `color`, `owner_name`, `owner_contact`, `notes`, `tags` "
        "or `custom.<key>`; empty leaves a column out.",
    )


class ImportLineSerializer(serializers.ModelSerializer[ImportLine]):
    """What one line would change: before and after by field, or what is wrong with it."""

    changes = serializers.DictField(
        child=serializers.ListField(child=serializers.JSONField()), read_only=True
    )
    errors = serializers.ListField(  # type: ignore[assignment]  # a field of this name
        child=serializers.CharField(), read_only=True
    )

    class Meta:
        model = ImportLine
        fields = ["line", "outcome", "label", "changes", "errors"]
        read_only_fields = fields
