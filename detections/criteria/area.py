"""Where something was seen: inside a polygon, or within some metres of a point."""

import math
from dataclasses import dataclass
from typing import Any

import orjson
from django.contrib.gis.geos import Polygon
from django.utils.translation import gettext as _

CORNERS_LEAST = 3
CORNERS_MOST = 200
RADIUS_MOST_M = 200_000.0
_EAST_MOST, _NORTH_MOST = 180, 90
# Some 20 cm on the ground: more digits only lengthen addresses.
DIGITS = 6


class AreaError(ValueError):
    """No area on the earth; the message says why."""


Corner = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A polygon: its corners as (longitude, latitude) in degrees, the first not repeated."""

    corners: tuple[Corner, ...]

    @property
    def geojson(self) -> dict[str, Any]:
        ring = [list(corner) for corner in (*self.corners, self.corners[0])]
        return {"type": "Polygon", "coordinates": [ring]}

    @property
    def polygon(self) -> Polygon:
        """As PostGIS takes it."""
        return Polygon((*self.corners, self.corners[0]), srid=4326)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """All within `radius_m` of a point, over the ground."""

    longitude: float
    latitude: float
    radius_m: float

    @property
    def text(self) -> str:
        """As `read_circle` reads it."""
        return ",".join(map(_plain, (self.longitude, self.latitude, self.radius_m)))


def _plain(number: float) -> str:
    return f"{number:.{DIGITS}f}".rstrip("0").rstrip(".")


def read_outline(text: str) -> Outline:
    """A polygon from GeoJSON: a Polygon without holes, or a Feature of one.

    Raises:
        AreaError: It is none, or none that lies on the earth and has an inside.

    Source: RFC 7946, section 3.1.6.

    >>> read_outline('{"type": "Polygon", "coordinates": [[[1, 1], [2, 1], [2, 2], [1, 1]]]}')
    Outline(corners=((1.0, 1.0), (2.0, 1.0), (2.0, 2.0)))
    """
    corners = [_corner(pair) for pair in _ring(text)]
    if len(corners) > 1 and corners[0] == corners[-1]:
        corners.pop()
    if len(set(corners)) < CORNERS_LEAST:
        raise AreaError(_("A polygon needs at least three different corners."))
    outline = Outline(corners=tuple(corners))
    if not outline.polygon.exterior_ring.simple or not outline.polygon.area:
        raise AreaError(_("The lines of this polygon cross or enclose nothing. Draw it anew."))
    return outline


def _ring(text: str) -> list[Any]:
    message = _('Give a polygon as GeoJSON: {"type": "Polygon", "coordinates": [[[lon, lat], …]]}.')
    try:
        shape = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise AreaError(message) from error
    if isinstance(shape, dict) and shape.get("type") == "Feature":
        shape = shape.get("geometry")
    if not isinstance(shape, dict) or shape.get("type") != "Polygon":
        raise AreaError(message)
    rings = shape.get("coordinates")
    if not isinstance(rings, list) or len(rings) != 1 or not isinstance(rings[0], list):
        raise AreaError(_("Give a polygon with one outline and no holes."))
    if len(rings[0]) > CORNERS_MOST + 1:
        raise AreaError(
            _("A polygon has at most %(most)d corners. Draw it more simply.")
            % {"most": CORNERS_MOST}
        )
    return rings[0]


def _corner(pair: Any) -> Corner:
    are_numbers = isinstance(pair, list) and all(
        isinstance(number, int | float) and not isinstance(number, bool) for number in pair
    )
    if not are_numbers or len(pair) not in {2, 3}:
        raise AreaError(_("Each corner of a polygon is [longitude, latitude]."))
    return _on_earth(float(pair[0]), float(pair[1]))


def _on_earth(longitude: float, latitude: float) -> Corner:
    if not (abs(longitude) <= _EAST_MOST and abs(latitude) <= _NORTH_MOST):
        raise AreaError(
            _("Longitude lies between -180 and 180 and latitude between -90 and 90 degrees.")
        )
    return round(longitude, DIGITS), round(latitude, DIGITS)


def read_circle(text: str) -> Circle:
    """A circle from `longitude,latitude,metres`.

    Raises:
        AreaError: It is none, or larger than `RADIUS_MOST_M`.

    >>> read_circle("100.5,13.75,500").text
    '100.5,13.75,500'
    """
    try:
        longitude, latitude, radius_m = map(float, text.split(","))
    except ValueError as error:
        raise AreaError(
            _("Give a circle as longitude,latitude,metres, such as 100.5,13.75,500.")
        ) from error
    if not math.isfinite(radius_m) or not 0 < radius_m <= RADIUS_MOST_M:
        raise AreaError(
            _("The radius lies between 1 and %(most)d metres.") % {"most": RADIUS_MOST_M}
        )
    longitude, latitude = _on_earth(longitude, latitude)
    return Circle(longitude=longitude, latitude=latitude, radius_m=round(radius_m, 1))
