"""Query parameters of plates."""

import django_filters
from django.db.models import QuerySet

from vehicles.models import Plate
from vehicles.selectors import plates_numbered


class PlateFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """By number, country, province, and when last seen."""

    number = django_filters.CharFilter(
        method="filter_number", help_text="Exactly this number, written in any way."
    )
    number_prefix = django_filters.CharFilter(
        method="filter_prefix", help_text="Numbers that begin so, written in any way."
    )
    country = django_filters.CharFilter(
        lookup_expr="iexact", help_text="ISO 3166-1 alpha-2, such as TH."
    )
    province = django_filters.CharFilter(
        lookup_expr="iexact", help_text="ISO 3166-2, such as TH-10."
    )
    seen_since = django_filters.IsoDateTimeFilter(
        field_name="last_seen_at", lookup_expr="gte", help_text="Last seen then or later."
    )

    status = django_filters.ChoiceFilter(choices=Plate.Status.choices)
    vehicle = django_filters.UUIDFilter(
        field_name="vehicle_id", help_text="Plates that this vehicle has today."
    )

    class Meta:
        model = Plate
        fields: list[str] = []

    def filter_number(self, plates: QuerySet[Plate], _name: str, text: str) -> QuerySet[Plate]:
        return plates.filter(pk__in=plates_numbered(text).values("pk"))

    def filter_prefix(self, plates: QuerySet[Plate], _name: str, text: str) -> QuerySet[Plate]:
        return plates.filter(pk__in=plates_numbered(text, is_prefix=True).values("pk"))
