"""What people ask for in lists, and what they send."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cameras.models import Camera, CameraGroup
from cameras.selectors import camera_groups_visible_to, cameras_visible_to
from detections.criteria.criteria import Criteria
from detections.events import LiveDetection
from detections.models import Detection, NumberMatch
from detections.selectors import CORRECTING_ROLES, cameras_reviewed_by, in_time
from detections.selectors.hits import hits_seen_by
from vehicles.models import Plate
from vehicles.plates.text import PlateTextError, normalise_part

NO_CAMERA = UUID(int=0)
CONFIDENCES = (("0.95", "95 %"), ("0.85", "85 %"), ("0.7", "70 %"), ("0.5", "50 %"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionFilter:
    """Which detections are wanted; the same for rows and for live events.

    `camera_ids` None means every camera that the person sees; `prefix` is normalised.
    """

    camera_ids: frozenset[UUID] | None = None
    prefix: str = ""
    review: str = ""
    least_confidence: float = 0.0

    def matches(self, detection: LiveDetection) -> bool:
        """Whether a live event is wanted; its camera was decided by the groups joined."""
        return (
            detection["number"].startswith(self.prefix)
            and self.review in {"", detection["review"]}
            and detection["confidence"] >= self.least_confidence
        )

    def narrow(self, detections: QuerySet[Detection]) -> QuerySet[Detection]:
        """Only the rows that are wanted."""
        if self.camera_ids is not None:
            detections = detections.filter(camera_id__in=self.camera_ids)
        if self.prefix:
            plates = Plate.objects.filter(number__startswith=self.prefix)
            detections = detections.filter(plate__in=plates.values("pk"))
        if self.review:
            detections = detections.filter(review=self.review)
        else:
            # The pass that it was merged into stands for it.
            detections = detections.exclude(review=Detection.Review.MERGED)
        if self.least_confidence:
            detections = detections.filter(confidence__gte=self.least_confidence)
        return detections


class LiveFilterForm(forms.Form):
    """The filters of the live page. What is wrong or not to be seen is left out and named."""

    text = forms.CharField(label=_("Plate begins with"), required=False, max_length=32, strip=True)
    camera = forms.ModelChoiceField(
        Camera.objects.none(), label=_("Camera"), required=False, empty_label=_("All cameras")
    )
    group = forms.ModelChoiceField(
        CameraGroup.objects.none(), label=_("Group"), required=False, empty_label=_("All groups")
    )
    review = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("Any state")), *Detection.Review.choices],
    )
    confidence = forms.ChoiceField(
        label=_("Confidence from"), required=False, choices=[("", _("Any")), *CONFIDENCES]
    )

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        choose_from(self.fields["camera"], cameras_visible_to(user).order_by("name"))
        choose_from(self.fields["group"], camera_groups_visible_to(user).order_by("name"))

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        try:
            return normalise_part(text) if text else ""
        except PlateTextError as error:
            raise ValidationError(str(error)) from error

    @property
    def filter(self) -> DetectionFilter:
        """What was asked for, as far as it is valid."""
        if not hasattr(self, "cleaned_data"):
            self.full_clean()
        asked = self.cleaned_data
        return DetectionFilter(
            camera_ids=_camera_ids(asked.get("camera"), asked.get("group")),
            prefix=asked.get("text", ""),
            review=asked.get("review", ""),
            least_confidence=float(asked.get("confidence") or 0),
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether anything was asked for."""
        return any(self.data.get(name) for name in self.fields)


class DetectionFilterForm(LiveFilterForm):
    """The filters of the list, with a span of time in the organization's zone."""

    direction = forms.ChoiceField(
        label=_("Direction"),
        required=False,
        choices=[("", _("Any")), *Detection.Direction.choices],
    )
    vehicle_kind = forms.ChoiceField(
        label=_("Vehicle type"),
        required=False,
        choices=[("", _("Any")), *Detection.VehicleKind.choices],
    )
    vehicle_color = forms.ChoiceField(
        label=_("Vehicle colour"),
        required=False,
        choices=[("", _("Any")), *Detection.VehicleColor.choices],
    )
    hit = forms.ChoiceField(
        label=_("On a watchlist"),
        required=False,
        choices=[("", _("Any")), ("true", _("yes")), ("false", _("no"))],
    )
    since = forms.DateTimeField(label=_("From"), required=False, widget=forms.DateTimeInput)
    until = forms.DateTimeField(label=_("Until"), required=False, widget=forms.DateTimeInput)

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data, user=user)
        self._user = user
        for name in ("since", "until"):
            field = self.fields[name]
            field.widget = forms.DateTimeInput(
                attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
            )

    def clean(self) -> dict[str, Any]:
        asked = super().clean() or self.cleaned_data
        since, until = asked.get("since"), asked.get("until")
        if since and until and since >= until:
            raise ValidationError({"until": _("Must be later than the beginning.")})
        return asked

    @property
    def is_hit(self) -> bool | None:
        """Whether a list names it whose hits the person may see; None where both will do."""
        return {"true": True, "false": False}.get(self.cleaned_data.get("hit", ""))

    @property
    def criteria(self) -> Criteria:
        """The same as a value, for exports and evidence packs of what the list shows."""
        chosen, asked = self.filter, self.cleaned_data
        cameras = chosen.camera_ids
        return Criteria(
            text=chosen.prefix,
            match="prefix" if chosen.prefix else "",
            since=asked.get("since"),
            until=asked.get("until"),
            # No camera at all is not the same as any.
            cameras=() if cameras is None else tuple(sorted(cameras)) or (NO_CAMERA,),
            reviews=(chosen.review,) if chosen.review else (),
            min_confidence=chosen.least_confidence or None,
            directions=_chosen(asked, "direction"),
            vehicle_kinds=_chosen(asked, "vehicle_kind"),
            vehicle_colors=_chosen(asked, "vehicle_color"),
            is_hit=self.is_hit,
        )

    def narrow(self, detections: QuerySet[Detection]) -> QuerySet[Detection]:
        """Only the rows that are wanted, as far as the form is valid."""
        chosen = self.filter
        span = in_time(since=self.cleaned_data.get("since"), until=self.cleaned_data.get("until"))
        names = ("direction", "vehicle_kind", "vehicle_color")
        vehicle = {name: asked for name in names if (asked := self.cleaned_data.get(name))}
        if self.is_hit is not None:
            hits = hits_seen_by(self._user)
            detections = detections.filter(hits if self.is_hit else ~hits)
        return chosen.narrow(detections).filter(span, **vehicle)


class ReviewFilterForm(forms.Form):
    """What a reviewer wants to look at."""

    camera = forms.ModelChoiceField(
        Camera.objects.none(), label=_("Camera"), required=False, empty_label=_("All cameras")
    )
    sample = forms.BooleanField(label=_("Only the random sample"), required=False)

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        choose_from(self.fields["camera"], cameras_reviewed_by(user).order_by("name"))
        self.full_clean()

    @property
    def camera_ids(self) -> list[UUID]:
        """The camera that was asked for, if any."""
        camera: Camera | None = self.cleaned_data.get("camera")
        return [camera.pk] if camera else []

    @property
    def only_sample(self) -> bool:
        return bool(self.cleaned_data.get("sample"))


class CorrectionForm(forms.Form):
    """What is read wrongly at a camera, and what it is."""

    camera = forms.ModelChoiceField(
        Camera.objects.none(), label=_("Camera"), empty_label=_("Choose a camera")
    )
    read_number = forms.CharField(label=_("What was read"), max_length=64)
    match = forms.ChoiceField(label=_("This is"), choices=NumberMatch.choices)
    number = forms.CharField(label=_("What it is"), max_length=64)
    country = forms.CharField(
        label=_("Country"),
        required=False,
        max_length=60,
        help_text=_("Name or two letters. Empty: as read."),
    )
    province = forms.CharField(
        label=_("Province"),
        required=False,
        max_length=64,
        help_text=_("Name or code. Empty: as read."),
        widget=forms.TextInput(attrs={"list": "provinces"}),
    )
    since = forms.DateTimeField(label=_("From"), required=False)
    until = forms.DateTimeField(label=_("Until"), required=False)
    reason = forms.CharField(label=_("Reason"), required=False, max_length=300)

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        cameras = cameras_reviewed_by(user, *CORRECTING_ROLES).order_by("name")
        choose_from(self.fields["camera"], cameras)
        for name in ("since", "until"):
            self.fields[name].widget = forms.DateTimeInput(
                attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
            )


class UploadForm(forms.Form):
    """A picture or video to be read."""

    file = forms.FileField(label=_("File"))
    camera = forms.ModelChoiceField(
        Camera.objects.none(),
        label=_("Camera"),
        empty_label=_("Choose a camera"),
        help_text=_("Where it was taken. Its thresholds and models are used."),
    )
    captured_at = forms.DateTimeField(
        label=_("Taken at"),
        required=False,
        help_text=_("Empty: now. For a video, when it begins."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, data: Any = None, files: Any = None, *, user: User) -> None:
        super().__init__(data, files)
        cameras = cameras_visible_to(user, "operate_camera").filter(is_archived=False)
        choose_from(self.fields["camera"], cameras.order_by("name"))
        first_two = list(cameras.values_list("pk", flat=True)[:2])
        if len(first_two) == 1:
            self.fields["camera"].initial = first_two[0]


def _chosen(asked: dict[str, Any], name: str) -> tuple[str, ...]:
    value = asked.get(name)
    return (value,) if value else ()


def choose_from(field: forms.Field, rows: QuerySet[Any]) -> None:
    """Let a field offer these rows, of which only the names are read."""
    cast("forms.ModelChoiceField[Any]", field).queryset = rows.select_related(None).only("name")


def _camera_ids(camera: Camera | None, group: CameraGroup | None) -> frozenset[UUID] | None:
    chosen: list[Iterable[UUID]] = []
    if camera is not None:
        chosen.append([camera.pk])
    if group is not None:
        chosen.append(group.cameras.values_list("pk", flat=True))
    if not chosen:
        return None
    return frozenset.intersection(*(frozenset(ids) for ids in chosen))
