"""What people ask of the page of counts."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cameras.models import Camera, CameraGroup
from cameras.selectors import camera_groups_visible_to, cameras_visible_to
from detections.forms import choose_from
from detections.selectors.statistics import Step

# Two months of hours would be bars of half a pixel.
HOURS_MOST_DAYS = 31


class AnalyticsForm(forms.Form):
    """What is counted: steps, span and cameras. What is wrong is left out and named."""

    step = forms.ChoiceField(
        label=_("By"),
        required=False,
        choices=[("hour", _("hour")), ("day", _("day")), ("week", _("week"))],
    )
    days = forms.ChoiceField(
        label=_("Span"),
        required=False,
        choices=[
            ("2", _("2 days")),
            ("7", _("7 days")),
            ("31", _("31 days")),
            ("182", _("6 months")),
            ("365", _("1 year")),
        ],
    )
    camera = forms.ModelChoiceField(
        Camera.objects.none(), label=_("Camera"), required=False, empty_label=_("All cameras")
    )
    group = forms.ModelChoiceField(
        CameraGroup.objects.none(), label=_("Group"), required=False, empty_label=_("All groups")
    )

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__({"step": "hour", "days": "2"} | {key: data[key] for key in data})
        choose_from(self.fields["camera"], cameras_visible_to(user).order_by("name"))
        choose_from(self.fields["group"], camera_groups_visible_to(user).order_by("name"))

    @property
    def days_back(self) -> int:
        """How far back."""
        return int(self.cleaned_data.get("days") or 2)

    @property
    def wanted_step(self) -> Step:
        """The step asked for; a longer one where so many steps could not be drawn."""
        asked = self.cleaned_data.get("step") or "hour"
        least: Step = "hour" if self.days_back <= HOURS_MOST_DAYS else "day"
        return cast("Step", asked) if asked != "hour" else least

    @property
    def wanted_cameras(self) -> dict[str, Any]:
        """Conditions on cameras."""
        camera, group = self.cleaned_data.get("camera"), self.cleaned_data.get("group")
        wanted: dict[str, Any] = {}
        if camera:
            wanted["pk"] = camera.pk
        if group:
            wanted["groups"] = group.pk
        return wanted
