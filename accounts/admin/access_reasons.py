"""Why members may look somebody up: each organization's own list."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from accounts.models import AccessReason, AuditEvent, User
from accounts.selectors import access_reasons_visible_to, organizations_managed_by
from accounts.services import audit_change, record_audit_event
from lpr_project.common.admin import ScopedModelAdmin, ScopedRelatedFilter, person


@admin.register(AccessReason)
class AccessReasonAdmin(ScopedModelAdmin[AccessReason]):
    """Reasons that are offered where an organization demands one."""

    list_display = ["text", "is_active", "organization"]
    list_filter = ["is_active", ("organization", ScopedRelatedFilter)]
    list_select_related = ["organization"]
    search_fields = ["text"]
    ordering = ["text", "pk"]
    fields = ["organization", "text", "is_active"]

    def readable(self, user: User) -> QuerySet[AccessReason]:
        return access_reasons_visible_to(user)

    def writable(self, user: User) -> QuerySet[AccessReason]:
        return AccessReason.objects.filter(organization__in=organizations_managed_by(user))

    def save_model(
        self, request: HttpRequest, obj: AccessReason, form: ModelForm[Any], change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if change:
            audit_change(target=obj, actor=person(request), changed=form.changed_data)
        else:
            record_audit_event(action=AuditEvent.Action.CREATED, actor=person(request), target=obj)

    def delete_model(self, request: HttpRequest, obj: AccessReason) -> None:
        record_audit_event(action=AuditEvent.Action.DELETED, actor=person(request), target=obj)
        super().delete_model(request, obj)
