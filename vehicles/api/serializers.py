"""JSON shapes of vehicles, plates, tags, custom fields and what is ignored."""

from datetime import datetime
from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Organization, Role, User
from accounts.selectors import MANAGING_ROLES, organizations_of
from vehicles.models import CustomField, IgnoredPlate, Plate, Tag, Tenure, Vehicle
from vehicles.selectors import EDITING_ROLES, vehicles_edited_by
from vehicles.services.custom import TAGS_MOST
from vehicles.services.vehicles import OWNER_FIELDS


class OrganizationField(serializers.SlugRelatedField[Organization]):
    """One of the organizations in which the caller may write."""

    roles: tuple[Role, ...] = EDITING_ROLES

    def __init__(self, **options: Any) -> None:
        options.setdefault("slug_field", "slug")
        options.setdefault("queryset", Organization.objects.none())
        options.setdefault("required", False)
        options.setdefault("help_text", "Slug; may be left out by who writes in one only.")
        super().__init__(**options)

    def get_queryset(self) -> QuerySet[Organization]:
        return organizations_of(self.context["request"].user, *self.roles)


class ManagedOrganizationField(OrganizationField):
    """One of the organizations that the caller manages."""

    roles = MANAGING_ROLES


def with_organization(
    serializer: serializers.Serializer[Any], attrs: dict[str, Any]
) -> dict[str, Any]:
    """What was written, with the sole organization in which the caller writes if none was named.

    Raises:
        ValidationError: The caller writes in none or in several.
    """
    if "organization" not in attrs:
        field = serializer.fields["organization"]
        assert isinstance(field, OrganizationField)
        allowed = field.get_queryset()[:2]
        if len(allowed) != 1:
            raise serializers.ValidationError({"organization": ["Say in which organization."]})
        attrs["organization"] = allowed[0]
    return attrs


class _OfOrganization(serializers.ModelSerializer[Any]):
    """A row that stays in its organization."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is not None:
            chosen = attrs.pop("organization", self.instance.organization)
            if chosen != self.instance.organization:
                raise serializers.ValidationError({"organization": ["It stays where it is."]})
            return attrs
        return with_organization(self, attrs)


class PlateSerializer(serializers.ModelSerializer[Plate]):
    """A distinct registration: status, vehicle, when it was first and last seen, how often.

    Both times are null where people wrote it and no camera has seen it.
    """

    organization = serializers.SlugField(source="organization.slug", read_only=True)
    first_seen_at = serializers.SerializerMethodField()
    last_seen_at = serializers.SerializerMethodField()

    class Meta:
        model = Plate
        fields = [
            "id",
            "organization",
            "number",
            "country",
            "province",
            "status",
            "vehicle",
            "first_seen_at",
            "last_seen_at",
            "detections_count",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_first_seen_at(self, plate: Plate) -> datetime | None:
        return plate.first_seen_at if plate.was_seen else None

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_last_seen_at(self, plate: Plate) -> datetime | None:
        return plate.last_seen_at if plate.was_seen else None


class PlateStatusSerializer(serializers.Serializer[Any]):
    """Another status for a plate, and why."""

    status = serializers.ChoiceField(choices=Plate.Status.choices)
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class TenureSerializer(serializers.ModelSerializer[Tenure]):
    """From when until when a plate belonged to a vehicle; null is open."""

    plate = PlateSerializer(read_only=True)

    class Meta:
        model = Tenure
        fields = ["id", "vehicle", "plate", "since", "until"]
        read_only_fields = ["id", "vehicle"]


class EditedVehicleField(serializers.PrimaryKeyRelatedField[Vehicle]):
    """One of the vehicles that the caller may change."""

    def get_queryset(self) -> QuerySet[Vehicle]:
        return vehicles_edited_by(self.context["request"].user).select_related("organization")


class NewTenureSerializer(serializers.Serializer[Any]):
    """A plate, written in any way, for a vehicle; it need not have been seen."""

    vehicle = EditedVehicleField(queryset=Vehicle.objects.none())
    number = serializers.CharField(max_length=64)
    country = serializers.CharField(max_length=2, required=False, allow_blank=True, default="")
    province = serializers.CharField(
        max_length=60,
        required=False,
        allow_blank=True,
        default="",
        help_text="ISO 3166-2, or the name of a Thai province.",
    )
    since = serializers.DateField(required=False, allow_null=True, default=None)
    until = serializers.DateField(
        required=False,
        allow_null=True,
        default=None,
        help_text="The first day on which it no longer was.",
    )


class VehicleSerializer(_OfOrganization):
    """A vehicle; whose it is is null for those who do not edit vehicles."""

    organization = OrganizationField()
    tags = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=TAGS_MOST, required=False
    )
    custom = serializers.DictField(
        required=False, help_text="Values by the keys of custom fields; null takes one away."
    )
    plates = TenureSerializer(source="tenures", many=True, read_only=True)

    class Meta:
        model = Vehicle
        fields = [
            "id",
            "organization",
            "name",
            "kind",
            "make",
            "model",
            "color",
            "owner_name",
            "owner_contact",
            "notes",
            "tags",
            "custom",
            "plates",
            "created_at",
            "updated_at",
        ]

    def to_representation(self, instance: Vehicle) -> dict[str, Any]:
        tags = [tag.name for tag in instance.tags.all()]
        fields = self.fields
        shown = {
            name: field.to_representation(field.get_attribute(instance))
            for name, field in fields.items()
            if name != "tags"
        }
        if instance.organization_id not in self._owners_shown():
            shown |= dict.fromkeys(OWNER_FIELDS)
        return {**shown, "tags": tags}

    def _owners_shown(self) -> set[int]:
        """Organizations of whose vehicles the caller sees the owner; asked once for a page."""
        context = cast("dict[str, Any]", self.context)
        if "owners_shown" not in context:
            user = context["request"].user
            assert isinstance(user, User)
            allowed = organizations_of(user, *EDITING_ROLES)
            context["owners_shown"] = set(allowed.values_list("pk", flat=True))
        shown: set[int] = context["owners_shown"]
        return shown


class TagSerializer(_OfOrganization):
    """A word on vehicles."""

    organization = OrganizationField()

    class Meta:
        model = Tag
        fields = ["id", "organization", "name"]
        validators: list[object] = []  # the service validates the row as a whole


class CustomFieldSerializer(_OfOrganization):
    """A custom field: its key is its name in `custom` of vehicles and in files."""

    organization = ManagedOrganizationField()
    choices = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=100
    )

    class Meta:
        model = CustomField
        fields = ["id", "organization", "key", "label", "kind", "choices", "is_active"]
        validators: list[object] = []  # the service validates the row as a whole


class IgnoredPlateSerializer(_OfOrganization):
    """A plate of which nothing is stored; its number, country and province stay as they are."""

    organization = ManagedOrganizationField()
    number = serializers.CharField(max_length=64, help_text="Written in any way.")
    country = serializers.CharField(max_length=2, required=False, allow_blank=True)
    province = serializers.CharField(max_length=60, required=False, allow_blank=True)

    class Meta:
        model = IgnoredPlate
        fields = [
            "id",
            "organization",
            "number",
            "country",
            "province",
            "reason",
            "until",
            "created_at",
        ]
        validators: list[object] = []  # the service validates the row as a whole
