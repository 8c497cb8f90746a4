"""Staff pages of plates that are never stored."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from accounts.models import User
from accounts.selectors import organizations_administered_by, organizations_managed_by
from lpr_project.common.admin import (
    OneOrganizationForm,
    ScopedModelAdmin,
    ScopedRelatedFilter,
    person,
)
from vehicles.errors import NumberRefusedError
from vehicles.models import IgnoredPlate
from vehicles.services.ignoring import change_ignored_plate, stop_ignoring
from vehicles.services.registrations import read_registration


class IgnoredPlateForm(OneOrganizationForm[IgnoredPlate]):
    """A plate as somebody writes it, and why nothing of it is kept."""

    number = forms.CharField(max_length=64)
    country = forms.CharField(max_length=2, required=False)
    province = forms.CharField(max_length=64, required=False)

    class Meta:
        model = IgnoredPlate
        fields = ["organization", "number", "country", "province", "reason", "until"]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if "number" in cleaned:
            try:
                key = read_registration(
                    cleaned["number"], cleaned.get("country", ""), cleaned.get("province", "")
                )
            except NumberRefusedError as error:
                for name, messages in error.detail.items():
                    self.add_error(name, messages)
            else:
                cleaned |= key._asdict()
        return cleaned


@admin.register(IgnoredPlate)
class IgnoredPlateAdmin(ScopedModelAdmin[IgnoredPlate]):
    """Plates of which nothing is kept, each with its reason and end."""

    form = IgnoredPlateForm
    list_display = ["number", "country", "province", "reason", "until", "organization"]
    list_filter = [("organization", ScopedRelatedFilter)]
    list_select_related = ["organization"]
    search_fields = ["number"]
    ordering = ["-id"]
    fields = ["organization", "number", "country", "province", "reason", "until"]
    fixed_fields = ("organization", "number", "country", "province")

    def readable(self, user: User) -> QuerySet[IgnoredPlate]:
        return IgnoredPlate.objects.filter(organization__in=organizations_administered_by(user))

    def writable(self, user: User) -> QuerySet[IgnoredPlate]:
        return IgnoredPlate.objects.filter(organization__in=organizations_managed_by(user))

    def save_model(
        self, request: HttpRequest, obj: IgnoredPlate, form: ModelForm[Any], change: bool
    ) -> None:
        if not change:
            obj.created_by = person(request)
        change_ignored_plate(ignored=obj, reason=obj.reason, until=obj.until, actor=person(request))

    def delete_model(self, request: HttpRequest, obj: IgnoredPlate) -> None:
        stop_ignoring(ignored=obj, actor=person(request))
