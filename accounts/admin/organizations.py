"""Tenants: superusers make them, owners name them and set their zone and retention."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, Role, User
from accounts.selectors import organizations_administered_by, organizations_managed_by
from accounts.services import audit_change, create_organization
from lpr_project.common.admin import ScopedModelAdmin, person


@admin.register(Organization)
class OrganizationAdmin(ScopedModelAdmin[Organization]):
    """Whose rows are whose."""

    list_display = [
        "name",
        "time_zone",
        "retention_hours",
        "people_count",
        "cameras_count",
        "is_active",
    ]
    search_fields = ["name"]
    ordering = ["name"]
    fieldsets = [
        (None, {"fields": ["name", "time_zone", "is_active"]}),
        (_("Why somebody looks"), {"fields": ["demands_reason", "demands_case_number"]}),
        (_("How long it keeps"), {"fields": ["retention_hours", "hit_retention_hours"]}),
        (_("Review and training"), {"fields": ["review_sample_rate", "allows_training"]}),
    ]

    def readable(self, user: User) -> QuerySet[Organization]:
        return organizations_administered_by(user)

    def writable(self, user: User) -> QuerySet[Organization]:
        return organizations_administered_by(user, Role.OWNER)

    def selectable(self, user: User) -> QuerySet[Organization]:
        return organizations_managed_by(user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        people = Q(memberships__user__kind=User.Kind.PERSON)
        return (
            super()
            .get_queryset(request)
            .annotate(
                people_count=Count("memberships", filter=people, distinct=True),
                cameras_count=Count("cameras", distinct=True),
            )
        )

    def get_readonly_fields(
        self, request: HttpRequest, obj: Organization | None = None
    ) -> list[Any]:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else [*fields, "is_active"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what belongs to it is evidence: it is switched off instead

    def save_model(
        self, request: HttpRequest, obj: Organization, form: forms.ModelForm[Any], change: bool
    ) -> None:
        if change:
            super().save_model(request, obj, form, change)
            audit_change(target=obj, actor=person(request), changed=form.changed_data)
            return
        fields = {name: form.cleaned_data[name] for name in form.fields}
        obj.pk = create_organization(**fields, actor=person(request)).pk

    @admin.display(description=_("people"))
    def people_count(self, organization: Any) -> int:
        count: int = organization.people_count
        return count

    @admin.display(description=_("cameras"))
    def cameras_count(self, organization: Any) -> int:
        count: int = organization.cameras_count
        return count
