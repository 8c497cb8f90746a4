"""Groups of cameras, so that access and filters are set once."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent, User
from accounts.selectors import organizations_administered_by, organizations_managed_by
from accounts.services import audit_change, record_audit_event
from cameras.admin.grants import CameraGroupGrantInline, save_grants
from cameras.models import CameraGroup
from lpr_project.common.admin import ScopedModelAdmin, ScopedRelatedFilter, person


@admin.register(CameraGroup)
class CameraGroupAdmin(ScopedModelAdmin[CameraGroup]):
    """Camera groups."""

    list_display = ["name", "organization", "cameras_count"]
    list_filter = [("organization", ScopedRelatedFilter)]
    list_select_related = ["organization"]
    search_fields = ["name"]
    ordering = ["name", "pk"]
    fields = ["organization", "name"]

    def readable(self, user: User) -> QuerySet[CameraGroup]:
        return CameraGroup.objects.filter(organization__in=organizations_administered_by(user))

    def writable(self, user: User) -> QuerySet[CameraGroup]:
        return CameraGroup.objects.filter(organization__in=organizations_managed_by(user))

    def get_queryset(self, request: HttpRequest) -> QuerySet[CameraGroup]:
        return super().get_queryset(request).annotate(cameras_count=Count("cameras"))

    def get_inlines(self, request: HttpRequest, obj: CameraGroup | None = None) -> Any:
        return [CameraGroupGrantInline] if obj is not None else []

    def save_model(
        self, request: HttpRequest, obj: CameraGroup, form: ModelForm[Any], change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if change:
            audit_change(target=obj, actor=person(request), changed=form.changed_data)
        else:
            record_audit_event(action=AuditEvent.Action.CREATED, actor=person(request), target=obj)

    def save_formset(
        self, request: HttpRequest, form: ModelForm[Any], formset: Any, change: bool
    ) -> None:
        save_grants(formset, form.instance, person(request))

    def delete_model(self, request: HttpRequest, obj: CameraGroup) -> None:
        record_audit_event(action=AuditEvent.Action.DELETED, actor=person(request), target=obj)
        super().delete_model(request, obj)

    @admin.display(description=_("cameras"), ordering="cameras_count")
    def cameras_count(self, group: Any) -> int:
        count: int = group.cameras_count
        return count
