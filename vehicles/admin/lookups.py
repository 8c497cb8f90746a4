"""Staff pages of registers that are asked about plates, and what they said."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextareaWidget

from accounts.models import User
from accounts.selectors import organizations_administered_by, organizations_managed_by
from lpr_project.common.admin import (
    OneOrganizationForm,
    ReadOnlyModelAdmin,
    ScopedModelAdmin,
    ScopedRelatedFilter,
    UncountedList,
    person,
)
from lpr_project.common.errors import LprError
from vehicles.models import LookUpResult, LookUpSource
from vehicles.services.lookups.asking import load_register, save_source, try_source
from vehicles.services.registrations import read_registration


class LookUpSourceForm(OneOrganizationForm[LookUpSource]):
    """A register; its headers are written and never read."""

    headers = forms.CharField(
        label=_("Headers"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autocomplete": "off"}),
        help_text=_(
            "One a line, such as Authorization: Bearer …. Kept encrypted and never shown again. "
            "Leave empty to keep the stored ones."
        ),
    )
    file = forms.FileField(
        label=_("File"),
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text=_("CSV or XLSX with a column of plates; it takes the place of the one before."),
    )

    class Meta:
        model = LookUpSource
        fields = "__all__"  # the admin's fields name them

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Neither rendered nor what an empty field is compared with.
        self.initial["headers"] = ""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        stored = LookUpSource.objects.filter(pk=self.instance.pk).first()
        if stored and stored.headers and not cleaned.get("headers"):
            if stored.url_template != cleaned.get("url_template"):
                # Or whoever changes the address would be sent the secret.
                self.add_error("headers", _("The address changed. Type the headers again."))
            cleaned["headers"] = stored.headers
        return cleaned


@admin.register(LookUpSource)
class LookUpSourceAdmin(ScopedModelAdmin[LookUpSource]):
    """Registers: police, licensing authority, any service that answers JSON, or a file."""

    form = LookUpSourceForm
    list_display = ["name", "kind", "is_active", "organization"]
    list_filter = [("organization", ScopedRelatedFilter), "kind"]
    list_select_related = ["organization"]
    search_fields = ["name"]
    ordering = ["name", "pk"]
    fields = [
        "organization",
        "name",
        "kind",
        "url_template",
        "headers",
        "ca_certificate",
        "file",
        "mapping",
        "limit_seconds",
        "cache_seconds",
        "failures_most",
        "pause_seconds",
        "is_active",
    ]
    actions_detail = ["test_connector"]

    def readable(self, user: User) -> QuerySet[LookUpSource]:
        return LookUpSource.objects.filter(organization__in=organizations_managed_by(user))

    def writable(self, user: User) -> QuerySet[LookUpSource]:
        return LookUpSource.objects.filter(organization__in=organizations_managed_by(user))

    def save_model(
        self, request: HttpRequest, obj: LookUpSource, form: ModelForm[Any], change: bool
    ) -> None:
        save_source(source=obj, actor=person(request), changed=form.changed_data)
        if file := form.cleaned_data.get("file"):
            count = load_register(
                source=obj, file=file, size_bytes=file.size, actor=person(request)
            )
            self.message_user(request, _("%(count)d plates were read.") % {"count": count})

    @action(description=_("Test connector"), url_path="test")  # type: ignore[untyped-decorator]  # Unfold ships no types
    def test_connector(self, request: HttpRequest, object_id: str) -> HttpResponse:
        source = get_object_or_404(self.readable(person(request)), pk=object_id)
        if not self.has_change_permission(request, source):
            raise PermissionDenied
        context: dict[str, Any] = {**self.admin_site.each_context(request), "source": source}
        context["title"] = source.name
        if request.method == "POST":
            context |= self._try(request, source)
        return render(request, "admin/vehicles/test_connector.html", context)

    def _try(self, request: HttpRequest, source: LookUpSource) -> dict[str, Any]:
        asked = {name: request.POST.get(name, "") for name in ("number", "country", "province")}
        try:
            key = read_registration(**asked)
            outcome, found, error, took_ms = try_source(
                source=source, key=key, actor=person(request)
            )
        except LprError as error:
            return {**asked, "error": error.message}
        told = {"outcome": outcome.label, "found": found, "error": error, "took_ms": took_ms}
        return {**asked, **told}


@admin.register(LookUpResult)
class LookUpResultAdmin(UncountedList[LookUpResult], ReadOnlyModelAdmin[LookUpResult]):
    """Who asked which register when, why and with what outcome; not what it said."""

    list_display = ["at", "source", "plate", "outcome", "error", "took_ms", "actor", "reason"]
    list_filter = [("source__organization", ScopedRelatedFilter), "outcome"]
    list_select_related = ["source", "plate", "actor"]
    ordering = ["-id"]
    exclude = ["found"]

    def readable(self, user: User) -> QuerySet[LookUpResult]:
        return LookUpResult.objects.filter(
            source__organization__in=organizations_administered_by(user)
        )
