"""What people fill in about a list: its rules, places, times and audience."""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import orjson
from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, Role, User
from accounts.selectors import MANAGING_ROLES, organizations_of
from alerts.models import Watchlist
from alerts.models.watchlists import default_entry_readers, default_readers
from alerts.services.areas import read_area, write_area
from cameras.models import Camera, CameraGroup
from cameras.selectors import camera_groups_visible_to, cameras_visible_to
from detections.models import Detection
from lpr_project.common.json_fields import JsonField

CAMERAS_ON_MAP_MOST = 2_000
# More are chosen in a box that scrolls.
CHIPS_MOST = 60
ROLES = [(role.value, role.label) for role in Role if role != Role.OWNER]


class HoursWidget(forms.Textarea):
    """Hours as text, and rows of days and times that write it."""

    template_name = "alerts/_hours.html"


class AreaWidget(forms.HiddenInput):
    """An area as GeoJSON, and a map on which it is drawn."""

    template_name = "alerts/_area.html"
    # Cameras that the person sees, for bearings.
    cameras: tuple[dict[str, Any], ...] = ()

    @property
    def is_hidden(self) -> bool:
        return False

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["map"] = {
            "land": static("admin_lpr/land.json"),
            "leaflet": static("vendor/leaflet/leaflet.js"),
            "tiles": settings.MAP_TILE_URL,
            "attribution": settings.MAP_TILE_ATTRIBUTION,
            "cameras": list(self.cameras),
        }
        return context


class AreaField(forms.CharField):
    """Polygons, as GeoJSON; none means everywhere."""

    widget = AreaWidget

    def prepare_value(self, value: Any) -> Any:
        is_text = value is None or isinstance(value, str)
        return value if is_text else orjson.dumps(write_area(value)).decode()

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return read_area(orjson.loads(text))
        except ValueError as error:  # no JSON, or an `AreaError`
            raise forms.ValidationError(str(error)) from error

    def run_validators(self, value: Any) -> None:
        """What was read is no text any more."""


class Section(NamedTuple):
    """A part of a long form."""

    title: str | Promise
    visible_fields: list[forms.BoundField]


_SECTIONS: tuple[tuple[str | Promise, tuple[str, ...]], ...] = (
    (
        _("What it is"),
        ("organization", "name", "category", "priority", "color", "sound", "is_active"),
    ),
    (
        _("What counts as the same plate"),
        ("match", "edits_most", "province_rule", "country_rule"),
    ),
    (_("Where it counts"), ("cameras", "camera_groups", "directions", "area")),
    (_("When it counts"), ("active_hours",)),
    (_("How long entries stay"), ("entry_days", "reminder_days")),
    (_("Who sees it"), ("list_roles", "entry_roles", "hit_roles")),
)


def _roles(label: Any, usual: Callable[[], list[str]]) -> forms.MultipleChoiceField:
    """A choice of roles, with those that a new list is usually for."""
    return forms.MultipleChoiceField(
        label=label,
        choices=ROLES,
        initial=usual,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class WatchlistForm(forms.ModelForm[Watchlist]):
    """A list: its rules, places, times and audience."""

    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Organization"))
    list_roles = _roles(_("Roles that see the list"), default_readers)
    entry_roles = _roles(_("Roles that see the entries"), default_entry_readers)
    hit_roles = _roles(_("Roles that see the hits"), default_readers)
    directions = forms.MultipleChoiceField(
        label=_("Directions"),
        choices=Detection.Direction.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    area = AreaField(label=_("Area"), required=False)
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
            "area",
            "directions",
            "active_hours",
            "entry_days",
            "reminder_days",
            "list_roles",
            "entry_roles",
            "hit_roles",
        )
        help_texts = {
            "cameras": _("None chosen: all, unless groups or an area say otherwise."),
            "directions": _("None chosen: all."),
        }
        field_classes = {"active_hours": JsonField}
        widgets = {
            "color": forms.TextInput(attrs={"type": "color"}),
            "active_hours": HoursWidget(attrs={"rows": 3, "spellcheck": "false"}),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: dict[str, QuerySet[Any]] = {
            "organization": organizations_of(user, *MANAGING_ROLES),
            "cameras": cameras_visible_to(user),
            "camera_groups": camera_groups_visible_to(user),
        }
        for name, rows in chosen.items():
            choose_from(self.fields[name], rows)
        for name in ("cameras", "camera_groups"):
            if chosen[name].count() <= CHIPS_MOST:
                choices: Any = cast("forms.ModelChoiceField[Any]", self.fields[name]).choices
                self.fields[name].widget = forms.CheckboxSelectMultiple(choices=choices)
        cast("AreaWidget", self.fields["area"].widget).cameras = _on_map(chosen["cameras"])
        if self.instance.organization_id:
            own = Organization.objects.filter(pk=self.instance.organization_id)
            choose_from(self.fields["organization"], own)
            self.fields["organization"].widget = forms.HiddenInput()
        elif chosen["organization"].count() == 1:
            self.fields["organization"].initial = chosen["organization"].first()
            self.fields["organization"].widget = forms.HiddenInput()

    @property
    def sections(self) -> list[Section]:
        """The fields as the page shows them, by what they are about."""
        return [
            Section(title, [self[name] for name in names if not self[name].is_hidden])
            for title, names in _SECTIONS
        ]

    def clean_cameras(self) -> list[Camera]:
        return list(self.cleaned_data["cameras"])

    def clean_camera_groups(self) -> list[CameraGroup]:
        return list(self.cleaned_data["camera_groups"])


def _on_map(cameras: QuerySet[Camera]) -> tuple[dict[str, Any], ...]:
    placed = cameras.filter(point__isnull=False, is_archived=False).order_by("name")
    return tuple(
        {"name": name, "longitude": point.x, "latitude": point.y}
        for name, point in placed.values_list("name", "point")[:CAMERAS_ON_MAP_MOST]
        if point
    )


def choose_from(field: forms.Field, rows: QuerySet[Any]) -> None:
    """Let people choose these rows only."""
    cast("forms.ModelChoiceField[Any]", field).queryset = rows
