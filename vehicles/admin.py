"""Staff pages of plates and vehicles."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent, User
from accounts.selectors import organizations_administered_by, organizations_managed_by
from accounts.services import audit_change, record_audit_event
from lpr_project.common.admin import (
    ReadOnlyModelAdmin,
    ScopedModelAdmin,
    ScopedRelatedFilter,
    UncountedList,
    person,
)
from vehicles.models import Plate, Vehicle
from vehicles.selectors import plates_numbered
from vehicles.services import audit_plate_search


@admin.register(Plate)
class PlateAdmin(UncountedList[Plate], ReadOnlyModelAdmin[Plate]):
    """Distinct registrations; made by what cameras read."""

    list_display = [
        "number",
        "country",
        "province",
        "vehicle",
        "detections_count",
        "first_seen_at",
        "last_seen_at",
        "organization",
    ]
    list_filter = [("organization", ScopedRelatedFilter)]
    list_select_related = ["vehicle", "organization"]
    search_fields = ["number"]
    search_help_text = _("The beginning of a number, or all of it.")
    ordering = ["-last_seen_at", "-id"]

    def readable(self, user: User) -> QuerySet[Plate]:
        return Plate.objects.filter(organization__in=organizations_administered_by(user))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Plate], search_term: str
    ) -> tuple[QuerySet[Plate], bool]:
        if not search_term.strip():
            return queryset, False
        audit_plate_search(actor=person(request), term=search_term)
        return queryset.filter(
            pk__in=plates_numbered(search_term, is_prefix=True).values("pk")
        ), False


@admin.register(Vehicle)
class VehicleAdmin(UncountedList[Vehicle], ScopedModelAdmin[Vehicle]):
    """What people know about vehicles."""

    list_display = ["__str__", "kind", "make", "model", "color", "numbers", "organization"]
    list_filter = [("organization", ScopedRelatedFilter)]
    list_select_related = ["organization"]
    search_fields = ["name", "make", "model"]
    ordering = ["-id"]
    fields = ["organization", "name", "kind", "make", "model", "color", "notes"]

    def readable(self, user: User) -> QuerySet[Vehicle]:
        return Vehicle.objects.filter(organization__in=organizations_administered_by(user))

    def writable(self, user: User) -> QuerySet[Vehicle]:
        return Vehicle.objects.filter(organization__in=organizations_managed_by(user))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Vehicle]:
        return super().get_queryset(request).prefetch_related("plates")

    def save_model(
        self, request: HttpRequest, obj: Vehicle, form: ModelForm[Any], change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if change:
            audit_change(target=obj, actor=person(request), changed=form.changed_data)
        else:
            record_audit_event(action=AuditEvent.Action.CREATED, actor=person(request), target=obj)

    def delete_model(self, request: HttpRequest, obj: Vehicle) -> None:
        record_audit_event(action=AuditEvent.Action.DELETED, actor=person(request), target=obj)
        super().delete_model(request, obj)

    @admin.display(description=_("plates"))
    def numbers(self, vehicle: Vehicle) -> str:
        return ", ".join(plate.number for plate in vehicle.plates.all())
