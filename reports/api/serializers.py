"""JSON shapes of exports, evidence packs and signing keys."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from accounts.models import Organization, User
from accounts.selectors import organizations_of
from reports.models import Export, SigningKey
from reports.services.exports import link_token


class _OrganizationField(serializers.SlugRelatedField[Organization]):
    """An organization of the caller, by its slug."""

    def get_queryset(self) -> Any:
        return organizations_of(self.context["request"].user)


class _StatedSerializer(serializers.Serializer[Any]):
    """From which organization, and why."""

    organization = _OrganizationField(
        slug_field="slug",
        queryset=Organization.objects.all(),
        required=False,
        help_text="Slug; may be left out by who belongs to one only.",
    )
    reason = serializers.CharField(required=False, max_length=300, allow_blank=True)
    case_number = serializers.CharField(required=False, max_length=60, allow_blank=True)


class NewExportSerializer(_StatedSerializer):
    """What is to be exported."""

    kind = serializers.ChoiceField(
        [Export.Kind.DETECTIONS.value, Export.Kind.AUDIT_TRAIL.value],
        default=Export.Kind.DETECTIONS.value,
    )
    format = serializers.ChoiceField(
        [
            Export.Format.CSV.value,
            Export.Format.XLSX.value,
            Export.Format.JSON_LINES.value,
            Export.Format.GEO_JSON.value,
        ],
        help_text="The audit trail cannot be GeoJSON.",
    )
    columns = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        max_length=60,
        help_text="In this order; left out, those that are usual.",
    )
    criteria = serializers.DictField(
        child=serializers.JSONField(),
        required=False,
        help_text="The parameters of a search; for the audit trail since, until, action, person, "
        "target, reason.",
    )
    for_excel = serializers.BooleanField(
        default=True, help_text="CSV begins with a byte order mark, so that Excel shows Thai."
    )


class NewPackSerializer(_StatedSerializer):
    """Which detections an evidence pack is about."""

    detections = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=1000, help_text="Ids."
    )
    reason = serializers.CharField(max_length=300)


class ExportSerializer(serializers.ModelSerializer[Export]):
    """An export: how far it is, and where its file is."""

    organization = serializers.SlugField(source="organization.slug", read_only=True)
    criteria = serializers.DictField(child=serializers.JSONField())
    warnings = serializers.ListField(child=serializers.CharField())
    file_url = serializers.SerializerMethodField()

    class Meta:
        model = Export
        fields = [
            "id",
            "kind",
            "format",
            "organization",
            "columns",
            "criteria",
            "reason",
            "case_number",
            "state",
            "progress",
            "rows_count",
            "error",
            "warnings",
            "created_at",
            "finished_at",
            "expires_at",
            "size_bytes",
            "sha256",
            "key_id",
            "file_url",
        ]
        read_only_fields = fields

    @extend_schema_field({"type": ["string", "null"], "format": "uri"})
    def get_file_url(self, export: Export) -> str | None:
        """Good for ten minutes and for the caller alone; null while there is no file."""
        request = self.context["request"]
        if not export.is_kept:
            return None
        assert isinstance(request.user, User)
        kind = "evidence-pack" if export.kind == Export.Kind.EVIDENCE else "export"
        url = reverse(f"api:{kind}-file", args=[export.pk], request=request)
        return f"{url}?token={link_token(export=export, user=request.user)}"


class SigningKeySerializer(serializers.ModelSerializer[SigningKey]):
    """A public key that signs, or signed, evidence packs."""

    class Meta:
        model = SigningKey
        fields = ["key_id", "public_key", "created_at", "retired_at"]
        read_only_fields = fields
