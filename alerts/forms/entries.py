"""What people fill in about entries."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from alerts.forms.lists import choose_from
from alerts.models import Entry, Watchlist
from alerts.selectors.watchlists import people_of
from alerts.services.entries import ends_at, entry_number, entry_place
from lpr_project.common.errors import LprError
from vehicles.plates.countries import country_name
from vehicles.plates.provinces import province_name


def _moment() -> forms.DateTimeInput:
    return forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})


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
    country = forms.CharField(label=_("Country"), max_length=60, required=False)
    never_ends = forms.BooleanField(
        label=_("Does not end"),
        required=False,
        help_text=_(
            "It is looked for until somebody takes it out, and nobody is reminded of it. Say why "
            "that must be."
        ),
    )
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
            "effective_from",
            "expires_at",
            "responsible",
        )
        widgets = {name: _moment() for name in ("effective_from", "expires_at")}
        help_texts = {
            "effective_from": _("Empty: from now on."),
            "expires_at": _("Empty: after the days that the list says."),
            "responsible": _("Is reminded before it ends. Empty: the owner of the list."),
        }

    def __init__(self, *args: Any, watchlist: Watchlist, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._watchlist = watchlist
        self.fields["effective_from"].required = False
        order = [name for name in self.fields if name != "never_ends"]
        order.insert(order.index("expires_at") + 1, "never_ends")
        self.order_fields(order)
        self.fields["never_ends"].initial = self._had_no_end
        language = get_language() or "en"
        for name, named in (("country", country_name), ("province", province_name)):
            self.initial[name] = named(self.initial.get(name) or "", language)
        choose_from(self.fields["responsible"], people_of(watchlist))
        if self.instance.number:
            for name in ("effective_from", "expires_at"):
                self.fields[name].help_text = _("Empty: as it is.")
        else:
            self.fields["effective_from"].initial = None

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
        if cleaned.get("never_ends"):
            self._clean_endless(cleaned)
        return cleaned

    def _clean_endless(self, cleaned: dict[str, Any]) -> None:
        if cleaned.get("expires_at"):
            self.add_error("never_ends", _("Give a moment at which it ends, or let it not end."))
        if not self._had_no_end and not cleaned.get("change_reason"):
            self.add_error("change_reason", _("Say why this entry must not end."))

    @property
    def _had_no_end(self) -> bool:
        return bool(self.instance.number) and self.instance.expires_at is None

    @property
    def end(self) -> dict[str, datetime | None]:
        """What becomes of the end: nothing, another moment, none, or what the list says."""
        asked = self.cleaned_data.get("expires_at")
        if self.cleaned_data.get("never_ends"):
            return {"expires_at": None}
        if asked is not None:
            return {"expires_at": asked}
        if self._had_no_end:
            return {"expires_at": ends_at(self._watchlist, timezone.now())}
        return {}

    def _post_clean(self) -> None:
        """The service checks the row: it knows the list."""


class WhyForm(forms.Form):
    """Why somebody does what a button does."""

    why = forms.CharField(label=_("Why"), max_length=300, required=False)
