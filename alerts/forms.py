"""What people fill in about lists, entries and feeds."""

import re
from typing import Any, cast

import orjson
from django import forms
from django.conf import settings
from django.db.models import Field, QuerySet
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, Role, User
from accounts.selectors import MANAGING_ROLES, organizations_of
from alerts.models import Entry, Feed, Watchlist
from alerts.models.feeds import FIELDS
from alerts.selectors.watchlists import people_of
from alerts.services.areas import read_area, write_area
from alerts.services.entries import entry_number, entry_place
from cameras.models import Camera, CameraGroup
from cameras.selectors import camera_groups_visible_to, cameras_visible_to
from detections.models import Detection
from lpr_project.common.errors import LprError

CAMERAS_ON_MAP_MOST = 2_000
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
        cast("AreaWidget", self.fields["area"].widget).cameras = _on_map(chosen["cameras"])
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
        self.fields["effective_from"].required = False
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
        return cleaned

    def _post_clean(self) -> None:
        """The service checks the row: it knows the list."""


class WhyForm(forms.Form):
    """Why somebody does what a button does."""

    why = forms.CharField(label=_("Why"), max_length=300, required=False)


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
