"""Staff pages of vehicles, their tags and custom fields."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors import organizations_administered_by, organizations_managed_by
from lpr_project.common.admin import (
    ScopedModelAdmin,
    ScopedRelatedFilter,
    UncountedList,
    person,
)
from vehicles.models import CustomField, Tag, Vehicle
from vehicles.services.custom import delete_custom_field, delete_tag, save_custom_field, save_tag
from vehicles.services.vehicles import OWNER_FIELDS, TEXT_FIELDS, delete_vehicle, save_vehicle


@admin.register(Vehicle)
class VehicleAdmin(UncountedList[Vehicle], ScopedModelAdmin[Vehicle]):
    """What people know about vehicles."""

    list_display = ["__str__", "kind", "make", "model", "color", "numbers", "organization"]
    list_filter = [("organization", ScopedRelatedFilter), ("tags", ScopedRelatedFilter)]
    list_select_related = ["organization"]
    search_fields = ["name", "make", "model"]
    ordering = ["-id"]
    fields = [
        "organization", "name", "kind", "make", "model", "color", "owner_name", "owner_contact",
        "notes",
    ]  # fmt: skip

    def readable(self, user: User) -> QuerySet[Vehicle]:
        return Vehicle.objects.filter(organization__in=organizations_administered_by(user))

    def writable(self, user: User) -> QuerySet[Vehicle]:
        return Vehicle.objects.filter(organization__in=organizations_managed_by(user))

    def get_fields(self, request: HttpRequest, obj: Vehicle | None = None) -> Any:
        # Auditors read the page, and whose the vehicle is is not theirs to see.
        may_see = obj is None or self.has_change_permission(request, obj)
        return [name for name in self.fields if may_see or name not in OWNER_FIELDS]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Vehicle]:
        return super().get_queryset(request).prefetch_related("plates")

    def save_model(
        self, request: HttpRequest, obj: Vehicle, form: ModelForm[Any], change: bool
    ) -> None:
        values = {
            name: form.cleaned_data[name] for name in TEXT_FIELDS if name in form.changed_data
        }
        if change:
            save_vehicle(
                vehicle=Vehicle.objects.get(pk=obj.pk), changes=values, actor=person(request)
            )
        else:
            save_vehicle(vehicle=obj, changes=values, actor=person(request))

    def delete_model(self, request: HttpRequest, obj: Vehicle) -> None:
        delete_vehicle(vehicle=obj, actor=person(request))

    @admin.display(description=_("plates"))
    def numbers(self, vehicle: Vehicle) -> str:
        return ", ".join(plate.number for plate in vehicle.plates.all())


@admin.register(Tag)
class TagAdmin(ScopedModelAdmin[Tag]):
    """Words on vehicles."""

    list_display = ["name", "organization"]
    list_filter = [("organization", ScopedRelatedFilter)]
    list_select_related = ["organization"]
    search_fields = ["name"]
    ordering = ["name", "pk"]
    fields = ["organization", "name"]

    def readable(self, user: User) -> QuerySet[Tag]:
        return Tag.objects.filter(organization__in=organizations_administered_by(user))

    def writable(self, user: User) -> QuerySet[Tag]:
        return Tag.objects.filter(organization__in=organizations_managed_by(user))

    def save_model(
        self, request: HttpRequest, obj: Tag, form: ModelForm[Any], change: bool
    ) -> None:
        save_tag(tag=obj, actor=person(request))

    def delete_model(self, request: HttpRequest, obj: Tag) -> None:
        delete_tag(tag=obj, actor=person(request))


@admin.register(CustomField)
class CustomFieldAdmin(ScopedModelAdmin[CustomField]):
    """What an organization notes of its vehicles beside the usual."""

    list_display = ["label", "key", "kind", "is_active", "organization"]
    list_filter = [("organization", ScopedRelatedFilter), "kind"]
    list_select_related = ["organization"]
    search_fields = ["label", "key"]
    ordering = ["label", "pk"]
    fields = ["organization", "key", "label", "kind", "choices", "is_active"]
    fixed_fields = ("organization", "key")

    def readable(self, user: User) -> QuerySet[CustomField]:
        return CustomField.objects.filter(organization__in=organizations_administered_by(user))

    def writable(self, user: User) -> QuerySet[CustomField]:
        return CustomField.objects.filter(organization__in=organizations_managed_by(user))

    def save_model(
        self, request: HttpRequest, obj: CustomField, form: ModelForm[Any], change: bool
    ) -> None:
        save_custom_field(field=obj, actor=person(request))

    def delete_model(self, request: HttpRequest, obj: CustomField) -> None:
        delete_custom_field(field=obj, actor=person(request))
