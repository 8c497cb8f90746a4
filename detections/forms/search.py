"""What people ask for on the search page."""

from typing import Any, cast

from django import forms
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.timezone import get_current_timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cameras.selectors import camera_groups_visible_to, cameras_visible_to
from detections.criteria.criteria import Criteria
from detections.errors import CriteriaRefusedError
from detections.models import Detection
from vehicles.plates.provinces import PROVINCES

# More cameras than this are found by group, by the map, or by another search.
CHOICES_MOST = 2000


class SearchForm(forms.Form):
    """The search page: its fields are the parameters of `Criteria`, which alone decides.

    `criteria` is None where something is wrong; the fields then say what.
    """

    text = forms.CharField(label=_("Plate"), required=False)
    match = forms.ChoiceField(
        label=_("Find"),
        required=False,
        choices=[
            ("", _("as written, with ? and *")),
            ("fuzzy", _("what is alike")),
            ("prefix", _("what begins so")),
            ("exact", _("exactly this")),
            ("wildcard", _("pattern with ? and *")),
            ("regex", _("regular expression")),
        ],
    )
    since = forms.CharField(label=_("From"), required=False)
    until = forms.CharField(label=_("Until"), required=False)
    camera = forms.MultipleChoiceField(label=_("Cameras"), required=False)
    group = forms.MultipleChoiceField(label=_("Groups"), required=False)
    country = forms.CharField(label=_("Country"), required=False)
    province = forms.ChoiceField(label=_("Province"), required=False)
    vehicle_kind = forms.MultipleChoiceField(
        label=_("Vehicle type"), required=False, choices=Detection.VehicleKind.choices
    )
    vehicle_color = forms.MultipleChoiceField(
        label=_("Vehicle colour"), required=False, choices=Detection.VehicleColor.choices
    )
    direction = forms.MultipleChoiceField(
        label=_("Direction"), required=False, choices=Detection.Direction.choices
    )
    min_confidence = forms.CharField(label=_("Confidence from"), required=False)
    max_confidence = forms.CharField(label=_("Confidence to"), required=False)
    review = forms.MultipleChoiceField(
        label=_("State"), required=False, choices=Detection.Review.choices
    )
    reviewed = forms.ChoiceField(label=_("Decided by a person"), required=False)
    hit = forms.ChoiceField(label=_("On a watchlist"), required=False)
    has_plate = forms.ChoiceField(label=_("Has a plate"), required=False)
    seen_at_least = forms.CharField(label=_("Seen at least"), required=False)
    seen_at_most = forms.CharField(label=_("Seen at most"), required=False)
    most_distance = forms.CharField(label=_("Distance at most"), required=False)
    area = forms.CharField(label=_("Area"), required=False, widget=forms.HiddenInput)
    near = forms.CharField(label=_("Circle"), required=False, widget=forms.HiddenInput)

    ADVANCED = (
        "since",
        "until",
        "country",
        "province",
        "camera",
        "group",
        "min_confidence",
        "max_confidence",
        "seen_at_least",
        "seen_at_most",
        "reviewed",
        "hit",
        "has_plate",
        "most_distance",
    )
    CHIPS = ("vehicle_kind", "vehicle_color", "direction", "review")

    def __init__(self, data: QueryDict, *, user: User) -> None:
        super().__init__(data)
        self.criteria: Criteria | None = None
        yes_or_no = [("", _("Any")), ("true", _("yes")), ("false", _("no"))]
        for name in ("reviewed", "hit", "has_plate"):
            self.fields[name].widget = forms.Select(choices=yes_or_no)
        is_thai = (get_language() or "").startswith("th")
        named = sorted((row.name_th if is_thai else row.name_en, row.code) for row in PROVINCES)
        self.fields["province"].widget = forms.Select(
            choices=[("", _("Any")), *((code, name) for name, code in named)]
        )
        for name in self.CHIPS:
            choices: Any = cast("forms.ChoiceField", self.fields[name]).choices
            self.fields[name].widget = forms.CheckboxSelectMultiple(choices=choices)
        for name, rows in (
            ("camera", cameras_visible_to(user).order_by("name").select_related(None)),
            ("group", camera_groups_visible_to(user).order_by("name").select_related(None)),
        ):
            listed = [(str(pk), text) for pk, text in rows.values_list("pk", "name")[:CHOICES_MOST]]
            self.fields[name].widget = forms.SelectMultiple(choices=listed, attrs={"size": 4})
        self._has_groups = bool(cast("forms.Select", self.fields["group"].widget).choices)
        for name in ("since", "until"):
            self.fields[name].widget = forms.TextInput(attrs={"type": "datetime-local"})
        for name, most in (("min_confidence", 1), ("max_confidence", 1), ("most_distance", 4)):
            attributes = {"type": "number", "min": 0, "max": most, "step": "any"}
            self.fields[name].widget = forms.TextInput(attrs=attributes)
        for name in ("seen_at_least", "seen_at_most"):
            self.fields[name].widget = forms.TextInput(attrs={"type": "number", "min": 1})
        self.fields["text"].widget = forms.TextInput(
            attrs={"maxlength": 64, "autocomplete": "off", "placeholder": "1กข 1234"}
        )
        self.fields["country"].widget = forms.TextInput(
            attrs={"maxlength": 60, "autocomplete": "off"}
        )

    def full_clean(self) -> None:
        """Every field as it came; what is wrong with it, `Criteria` says."""
        self._errors = ErrorDict()
        self.cleaned_data: dict[str, Any] = {}
        try:
            self.criteria = Criteria.from_query(
                cast("QueryDict", self.data), zone=get_current_timezone()
            )
        except CriteriaRefusedError as error:
            for name, sentences in error.detail.items():
                self._errors[name] = self.error_class(sentences, renderer=self.renderer)

    @property
    def filters_set(self) -> int:
        """How many filters beside the simple box are set."""
        return sum(bool(self.data.get(name)) for name in self._filters)

    @property
    def filters_wrong(self) -> bool:
        """Whether a filter must be corrected, so that it must be seen."""
        return any(name in self.errors for name in self._filters)

    @property
    def _filters(self) -> tuple[str, ...]:
        return (*self.ADVANCED, *self.CHIPS, "area", "near")

    @property
    def advanced(self) -> list[forms.BoundField]:
        return [self[name] for name in self.ADVANCED if name != "group" or self._has_groups]

    @property
    def chips(self) -> list[forms.BoundField]:
        return [self[name] for name in self.CHIPS]
