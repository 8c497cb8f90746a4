"""What people fill in about lists, entries and feeds."""

from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, Role, User
from accounts.selectors import MANAGING_ROLES, organizations_of
from alerts.models import Entry, Feed, Watchlist
from alerts.services.entries import entry_number, entry_place
from cameras.models import Camera, CameraGroup
from cameras.selectors import camera_groups_visible_to, cameras_visible_to
from detections.models import Detection
from lpr_project.common.errors import LprError

ROLES = [(role.value, role.label) for role in Role if role != Role.OWNER]


class WatchlistForm(forms.ModelForm[Watchlist]):
    """A list: its rules, places, times and audience."""

    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Organization"))
    list_roles = forms.MultipleChoiceField(
        label=_("Roles that see the list"), choices=ROLES, required=False
    )
    entry_roles = forms.MultipleChoiceField(
        label=_("Roles that see the entries"), choices=ROLES, required=False
    )
    hit_roles = forms.MultipleChoiceField(
        label=_("Roles that see the hits"), choices=ROLES, required=False
    )
    directions = forms.MultipleChoiceField(
        label=_("Directions"), choices=Detection.Direction.choices, required=False
    )
    change_reason = forms.CharField(label=_("Why"), max_length=300, required=False)

    class Meta:
        model = Watchlist
        fields = (
            "organization",
            "name",
            "category",
            "priority",
            "color",
            "sound",
            "is_active",
            "match",
            "edits_most",
            "province_rule",
            "country_rule",
            "cameras",
            "camera_groups",
            "directions",
            "active_hours",
            "entry_days",
            "reminder_days",
            "list_roles",
            "entry_roles",
            "hit_roles",
        )
        widgets = {"color": forms.TextInput(attrs={"type": "color"})}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: dict[str, QuerySet[Any]] = {
            "organization": organizations_of(user, *MANAGING_ROLES),
            "cameras": cameras_visible_to(user),
            "camera_groups": camera_groups_visible_to(user),
        }
        for name, rows in chosen.items():
            choose_from(self.fields[name], rows)
        if self.instance.organization_id:
            own = Organization.objects.filter(pk=self.instance.organization_id)
            choose_from(self.fields["organization"], own)
            self.fields["organization"].widget = forms.HiddenInput()
        elif chosen["organization"].count() == 1:
            self.fields["organization"].initial = chosen["organization"].first()
            self.fields["organization"].widget = forms.HiddenInput()

    def clean_cameras(self) -> list[Camera]:
        return list(self.cleaned_data["cameras"])

    def clean_camera_groups(self) -> list[CameraGroup]:
        return list(self.cleaned_data["camera_groups"])


def choose_from(field: forms.Field, rows: QuerySet[Any]) -> None:
    """Let people choose these rows only."""
    cast("forms.ModelChoiceField[Any]", field).queryset = rows


class EntryForm(forms.ModelForm[Entry]):
    """An entry; the number as people write it."""

    number = forms.CharField(
        label=_("Plate or pattern"),
        max_length=64,
        help_text=_("In a pattern ? stands for one letter or digit and * for any."),
    )
    province = forms.CharField(
        label=_("Province"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"list": "provinces"}),
    )
    country = forms.CharField(label=_("Country"), max_length=2, required=False)
    change_reason = forms.CharField(label=_("Why you change it"), max_length=300, required=False)

    class Meta:
        model = Entry
        fields = (
            "number",
            "province",
            "country",
            "reason",
            "case_number",
            "vehicle",
            "source",
            "confidence",
            "expires_at",
        )
        widgets = {"expires_at": forms.DateTimeInput(attrs={"type": "datetime-local"})}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        try:
            if "number" in cleaned:
                cleaned["number"] = entry_number(cleaned["number"])
            cleaned["country"], cleaned["province"] = entry_place(
                cleaned.get("country", ""), cleaned.get("province", "")
            )
        except LprError as error:
            field = str(error.detail.get("field", "number"))
            self.add_error(field if field in self.fields else None, error.message)
        return cleaned

    def _post_clean(self) -> None:
        """The service checks the row: it knows the list."""


class ImportForm(forms.Form):
    """A file of entries."""

    file = forms.FileField(label=_("File"))
    format = forms.ChoiceField(label=_("Format"), choices=Feed.Format.choices)
    encoding = forms.ChoiceField(label=_("Encoding"), choices=Feed.Encoding.choices)
    number_column = forms.CharField(
        label=_("Column of the plate"),
        required=False,
        max_length=60,
        help_text=_("Empty: the one that is called plate or number."),
    )
    removes_missing = forms.BooleanField(
        label=_("Delete entries of earlier files that this one does not name"), required=False
    )
