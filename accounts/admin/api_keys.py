"""API keys: made here, shown once, revoked for good."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
)

from accounts.models import ApiKey, Role, Scope, User
from accounts.selectors import organizations_administered_by, organizations_managed_by
from accounts.services import create_api_key, revoke_api_key
from lpr_project.common.admin import (
    OneOrganizationForm,
    ScopedModelAdmin,
    ScopedRelatedFilter,
    labelled,
    person,
)

_DAYS = {7: _("a week"), 30: _("a month"), 90: _("three months"), 365: _("a year")}


class ApiKeyForm(OneOrganizationForm[ApiKey]):
    """What a new key may do, and for how long."""

    role = forms.ChoiceField(
        label=_("Role"),
        choices=[choice for choice in Role.choices if choice[0] != Role.OWNER],
        initial=Role.OPERATOR,
        widget=UnfoldAdminSelectWidget(),
        help_text=_("A viewer's key reaches only the cameras on which you name it."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=Scope.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=_("What the key may be used for at most; its role limits it further."),
    )
    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        choices=list(_DAYS.items()),
        initial=90,
        widget=UnfoldAdminSelectWidget(),
    )

    class Meta:
        model = ApiKey
        fields = ["organization", "name"]


@admin.register(ApiKey)
class ApiKeyAdmin(ScopedModelAdmin[ApiKey]):
    """Programs' ways in."""

    form = ApiKeyForm
    list_display = [
        "name",
        "prefix",
        "organization",
        "role",
        "state",
        "expires_at",
        "last_used_at",
        "created_by",
    ]
    list_filter = [("organization", ScopedRelatedFilter)]
    list_select_related = ["organization", "user", "created_by"]
    search_fields = ["name", "prefix"]
    ordering = ["-created_at"]
    actions = ["revoke"]

    def readable(self, user: User) -> QuerySet[ApiKey]:
        return ApiKey.objects.filter(
            organization__in=organizations_administered_by(user)
        ).prefetch_related("user__memberships")

    def writable(self, user: User) -> QuerySet[ApiKey]:
        return ApiKey.objects.filter(organization__in=organizations_managed_by(user))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # A key is made and revoked, never changed: its page only shows it.
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # the trail points at it

    def get_fieldsets(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        if obj is None:
            fields = ["organization", "name", "role", "scopes", "days"]
            about = format_html(
                '<a href="{}">{}</a>', reverse("api-docs"), _("What programs may ask, to try out")
            )
            return [(None, {"fields": fields, "description": about})]
        fields = ["name", "prefix", "organization", "role", "scope_names", "state", "expires_at"]
        seen = ["created_at", "created_by", "last_used_at", "revoked_at"]
        return [(None, {"fields": fields}), (_("Seen"), {"fields": seen})]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[Any]:
        return [] if obj is None else ["role", "scope_names", "state"]

    def get_form(
        self, request: HttpRequest, obj: ApiKey | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if not change:
            kwargs["fields"] = ["organization", "name"]
        return super().get_form(request, obj, change=change, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: ApiKey, form: forms.ModelForm[Any], change: bool
    ) -> None:
        chosen = form.cleaned_data
        key, presented = create_api_key(
            organization=chosen["organization"],
            name=chosen["name"],
            role=Role(chosen["role"]),
            scopes=[Scope(scope) for scope in chosen["scopes"]],
            expires_at=timezone.now() + timedelta(days=chosen["days"]),
            created_by=person(request),
        )
        obj.__dict__.update(key.__dict__)
        # Only this answer shows it: it goes into no message, session or log.
        obj.presented = presented  # type: ignore[attr-defined]  # until the answer is written

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        # Each key has a page of its own that shows it: there is no "and another".
        context |= {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("API key made"),
            "opts": self.opts,
            "key": obj,
            "presented": obj.presented,  # type: ignore[attr-defined]  # see save_model
        }
        answer = TemplateResponse(request, "admin/accounts/apikey/made.html", context)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @admin.action(description=_("Revoke: stop the key for good"), permissions=["change"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        mine = keys.filter(pk__in=self.writable(person(request)), revoked_at=None)
        chosen = list(mine.select_related("user", "organization"))
        for key in chosen:
            revoke_api_key(key=key, actor=person(request))
        self.message_user(request, _("Keys revoked: %d.") % len(chosen), messages.SUCCESS)

    @labelled(_("state"), colors={"usable": "success", "expired": "warning", "revoked": "danger"})
    def state(self, key: ApiKey) -> tuple[str, Any]:
        if key.revoked_at is not None:
            return "revoked", _("revoked")
        return ("usable", _("usable")) if key.is_usable else ("expired", _("expired"))

    @admin.display(description=_("role"))
    def role(self, key: ApiKey) -> str:
        return ", ".join(membership.get_role_display() for membership in key.user.memberships.all())

    @admin.display(description=_("scopes"))
    def scope_names(self, key: ApiKey) -> str:
        return ", ".join(str(Scope(scope).label) for scope in key.scopes)
