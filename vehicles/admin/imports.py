"""Staff page of imports: who sent which file, and what became of it."""

from django.contrib import admin
from django.db.models import QuerySet

from accounts.models import User
from accounts.selectors import organizations_administered_by
from lpr_project.common.admin import ReadOnlyModelAdmin, ScopedRelatedFilter, UncountedList
from vehicles.models import VehicleImport


@admin.register(VehicleImport)
class VehicleImportAdmin(UncountedList[VehicleImport], ReadOnlyModelAdmin[VehicleImport]):
    """Files of vehicles; the pages show and take over what is in them."""

    list_display = [
        "created_at",
        "original_name",
        "state",
        "new_count",
        "changed_count",
        "unchanged_count",
        "wrong_count",
        "created_by",
        "organization",
    ]
    list_filter = [("organization", ScopedRelatedFilter), "state"]
    list_select_related = ["organization", "created_by"]
    ordering = ["-id"]

    def readable(self, user: User) -> QuerySet[VehicleImport]:
        return VehicleImport.objects.filter(organization__in=organizations_administered_by(user))
