"""Form fields that a person sets by pointing: a position on a map, areas of a picture, hours."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from lpr_project.common.admin import module

SRID = 4326


class PositionWidget(forms.MultiWidget):
    """Latitude and longitude as numbers, and a map whose marker moves them."""

    template_name = "admin/cameras/widgets/position.html"

    class Media:
        css = {"all": ["vendor/leaflet/leaflet.css", "admin_lpr/widgets.css"]}
        js = ["vendor/leaflet/leaflet.js", module("admin_lpr/position.js")]

    # Other cameras that the person sees, for bearings: name, latitude, longitude.
    neighbours: tuple[dict[str, Any], ...] = ()

    def __init__(self) -> None:
        number = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(
            {
                "latitude": UnfoldAdminTextInputWidget(number | {"placeholder": "13.7563"}),
                "longitude": UnfoldAdminTextInputWidget(number | {"placeholder": "100.5018"}),
            }
        )

    def decompress(self, value: Point | None) -> list[float | None]:
        return [round(value.y, 6), round(value.x, 6)] if value else [None, None]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["neighbours"] = list(self.neighbours)
        context["map"] = {
            "land": static("admin_lpr/land.json"),
            "tiles": settings.MAP_TILE_URL,
            "attribution": settings.MAP_TILE_ATTRIBUTION,
        }
        return context


class PositionField(forms.MultiValueField):
    """A point, from latitude and longitude in degrees."""

    widget = PositionWidget

    def __init__(self, **options: Any) -> None:
        fields = [_degrees(90), _degrees(180)]
        super().__init__(fields, require_all_fields=False, **options)

    def compress(self, values: list[float | None]) -> Point | None:
        latitude, longitude = values or (None, None)
        if latitude is None and longitude is None:
            return None
        if latitude is None or longitude is None:
            raise ValidationError(_("Give both latitude and longitude, or neither."))
        return Point(longitude, latitude, srid=SRID)


def _degrees(most: int) -> forms.FloatField:
    bounds = [MinValueValidator(-most), MaxValueValidator(most)]
    return forms.FloatField(required=False, validators=bounds)


class AreasWidget(UnfoldAdminTextareaWidget):  # type: ignore[misc]  # Unfold ships no types
    """Areas as text, folded away; `AreaEditorWidget` draws them."""

    template_name = "admin/cameras/widgets/areas.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 4, "spellcheck": "false", **(attrs or {})})


class AreaEditorWidget(AreasWidget):
    """The areas to look at as text, and the editor for these and the ones never to look at."""

    template_name = "admin/cameras/widgets/area_editor.html"

    class Media:
        css = {"all": ["admin_lpr/widgets.css"]}
        js = [module("admin_lpr/areas.js")]

    picture_urls: tuple[str, ...] = ()

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["picture_urls"] = self.picture_urls
        return context


class ActiveHoursWidget(UnfoldAdminTextareaWidget):  # type: ignore[misc]  # Unfold ships no types
    """Hours as text, and rows of days and times that write it."""

    template_name = "admin/cameras/widgets/active_hours.html"

    class Media:
        css = {"all": ["admin_lpr/widgets.css"]}
        js = [module("admin_lpr/active_hours.js")]

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 3, "spellcheck": "false", **(attrs or {})})
