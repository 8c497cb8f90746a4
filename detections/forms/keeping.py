"""What people say of legal holds, and of plates whose owner asks."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors import MANAGING_ROLES, organizations_of
from cameras.models import Camera
from cameras.selectors import cameras_visible_to
from detections.forms import choose_from
from vehicles.plates.text import PlateTextError, normalise


def _moment(label: Any, **options: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, widget=widget, **options)


class HoldForm(forms.Form):
    """Why something is kept, and until when."""

    reason = forms.CharField(label=_("Reason"), max_length=300)
    case_number = forms.CharField(label=_("Case number"), required=False, max_length=60)
    ends_at = _moment(_("Ends"), required=False, help_text=_("Empty: until somebody ends it."))


class DetectionHoldForm(HoldForm):
    """A hold on what one detection shows."""

    keeps = forms.ChoiceField(
        label=_("Keep"),
        choices=[
            ("detection", _("this detection")),
            ("plate", _("all detections of this plate")),
            ("around", _("what its camera captured in the ten minutes around it")),
        ],
    )
    field_order = ("keeps", "reason", "case_number", "ends_at")


class SpanHoldForm(HoldForm):
    """A hold on what a camera captured in a span of time."""

    camera = forms.ModelChoiceField(
        Camera.objects.none(), label=_("Camera"), empty_label=_("Choose a camera")
    )
    since = _moment(_("From"))
    until = _moment(_("Until"))
    field_order = ("camera", "since", "until", "reason", "case_number", "ends_at")

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        managed = organizations_of(user, *MANAGING_ROLES)
        cameras = cameras_visible_to(user).filter(organization__in=managed)
        choose_from(self.fields["camera"], cameras.order_by("name"))


class LiftForm(forms.Form):
    """Why a hold ends."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class PlateRequestForm(forms.Form):
    """Who asks, and why; an erasure wants the number typed once more."""

    reason = forms.CharField(label=_("Who asks, and why"), max_length=300)
    case_number = forms.CharField(label=_("Case number"), required=False, max_length=60)


class ErasureForm(PlateRequestForm):
    """Erasing cannot be taken back."""

    number = forms.CharField(
        label=_("The plate's number, to be sure"),
        max_length=64,
        help_text=_("Erasing cannot be undone."),
    )

    def __init__(self, data: Any = None, *, wanted: str = "", auto_id: str = "id_%s") -> None:
        super().__init__(data, auto_id=auto_id)
        self._wanted = wanted

    def clean_number(self) -> str:
        try:
            number = normalise(self.cleaned_data["number"])
        except PlateTextError as error:
            raise forms.ValidationError(str(error)) from error
        if number != self._wanted:
            raise forms.ValidationError(_("This is another number."))
        return number
