"""Staff pages of plates: distinct registrations, their status, whose they were."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors import organizations_administered_by
from lpr_project.common.admin import (
    ReadOnlyModelAdmin,
    ScopedRelatedFilter,
    UncountedList,
    person,
)
from vehicles.models import Plate, PlateStatusEntry, Tenure
from vehicles.selectors import plates_numbered
from vehicles.services import audit_plate_search


@admin.register(Plate)
class PlateAdmin(UncountedList[Plate], ReadOnlyModelAdmin[Plate]):
    """Distinct registrations; made by what cameras read."""

    list_display = [
        "number",
        "country",
        "province",
        "status",
        "vehicle",
        "detections_count",
        "first_seen_at",
        "last_seen_at",
        "organization",
    ]
    list_filter = [("organization", ScopedRelatedFilter), "status"]
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


@admin.register(PlateStatusEntry)
class PlateStatusEntryAdmin(UncountedList[PlateStatusEntry], ReadOnlyModelAdmin[PlateStatusEntry]):
    """Who gave which plate another status, when and why."""

    list_display = ["at", "plate", "before", "status", "actor_label", "reason", "source"]
    list_filter = [("plate__organization", ScopedRelatedFilter), "status"]
    list_select_related = ["plate"]
    ordering = ["-id"]

    def readable(self, user: User) -> QuerySet[PlateStatusEntry]:
        return PlateStatusEntry.objects.filter(
            plate__organization__in=organizations_administered_by(user)
        )


@admin.register(Tenure)
class TenureAdmin(UncountedList[Tenure], ReadOnlyModelAdmin[Tenure]):
    """Which plate belonged to which vehicle from when until when; the pages change it."""

    list_display = ["plate", "vehicle", "since", "until"]
    list_filter = [("vehicle__organization", ScopedRelatedFilter)]
    list_select_related = ["plate", "vehicle"]
    ordering = ["-id"]

    def readable(self, user: User) -> QuerySet[Tenure]:
        return Tenure.objects.filter(vehicle__organization__in=organizations_administered_by(user))
