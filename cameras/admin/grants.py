"""Who may see a camera, or all cameras of a group, beside those whose role already does."""

from typing import Any, TypeVar

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.models import Membership, Role, User
from cameras.models import (
    Camera,
    CameraGroup,
    CameraGroupUserObjectPermission,
    CameraUserObjectPermission,
)
from cameras.services import grant_camera, revoke_camera
from lpr_project.common.admin import TabularInline

G = TypeVar("G", bound=Model)
# Owners and managers may do everything with every camera of their organization.
_UNGRANTED_ROLES = (Role.OWNER, Role.MANAGER)


class GrantForm(forms.ModelForm[Any]):
    """An account and what it may do. The choices are looked up once for all rows."""

    account = forms.TypedChoiceField(
        label=_("Person or key"), coerce=int, widget=UnfoldAdminSelectWidget()
    )
    may = forms.ChoiceField(label=_("May"), widget=UnfoldAdminSelectWidget())

    # Set by the inline for each request.
    accounts: tuple[tuple[Any, Any], ...] = ()
    permissions: tuple[tuple[str, Any], ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "account" not in self.fields:  # where the page is only to be read
            return
        self.fields["account"].choices = self.accounts  # type: ignore[attr-defined]  # a choice field
        self.fields["may"].choices = self.permissions  # type: ignore[attr-defined]  # a choice field
        if self.instance.pk:
            self.initial["account"] = self.instance.user_id
            self.initial["may"] = self.instance.permission.codename


class GrantInline(TabularInline[G, Any]):
    """Grants on one row; given and taken back by services, so that each is audited."""

    form = GrantForm
    fields = ["account", "may"]
    extra = 0
    verbose_name = _("grant")
    verbose_name_plural = _("Who else may see this")
    permissions: tuple[tuple[str, Any], ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[G]:
        return super().get_queryset(request).select_related("user", "permission")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset: Any = super().get_formset(request, obj, **kwargs)
        formset.form.accounts = (("", _("Choose …")), *_accounts(obj, self.model))
        formset.form.permissions = self.permissions
        return formset

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # whoever may open the page that it stands on

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_grant(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_grant(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_grant(request, obj)

    def _may_grant(self, request: HttpRequest, obj: Any) -> bool:
        page = admin.site._registry[self.parent_model]  # noqa: SLF001  # no public name
        return obj is not None and page.has_change_permission(request, obj)


class CameraGrantInline(GrantInline[CameraUserObjectPermission]):
    """Grants on one camera."""

    model = CameraUserObjectPermission
    permissions = (
        ("view_camera", _("see it and its detections")),
        ("operate_camera", _("send detections and uploads to it")),
    )


class CameraGroupGrantInline(GrantInline[CameraGroupUserObjectPermission]):
    """Grants on all cameras of a group."""

    model = CameraGroupUserObjectPermission
    permissions = (
        ("view_cameragroup", _("see its cameras and their detections")),
        ("operate_cameragroup", _("send detections and uploads to its cameras")),
    )


def save_grants(formset: Any, target: Camera | CameraGroup, actor: User) -> None:
    """Give and take back what the rows say; a changed row is both."""
    for form in formset.forms:
        if not form.has_changed():
            continue
        if form.instance.pk:
            codename = form.instance.permission.codename
            revoke_camera(camera=target, user=form.instance.user, permission=codename, actor=actor)
        if form not in formset.deleted_forms:
            user = User.objects.get(pk=form.cleaned_data["account"])
            grant_camera(camera=target, user=user, permission=form.cleaned_data["may"], actor=actor)
    # Django's history asks for these; the audit trail has the grants.
    formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []


def _accounts(target: Any, grants: type[Model]) -> list[tuple[int, str]]:
    """Members to whom a grant means something, and whoever still holds one."""
    if target is None:
        return []
    members = Membership.objects.filter(organization_id=target.organization_id)
    found = {
        membership.user_id: _label(membership.user, membership.get_role_display())
        for membership in members.exclude(role__in=_UNGRANTED_ROLES).select_related("user")
    }
    grants_held = grants._default_manager.filter(content_object=target)  # noqa: SLF001  # Django's public name
    for grant in grants_held.select_related("user"):
        found.setdefault(grant.user_id, _label(grant.user, _("by role sees all, or has left")))  # type: ignore[attr-defined]  # both kinds of grant have a user
    return sorted(found.items(), key=lambda item: item[1])


def _label(user: User, role: Any) -> str:
    if user.kind == User.Kind.SERVICE:
        return str(_("API key: %(name)s (%(role)s)") % {"name": user.display_name, "role": role})
    name = f"{user.display_name} · {user.email}" if user.display_name else user.email
    return f"{name} ({role})"
