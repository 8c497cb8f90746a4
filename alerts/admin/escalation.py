"""Escalation policies and their steps."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent, User
from accounts.selectors import organizations_administered_by, organizations_managed_by
from accounts.services import audit_change, record_audit_event
from alerts.models import Endpoint, EscalationPolicy, EscalationStep, Watchlist
from lpr_project.common.admin import (
    OneOrganizationForm,
    ScopedModelAdmin,
    ScopedRelatedFilter,
    TabularInline,
    person,
)


class StepForm(forms.ModelForm[EscalationStep]):
    """A step tells recipients of its policy's organization, and no others."""

    class Meta:
        model = EscalationStep
        fields = ("after_seconds", "endpoints", "repeats", "repeat_every_seconds")

    def clean_endpoints(self) -> QuerySet[Endpoint]:
        chosen: QuerySet[Endpoint] = self.cleaned_data["endpoints"]
        organization_id = self.instance.policy.organization_id
        if organization_id and chosen.exclude(organization=organization_id).exists():
            raise forms.ValidationError(_("This belongs to another organization."))
        return chosen


class StepInline(TabularInline[EscalationStep, EscalationPolicy]):
    """Steps of a policy."""

    model = EscalationStep
    form = StepForm
    extra = 0
    max_num = 20

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        managed = organizations_managed_by(person(request))
        kwargs["queryset"] = Endpoint.objects.filter(organization__in=managed)
        return super().formfield_for_manytomany(db_field, request, **kwargs)


@admin.register(EscalationPolicy)
class EscalationPolicyAdmin(ScopedModelAdmin[EscalationPolicy]):
    """Escalation policies."""

    form = OneOrganizationForm
    list_display = [
        "position",
        "name",
        "least_priority",
        "steps_count",
        "organization",
        "is_active",
    ]
    list_display_links = ["name"]
    list_filter = [("organization", ScopedRelatedFilter)]
    list_select_related = ["organization"]
    ordering = ["position", "pk"]
    fields = [
        "organization",
        "name",
        "position",
        "least_priority",
        "watchlists",
        "cooldown_seconds",
        "hands_over_to",
        "is_active",
    ]

    def readable(self, user: User) -> QuerySet[EscalationPolicy]:
        return EscalationPolicy.objects.filter(organization__in=organizations_administered_by(user))

    def writable(self, user: User) -> QuerySet[EscalationPolicy]:
        return EscalationPolicy.objects.filter(organization__in=organizations_managed_by(user))

    def get_queryset(self, request: HttpRequest) -> QuerySet[EscalationPolicy]:
        return super().get_queryset(request).annotate(steps_count=Count("steps"))

    def get_inlines(self, request: HttpRequest, obj: EscalationPolicy | None = None) -> Any:
        # Whose recipients there are to choose from is known once the organization is.
        return [StepInline] if obj is not None else []

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "watchlists":
            managed = organizations_managed_by(person(request))
            kwargs["queryset"] = Watchlist.objects.filter(
                organization__in=managed, is_archived=False
            )
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: EscalationPolicy, form: forms.ModelForm[Any], change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if change:
            audit_change(target=obj, actor=person(request), changed=form.changed_data)
        else:
            record_audit_event(action=AuditEvent.Action.CREATED, actor=person(request), target=obj)

    def delete_model(self, request: HttpRequest, obj: EscalationPolicy) -> None:
        record_audit_event(action=AuditEvent.Action.DELETED, actor=person(request), target=obj)
        super().delete_model(request, obj)

    @admin.display(description=_("steps"))
    def steps_count(self, policy: Any) -> int:
        count: int = policy.steps_count
        return count
