"""People of the whole server, for superusers. Managers meet people as members."""

from functools import partial
from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.adapters import mail_password_links
from accounts.models import Membership, User
from accounts.selectors import organizations_administered_by
from accounts.services import create_person, update_person
from lpr_project.common.admin import ScopedModelAdmin, person

# Role groups are the product's own business: a permission given there would bypass the roles.
admin.site.unregister([Group, EmailAddress])


class PersonForm(forms.ModelForm[User]):
    """A person, without a password: that is set by the person, through a link."""

    class Meta:
        model = User
        fields = ["email", "display_name", "is_active", "is_superuser"]

    editor: User  # set by the admin

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        is_own = self.instance.pk == self.editor.pk
        if is_own and not (cleaned.get("is_active") and cleaned.get("is_superuser")):
            raise forms.ValidationError(
                _("You cannot lock yourself out. Another superuser can do this.")
            )
        return cleaned


@admin.register(User)
class PersonAdmin(ScopedModelAdmin[User]):
    """Who can log in at all."""

    form = PersonForm
    list_display = [
        "email",
        "display_name",
        "roles",
        "is_superuser",
        "is_active",
        "has_second_factor",
        "last_login",
    ]
    list_filter = ["is_active", "is_superuser"]
    search_fields = ["email", "display_name"]
    ordering = ["email"]
    actions = ["send_password_link"]
    fieldsets = [
        (
            None,
            {
                "fields": ["email", "display_name"],
                "description": _(
                    "A new person gets an e-mail with a link to set a password. Roles are given "
                    "under Members."
                ),
            },
        ),
        (_("Access"), {"fields": ["is_active", "is_superuser"]}),
        (_("Seen"), {"fields": ["roles", "last_login", "date_joined"]}),
    ]
    readonly_fields = ["roles", "last_login", "date_joined"]

    def readable(self, user: User) -> QuerySet[User]:
        people = User.objects.filter(kind=User.Kind.PERSON)
        if user.is_superuser:
            return people
        organizations = organizations_administered_by(user)
        return people.filter(memberships__organization__in=organizations).distinct()

    def writable(self, user: User) -> QuerySet[User]:
        # An e-mail is a way in: nobody who manages one organization changes it for another.
        return self.readable(user) if user.is_superuser else User.objects.none()

    def selectable(self, user: User) -> QuerySet[User]:
        return self.readable(user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        from allauth.mfa.models import Authenticator  # noqa: PLC0415  # an app loaded after this one

        return (
            super()
            .get_queryset(request)
            .prefetch_related("memberships__organization")
            .annotate(has_factor=Exists(Authenticator.objects.filter(user=OuterRef("pk"))))
        )

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)
        form.editor = request.user  # type: ignore[attr-defined]  # a class made for this request
        return form

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # the trail and the keys that a person made stay: switch the person off

    def save_model(
        self, request: HttpRequest, obj: User, form: forms.ModelForm[Any], change: bool
    ) -> None:
        if change:
            update_person(user=obj, actor=person(request), changed=form.changed_data)
            return
        fields = {name: form.cleaned_data[name] for name in form.fields}
        made = create_person(**fields, actor=person(request))
        obj.pk = made.pk
        transaction.on_commit(partial(mail_password_links, request, [made]))

    @admin.action(description=_("Send a link to set a password"), permissions=["change"])
    def send_password_link(self, request: HttpRequest, people: QuerySet[User]) -> None:
        sent = mail_password_links(request, people.filter(is_active=True))
        self.message_user(request, _("Links sent: %d.") % sent, messages.SUCCESS)

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        memberships: list[Membership] = list(user.memberships.all())
        return ", ".join(
            f"{membership.get_role_display()} · {membership.organization}"
            for membership in memberships
        )

    @admin.display(description=_("second factor"), boolean=True)
    def has_second_factor(self, user: Any) -> bool:
        has_factor: bool = user.has_factor
        return has_factor
