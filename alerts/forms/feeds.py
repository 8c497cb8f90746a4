"""What people fill in about files and feeds."""

import re
from typing import Any, cast

from django import forms
from django.db.models import Field
from django.utils.translation import gettext_lazy as _

from alerts.models import Entry, Feed
from alerts.models.feeds import FIELDS


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
    zip_password = forms.CharField(
        label=_("Password of the zip file"),
        max_length=1000,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    @property
    def wanted(self) -> dict[str, Any]:
        """What the form asks for, by the names of a feed's fields."""
        wanted = dict(self.cleaned_data)
        column = wanted.pop("number_column")
        return {**wanted, "mapping": {"number": column} if column else {}}


_SPAN = re.compile(r"(\d{1,5})\s*-\s*(\d{1,5})")
_COLUMN = "column_"


class FeedForm(forms.ModelForm[Feed]):
    """A feed: where it is fetched, how often, and which column means what."""

    password = forms.CharField(
        label=_("Password or token"),
        max_length=1000,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Empty: as it is. Another address or user forgets it."),
    )
    zip_password = forms.CharField(
        label=_("Password of the zip file"),
        max_length=1000,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Empty: as it is."),
    )

    class Meta:
        model = Feed
        fields = (
            "name",
            "kind",
            "address",
            "username",
            "password",
            "host_key",
            "every_minutes",
            "stale_after_hours",
            "format",
            "encoding",
            "zip_password",
            "problems_most",
            "removes_missing",
            "is_active",
        )
        # ssh-keyscan prints a line for each key.
        widgets = {"host_key": forms.Textarea(attrs={"rows": 2, "spellcheck": "false"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fetched = [choice for choice in Feed.Kind.choices if choice[0] != Feed.Kind.UPLOAD]
        cast("forms.ChoiceField", self.fields["kind"]).choices = fetched
        mapping = self.instance.mapping
        for name in FIELDS:
            column = Entry._meta.get_field(name)  # noqa: SLF001  # Django's public name
            meaning = cast("Field[Any, Any]", column).verbose_name
            self.fields[_COLUMN + name] = forms.CharField(
                label=_("Column: %(meaning)s") % {"meaning": meaning},
                max_length=60,
                required=False,
                initial=_column_text(mapping.get(name, "")),
            )
        self.fields[_COLUMN + "number"].help_text = _(
            "The name in the first line; in fixed width first and last position, such as 1-8. "
            "With no column at all, those named plate, country, province, reason and so on count."
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        mapping: dict[str, Any] = {}
        for name in FIELDS:
            text = cleaned.pop(_COLUMN + name, "").strip()
            span = _SPAN.fullmatch(text)
            if text and cleaned.get("format") != Feed.Format.FIXED:
                mapping[name] = text
            elif span:
                mapping[name] = [int(span[1]), int(span[2])]
            elif text:
                self.add_error(_COLUMN + name, _("Write first and last position, such as 1-8."))
        if mapping and "number" not in mapping:
            self.add_error(_COLUMN + "number", _("Say which column holds the plate."))
        cleaned["mapping"] = mapping
        for name in ("password", "zip_password"):
            if not cleaned.get(name):
                cleaned.pop(name, None)
        return cleaned

    def _post_clean(self) -> None:
        """The service checks the row: it knows the list."""


def _column_text(column: Any) -> str:
    return "-".join(map(str, column)) if isinstance(column, list) else str(column)
