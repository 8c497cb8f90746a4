"""What auditors ask for, and why people look."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent, Organization
from accounts.selectors import Demand

_LOCAL = "%Y-%m-%dT%H:%M"


class AuditFilterForm(forms.Form):
    """Which events of the trail are wanted."""

    person = forms.CharField(label=_("Person"), required=False, max_length=120)
    action = forms.ChoiceField(
        label=_("Action"), required=False, choices=[("", _("Any")), *AuditEvent.Action.choices]
    )
    target = forms.CharField(label=_("Plate or other target"), required=False, max_length=100)
    reason = forms.CharField(label=_("Reason or case number"), required=False, max_length=100)
    since = forms.DateTimeField(
        label=_("From"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL),
    )
    until = forms.DateTimeField(
        label=_("Until"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL),
    )

    def clean(self) -> dict[str, Any]:
        asked = super().clean() or self.cleaned_data
        since, until = asked.get("since"), asked.get("until")
        if since and until and since >= until:
            self.add_error("until", _("This is before the beginning. Exchange the two."))
        return asked

    @property
    def is_narrowed(self) -> bool:
        """Whether anything was asked for."""
        return any(self.data.get(name) for name in self.fields)


class UseForm(forms.Form):
    """Whose use is looked at, and over how long."""

    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("Organization"), required=False, empty_label=None
    )
    days = forms.TypedChoiceField(
        label=_("Span"),
        required=False,
        coerce=int,
        choices=[(1, _("last day")), (7, _("last 7 days")), (31, _("last 31 days"))],
    )


class ReasonForm(forms.Form):
    """Why a person looks, from its organization's list where there is one."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=300)
    case_number = forms.CharField(label=_("Case number"), required=False, max_length=60)

    def __init__(self, data: Any = None, *, demand: Demand, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        if demand.reasons:
            listed = [("", _("Choose a reason")), *((text, text) for text in demand.reasons)]
            self.fields["reason"].widget = forms.Select(choices=listed)
        self.fields["reason"].widget.is_required = demand.reason
        self.fields["case_number"].widget.is_required = demand.case_number
