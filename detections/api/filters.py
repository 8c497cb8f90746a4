"""Query parameters of detections and uploads."""

from datetime import datetime

import django_filters
from django.db.models import QuerySet

from detections.models import Detection, Upload
from detections.selectors import in_time
from vehicles.selectors import plates_numbered


class UuidListFilter(
    django_filters.BaseInFilter,  # type: ignore[misc]  # no types
    django_filters.UUIDFilter,  # type: ignore[misc]  # no types
):
    """One id, or several with commas between."""


class DetectionFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """By time, camera, plate, vehicle, certainty, review and origin."""

    since = django_filters.IsoDateTimeFilter(
        method="filter_since", help_text="Captured then or later."
    )
    until = django_filters.IsoDateTimeFilter(method="filter_until", help_text="Captured before.")
    camera = UuidListFilter(field_name="camera_id", help_text="Camera ids, with commas between.")
    group = django_filters.NumberFilter(
        field_name="camera__groups", help_text="Id of a camera group."
    )
    number = django_filters.CharFilter(
        method="filter_number", help_text="Exactly this number, written in any way."
    )
    number_prefix = django_filters.CharFilter(
        method="filter_prefix", help_text="Numbers that begin so, written in any way."
    )
    country = django_filters.CharFilter(
        field_name="plate__country", lookup_expr="iexact", help_text="ISO 3166-1 alpha-2."
    )
    province = django_filters.CharFilter(
        field_name="plate__province", lookup_expr="iexact", help_text="ISO 3166-2."
    )
    review = django_filters.MultipleChoiceFilter(choices=Detection.Review.choices)
    origin = django_filters.MultipleChoiceFilter(choices=Detection.Origin.choices)
    min_confidence = django_filters.NumberFilter(
        field_name="confidence", lookup_expr="gte", min_value=0, max_value=1
    )
    direction = django_filters.CharFilter(
        help_text="Which way it went in the picture: approaching, receding, left or right."
    )
    vehicle_kind = django_filters.CharFilter(
        help_text="car, pickup, van, truck, bus or motorcycle."
    )
    vehicle_color = django_filters.CharFilter(
        help_text="white, black, gray, red, blue, green, yellow, orange or brown."
    )
    upload = django_filters.UUIDFilter(field_name="upload_id", help_text="Id of an upload.")

    class Meta:
        model = Detection
        fields: list[str] = []

    def filter_since(
        self, detections: QuerySet[Detection], _name: str, since: datetime
    ) -> QuerySet[Detection]:
        return detections.filter(in_time(since=since))

    def filter_until(
        self, detections: QuerySet[Detection], _name: str, until: datetime
    ) -> QuerySet[Detection]:
        return detections.filter(in_time(until=until))

    def filter_number(
        self, detections: QuerySet[Detection], _name: str, text: str
    ) -> QuerySet[Detection]:
        return detections.filter(plate__in=plates_numbered(text))

    def filter_prefix(
        self, detections: QuerySet[Detection], _name: str, text: str
    ) -> QuerySet[Detection]:
        return detections.filter(plate__in=plates_numbered(text, is_prefix=True))


class UploadFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """By camera and state."""

    camera = django_filters.UUIDFilter(field_name="camera_id")
    state = django_filters.MultipleChoiceFilter(choices=Upload.State.choices)

    class Meta:
        model = Upload
        fields: list[str] = []
