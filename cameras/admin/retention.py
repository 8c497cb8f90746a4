"""How long an organization keeps what cameras of each purpose record."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from accounts.models import AuditEvent, User
from accounts.selectors import organizations_administered_by, organizations_managed_by
from accounts.services import audit_change, record_audit_event
from cameras.models import PurposeRetention
from lpr_project.common.admin import ScopedModelAdmin, ScopedRelatedFilter, person


@admin.register(PurposeRetention)
class PurposeRetentionAdmin(ScopedModelAdmin[PurposeRetention]):
    """Retention by purpose."""

    list_display = ["purpose", "organization", "retention_hours", "hit_retention_hours"]
    list_filter = [("organization", ScopedRelatedFilter)]
    list_select_related = ["organization"]
    ordering = ["organization", "purpose", "pk"]
    fields = ["organization", "purpose", "retention_hours", "hit_retention_hours"]

    def readable(self, user: User) -> QuerySet[PurposeRetention]:
        return PurposeRetention.objects.filter(organization__in=organizations_administered_by(user))

    def writable(self, user: User) -> QuerySet[PurposeRetention]:
        return PurposeRetention.objects.filter(organization__in=organizations_managed_by(user))

    def save_model(
        self, request: HttpRequest, obj: PurposeRetention, form: ModelForm[Any], change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if change:
            audit_change(target=obj, actor=person(request), changed=form.changed_data)
        else:
            record_audit_event(action=AuditEvent.Action.CREATED, actor=person(request), target=obj)

    def delete_model(self, request: HttpRequest, obj: PurposeRetention) -> None:
        record_audit_event(action=AuditEvent.Action.DELETED, actor=person(request), target=obj)
        super().delete_model(request, obj)
