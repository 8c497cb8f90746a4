"""What people ask for in lists of vehicles, and what they write about them."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from accounts.selectors import organizations_of
from lpr_project.common.errors import LprError
from vehicles.models import CustomField, LookUpSource, Plate, Vehicle
from vehicles.selectors import (
    EDITING_ROLES,
    custom_fields_of,
    look_up_sources_of,
    tags_visible_to,
)
from vehicles.services.vehicles import TEXT_FIELDS

OrganizationField = forms.ModelChoiceField[Organization]

CUSTOM = "custom_"
_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class VehicleFilterForm(forms.Form):
    """Words or the beginning of a plate, a tag, the status of a plate."""

    text = forms.CharField(
        label=_("Name, make or plate"), required=False, max_length=64, strip=True
    )
    tag = forms.ChoiceField(label=_("Tag"), required=False)
    status = forms.ChoiceField(
        label=_("Status of a plate"),
        required=False,
        choices=[("", _("Any")), *Plate.Status.choices],
    )

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        names = tags_visible_to(user).order_by("name").values_list("name", flat=True).distinct()
        cast("forms.ChoiceField", self.fields["tag"]).choices = [
            ("", _("Any")),
            *((name, name) for name in names[:500]),
        ]

    @property
    def asked(self) -> dict[str, str]:
        """What was asked for, as far as it is valid."""
        self.full_clean()
        return {name: self.cleaned_data.get(name, "") for name in self.fields}

    @property
    def is_narrowed(self) -> bool:
        return any(self.data.get(name) for name in self.fields)


class VehicleForm(forms.Form):
    """Everything that people write about a vehicle, the organization's own fields included."""

    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Organization"))
    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        required=False,
        help_text=_("As people here call it. Empty: colour, make and model."),
    )
    kind = forms.CharField(label=_("Type"), max_length=40, required=False)
    make = forms.CharField(label=_("Make"), max_length=60, required=False)
    model = forms.CharField(label=_("Model"), max_length=60, required=False)
    color = forms.CharField(label=_("Colour"), max_length=40, required=False)
    tags = forms.CharField(
        label=_("Tags"), max_length=1000, required=False, help_text=_("Separated by commas.")
    )
    owner_name = forms.CharField(
        label=_("Owner"),
        max_length=120,
        required=False,
        help_text=_("Personal data: only operators and managers see it."),
    )
    owner_contact = forms.CharField(label=_("Contact of the owner"), max_length=200, required=False)
    notes = forms.CharField(
        label=_("Notes"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, data: Any, *, user: User, vehicle: Vehicle | None = None) -> None:
        super().__init__(data, initial=_initial(vehicle) if vehicle else None)
        allowed = organizations_of(user, *EDITING_ROLES)
        organization = vehicle.organization if vehicle else None
        if organization is None and allowed.count() == 1:
            organization = allowed.get()
        # None where the person has to choose one.
        self.home = organization
        if organization is not None:
            del self.fields["organization"]
            self._add_custom(custom_fields_of(organization))
        else:
            cast("OrganizationField", self.fields["organization"]).queryset = allowed

    def _add_custom(self, fields: Iterable[CustomField]) -> None:
        for field in fields:
            self.fields[f"{CUSTOM}{field.key}"] = _custom_field(field)

    def clean_tags(self) -> list[str]:
        return [name.strip() for name in self.cleaned_data["tags"].split(",") if name.strip()]

    @property
    def changes(self) -> dict[str, Any]:
        """What was written, as `save_vehicle` takes it."""
        cleaned = self.cleaned_data
        written = {name: cleaned[name] for name in TEXT_FIELDS}
        custom = {
            name.removeprefix(CUSTOM): value
            for name, value in cleaned.items()
            if name.startswith(CUSTOM)
        }
        return {**written, "tags": cleaned["tags"], "custom": custom}

    def take_refusal(self, error: LprError) -> None:
        """Show what the service refused at the fields that it names."""
        custom = error.detail.get("custom")
        if isinstance(custom, dict):
            for key, messages in custom.items():
                self.add_error(
                    f"{CUSTOM}{key}" if f"{CUSTOM}{key}" in self.fields else None, messages
                )
        else:
            show_refusal(self, error)


def show_refusal(form: forms.Form, error: LprError | ValidationError) -> None:
    """Show what a service refused at the fields that it names, or above the form."""
    if isinstance(error, ValidationError):
        form.add_error(None, list(error.messages))
        return
    named = {name: told for name, told in error.detail.items() if name in form.fields}
    for name, messages in named.items():
        form.add_error(name, messages)
    if not named:
        form.add_error(None, error.message)


def _initial(vehicle: Vehicle) -> dict[str, Any]:
    written: dict[str, Any] = {name: getattr(vehicle, name) for name in TEXT_FIELDS}
    written["tags"] = ", ".join(tag.name for tag in vehicle.tags.all())
    return written | {f"{CUSTOM}{key}": value for key, value in vehicle.custom.items()}


def _custom_field(field: CustomField) -> forms.Field:
    """The form's field for a custom field; the service reads what is written."""
    match field.kind:
        case CustomField.Kind.FLAG:
            choices = [("", "—"), ("True", _("yes")), ("False", _("no"))]
            return forms.ChoiceField(label=field.label, required=False, choices=choices)
        case CustomField.Kind.CHOICE:
            own = [("", "—"), *((choice, choice) for choice in field.choices)]
            return forms.ChoiceField(label=field.label, required=False, choices=own)
        case CustomField.Kind.DATE:
            return forms.CharField(label=field.label, required=False, widget=_DAY)
        case _:
            return forms.CharField(label=field.label, required=False, max_length=200)


class TenureForm(forms.Form):
    """A plate as it is written, and from when until when the vehicle had it."""

    number = forms.CharField(label=_("Plate"), max_length=64)
    province = forms.CharField(
        label=_("Province"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"list": "provinces"}),
    )
    country = forms.CharField(
        label=_("Country"), max_length=60, required=False, help_text=_("Its name or two letters.")
    )
    since = forms.DateField(label=_("From"), required=False, widget=_DAY)
    until = forms.DateField(label=_("Until"), required=False, widget=_DAY)


class SpanForm(forms.Form):
    """From when until when a vehicle had a plate."""

    since = forms.DateField(label=_("From"), required=False, widget=_DAY)
    until = forms.DateField(label=_("Until"), required=False, widget=_DAY)


class StatusForm(forms.Form):
    """Another status for a plate, and why."""

    status = forms.ChoiceField(label=_("Status"), choices=Plate.Status.choices)
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)


class ImportForm(forms.Form):
    """A file of vehicles, and the organization where there is a choice."""

    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Organization"))
    file = forms.FileField(
        label=_("File"), widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"})
    )

    def __init__(self, data: Any, files: Any, *, user: User) -> None:
        super().__init__(data, files)
        allowed = organizations_of(user, *EDITING_ROLES)
        # None where the person has to choose one.
        self.home = allowed.get() if allowed.count() == 1 else None
        if self.home is not None:
            del self.fields["organization"]
        else:
            cast("OrganizationField", self.fields["organization"]).queryset = allowed


class LookUpForm(forms.Form):
    """Which register is asked about a plate, and why."""

    source = forms.ModelChoiceField(LookUpSource.objects.none(), label=_("Register"))
    reason = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, data: Any, *, organization: Organization) -> None:
        super().__init__(data)
        sources = cast("forms.ModelChoiceField[LookUpSource]", self.fields["source"])
        sources.queryset = look_up_sources_of(organization)
