"""Members of organizations: invited by e-mail, given a role, and sent away."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from accounts.adapters import mail_password_links
from accounts.models import Membership, Role, User
from accounts.selectors import (
    memberships_changeable_by,
    organizations_administered_by,
)
from accounts.services import add_member, invite_member, remove_member
from lpr_project.common.admin import (
    OneOrganizationForm,
    ScopedModelAdmin,
    ScopedRelatedFilter,
    person,
)


class InvitationForm(OneOrganizationForm[Membership]):
    """Who is to become a member, and as what."""

    email = forms.EmailField(label=_("E-mail"), widget=UnfoldAdminEmailInputWidget())
    name = forms.CharField(
        label=_("Name"), required=False, max_length=120, widget=UnfoldAdminTextInputWidget()
    )

    class Meta:
        model = Membership
        fields = ["organization", "role"]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        email, organization = cleaned.get("email"), cleaned.get("organization")
        if email and organization:
            known = Membership.objects.filter(user__email=email.lower(), organization=organization)
            if known.exists():
                self.add_error(
                    "email", _("This person is a member already. Change the role there.")
                )
        return cleaned


@admin.register(Membership)
class MembershipAdmin(ScopedModelAdmin[Membership]):
    """Who does what in which organization."""

    list_display = ["person", "role", "organization", "last_login", "is_active"]
    list_filter = ["role", ("organization", ScopedRelatedFilter)]
    list_select_related = ["user", "organization"]
    search_fields = ["user__email", "user__display_name"]
    ordering = ["organization__name", "user__email"]
    fixed_fields = ("user", "organization")
    actions = ["send_password_link"]

    def readable(self, user: User) -> QuerySet[Membership]:
        return Membership.objects.filter(
            organization__in=organizations_administered_by(user), user__kind=User.Kind.PERSON
        )

    def writable(self, user: User) -> QuerySet[Membership]:
        return memberships_changeable_by(user).filter(user__kind=User.Kind.PERSON)

    def get_fieldsets(self, request: HttpRequest, obj: Membership | None = None) -> Any:
        if obj is not None:
            return [(None, {"fields": ["user", "organization", "role"]})]
        description = _(
            "Somebody who is new here gets an e-mail with a link to set a password. "
            "A viewer sees only the cameras on which you name it."
        )
        fields = ["organization", "email", "name", "role"]
        return [(None, {"fields": fields, "description": description})]

    def get_form(
        self,
        request: HttpRequest,
        obj: Membership | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        if not change:
            kwargs |= {"form": InvitationForm, "fields": ["organization", "role"]}
        return super().get_form(request, obj, change=change, **kwargs)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "role" and not _owns_any(request):
            kwargs["choices"] = [choice for choice in Role.choices if choice[0] != Role.OWNER]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: Membership, form: forms.ModelForm[Any], change: bool
    ) -> None:
        role = Role(form.cleaned_data["role"])
        if change:
            stored = Membership.objects.select_related("user", "organization").get(pk=obj.pk)
            add_member(
                organization=stored.organization, user=stored.user, role=role, actor=person(request)
            )
            return
        membership = invite_member(
            organization=form.cleaned_data["organization"],
            email=form.cleaned_data["email"],
            name=form.cleaned_data["name"],
            role=role,
            actor=person(request),
        )
        obj.pk, obj.user = membership.pk, membership.user
        if not membership.user.has_usable_password():
            transaction.on_commit(partial(mail_password_links, request, [membership.user]))

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        remove_member(membership=obj, actor=person(request))

    @admin.action(description=_("Send a link to set a password"), permissions=["change"])
    def send_password_link(self, request: HttpRequest, memberships: QuerySet[Membership]) -> None:
        people = User.objects.filter(memberships__in=memberships, is_active=True).distinct()
        sent = mail_password_links(request, people)
        self.message_user(request, _("Links sent: %d.") % sent, messages.SUCCESS)

    @admin.display(description=_("person"), ordering="user__email")
    def person(self, membership: Membership) -> str:
        user = membership.user
        return f"{user.display_name} · {user.email}" if user.display_name else user.email

    @admin.display(description=_("last log-in"), ordering="user__last_login")
    def last_login(self, membership: Membership) -> Any:
        return membership.user.last_login

    @admin.display(description=_("active"), boolean=True)
    def is_active(self, membership: Membership) -> bool:
        return membership.user.is_active


def _owns_any(request: HttpRequest) -> bool:
    return organizations_administered_by(person(request), Role.OWNER).exists()
