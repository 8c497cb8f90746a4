"""What every admin page shares: the site, and which rows a person sees, changes and chooses."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from allauth.account.decorators import secure_admin_login
from csp.constants import UNSAFE_EVAL
from csp.decorators import csp_update
from django import forms
from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.sites import AdminSite
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.paginator import Paginator
from django.db.models import ForeignKey, JSONField, ManyToManyField, Model, QuerySet
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display
from unfold.sites import UnfoldAdminSite
from unfold.views import ChangeList

from lpr_project.common.errors import LprError
from lpr_project.common.json_fields import JsonField

if TYPE_CHECKING:
    # Unfold ships no types; its classes only add options to Django's.
    from django.contrib.admin import ModelAdmin, TabularInline
else:
    from unfold.admin import ModelAdmin, TabularInline

__all__ = [
    "LprAdminSite",
    "ModelAdmin",
    "OneOrganizationForm",
    "ReadOnlyModelAdmin",
    "ScopedModelAdmin",
    "ScopedRelatedFilter",
    "TabularInline",
    "UncountedList",
    "labelled",
    "module",
    "person",
    "selectable_rows",
]

M = TypeVar("M", bound=Model)
F = TypeVar("F", bound=Callable[..., Any])
PAGES_MOST = 100


def module(path: str) -> Script:
    """A script as an ES module, which the content policy allows from our own files only."""
    return Script(path, type="module")


class LprAdminSite(UnfoldAdminSite):  # type: ignore[misc]  # Unfold ships no types
    """The admin: entered through the log-in page like every other page, second factor included."""

    def admin_view(
        self, view: Callable[..., HttpResponse], cacheable: bool = False
    ) -> Callable[..., HttpResponse]:
        # Unfold's Alpine.js evaluates the expressions in its attributes. Inline scripts stay
        # refused here as everywhere, and pages outside the admin refuse evaluation too.
        allowed = csp_update({"script-src": [UNSAFE_EVAL]})
        return cast("Callable[..., HttpResponse]", allowed(super().admin_view(view, cacheable)))

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        answer: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return answer

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # rows of any model
    """Pages of a table that is never counted, and no further than an offset stays cheap.

    Whoever wants older rows narrows the time.
    """

    template_name = "unfold/helpers/pagination_infinite.html"

    @cached_property
    def count(self) -> int:
        return self.per_page * PAGES_MOST


class UncountedChangeList(ChangeList):  # type: ignore[misc]  # Unfold ships no types
    """A list that does not tell how many rows there are, since nobody counted."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.full_result_count = self.result_count


class OneOrganizationForm(forms.ModelForm[M]):
    """Refuses to tie a row to a row of another organization."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        chosen = cleaned.get("organization")
        organization_id = chosen.pk if chosen else getattr(self.instance, "organization_id", None)
        for name, value in list(cleaned.items()):
            rows: Iterable[Any] = value if isinstance(value, QuerySet) else [value]
            if organization_id and any(_is_of_another(row, organization_id) for row in rows):
                self.add_error(name, _("This belongs to another organization."))
        return cleaned


def _is_of_another(row: Any, organization_id: int) -> bool:
    owner = getattr(row, "organization_id", organization_id) if isinstance(row, Model) else None
    return owner is not None and owner != organization_id


class SearchedChoices(AutocompleteSelectMultiple):
    """Rows chosen by searching; a form that is shown again leaves out what is no key."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        key = self.field.remote_field.model._meta.pk  # noqa: SLF001  # Django's public name
        return super().optgroups(name, [text for text in value if _is_key(key, text)], attr)


def _is_key(field: Any, text: Any) -> bool:
    try:
        field.to_python(text)
    except ValidationError:
        return False
    return True


class ScopedModelAdmin(ModelAdmin[M]):
    """Shows and changes only the rows that `readable` and `writable` give a person.

    Model permissions, which come with the roles, say which pages open. A person may manage one
    organization and audit another, so each row is asked for by itself.
    """

    form: type[forms.ModelForm[Any]] = OneOrganizationForm
    formfield_overrides: ClassVar[Any] = {JSONField: {"form_class": JsonField}}
    list_per_page = 50
    show_facets = ShowFacets.NEVER
    list_filter_submit = True
    compressed_fields = True
    warn_unsaved_form = True
    # Fields that are set when a row is made and never move.
    fixed_fields: ClassVar[tuple[str, ...]] = ("organization",)

    def readable(self, user: Any) -> QuerySet[M]:
        """Rows that the person sees here."""
        raise NotImplementedError

    def writable(self, user: Any) -> QuerySet[M]:
        """Rows that the person may change or delete here, where a model permission allows it."""
        return self.model._default_manager.none()  # noqa: SLF001  # Django's public name

    def selectable(self, user: Any) -> QuerySet[M]:
        """Rows that the person may tie others to."""
        return self.writable(user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        return self.readable(request.user).order_by(*self.get_ordering(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_view_permission(request)
        return allowed and _holds(self.readable, request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request)
        return allowed and _holds(self.writable, request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request)
        return allowed and _holds(self.writable, request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> list[Any]:
        fields = list(super().get_readonly_fields(request, obj))
        if obj is not None:
            fields += [name for name in self.fixed_fields if _has_field(self.model, name)]
        return fields

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        # Rows are deleted one by one, after reading what goes with them.
        actions.pop("delete_selected", None)
        return actions

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # Django lets any own field be asked for; a hidden one could be guessed letter by letter.
        names = [_filter_name(item) for item in self.get_list_filter(request)]
        return any(lookup.startswith(name) for name in names) and super().lookup_allowed(
            lookup, value, request
        )

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        kwargs.setdefault(
            "queryset", selectable_rows(self.admin_site, db_field.related_model, request)
        )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(
        self, db_field: "ManyToManyField[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        kwargs.setdefault(
            "queryset", selectable_rows(self.admin_site, db_field.related_model, request)
        )
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", SearchedChoices(db_field, self.admin_site))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        return self._answer(request, super().changelist_view, request, extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        view = super().changeform_view
        return self._answer(request, view, request, object_id, form_url, extra_context)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        return self._answer(request, super().delete_view, request, object_id, extra_context)

    def _answer(self, request: HttpRequest, view: Callable[..., Any], *arguments: Any) -> Any:
        """What a service or selector refuses becomes a sentence; its transaction is undone."""
        try:
            return view(*arguments)
        except LprError as error:
            self.message_user(request, error.message, messages.ERROR)
            if request.method == "POST":
                return HttpResponseRedirect(request.get_full_path())
            # A page that cannot be shown leads to the list; one that was filtered, to all of it.
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
            return redirect(name)


class UncountedList(ModelAdmin[M]):
    """For tables that grow: pages in the order of the index, never counted, never sorted anew."""

    paginator = BoundedPaginator
    show_full_result_count = False
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Any]:
        return UncountedChangeList


class ReadOnlyModelAdmin(ScopedModelAdmin[M]):
    """Evidence, and what the server writes about itself: to be read, by superusers too."""

    warn_unsaved_form = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ScopedRelatedFilter(RelatedDropdownFilter):  # type: ignore[misc]  # Unfold ships no types
    """A filter by a related row that offers only the rows which the person sees."""

    CHOICES_MOST = 500

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: ModelAdmin[Any]
    ) -> list[tuple[Any, str]]:
        related = model_admin.admin_site._registry.get(field.related_model)  # noqa: SLF001  # no public name
        if not isinstance(related, ScopedModelAdmin):
            return []
        rows = related.get_queryset(request)[: self.CHOICES_MOST]
        return [(row.pk, str(row)) for row in rows]


def person(request: HttpRequest) -> Any:
    """The `accounts.User` behind a request that passed the admin's door."""
    return request.user


def selectable_rows(
    site: AdminSite, model: type[Model] | str | None, request: HttpRequest
) -> QuerySet[Any]:
    """Rows of `model` that a person may tie another row to; none where no admin page says so."""
    if not isinstance(model, type):
        raise TypeError(model)
    admin = site._registry.get(model)  # noqa: SLF001  # no public name
    if isinstance(admin, ScopedModelAdmin):
        return admin.selectable(request.user).order_by(*admin.get_ordering(request))
    rows = model._default_manager.all()  # noqa: SLF001  # Django's public name
    return rows if getattr(request.user, "is_superuser", False) else rows.none()


def _holds(rows: Callable[[Any], QuerySet[Any]], request: HttpRequest, obj: Any) -> bool:
    """Whether a row, given as itself or as its key, is among a person's; no row asks nothing."""
    if obj is None:
        return True
    return rows(request.user).filter(pk=getattr(obj, "pk", obj)).exists()


def _has_field(model: type[Model], name: str) -> bool:
    try:
        model._meta.get_field(name)  # noqa: SLF001  # Django's public name
    except FieldDoesNotExist:
        return False
    return True


def _filter_name(item: Any) -> str:
    if isinstance(item, tuple | list):
        item = item[0]
    return item if isinstance(item, str) else str(item.parameter_name)


def link_to(name: str, pk: Any) -> SafeString:
    """A link to the page of one thing, by the name of its address."""
    return format_html(
        '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>',
        reverse(name, args=[pk]),
        _("open"),
    )


def labelled(
    description: Any, *, colors: Mapping[str, str], ordering: str | None = None
) -> Callable[[F], F]:
    """A column of (value, words) in colours: default, info, success, warning, danger."""
    decorator = display(description=description, label=dict(colors), ordering=ordering)
    return cast("Callable[[F], F]", decorator)
