"""Reads and writes the area of a list: polygons as GeoJSON, checked as those of searches are."""

from typing import Any

import orjson
from django.contrib.gis.geos import MultiPolygon
from django.utils.translation import gettext as _

from detections.criteria.area import AreaError, read_outline

POLYGONS_MOST = 50


def read_area(shape: Any) -> MultiPolygon | None:
    """The area that a Polygon or MultiPolygon of GeoJSON says; None: everywhere.

    Raises:
        AreaError: It is none, or crosses itself, in words.

    Source: RFC 7946, sections 3.1.6 and 3.1.7.
    """
    if shape is None:
        return None
    polygons = shape.get("coordinates") if isinstance(shape, dict) else None
    if not isinstance(shape, dict) or shape.get("type") != "MultiPolygon":
        return MultiPolygon(read_outline(orjson.dumps(shape).decode()).polygon, srid=4326)
    if not isinstance(polygons, list) or not 0 < len(polygons) <= POLYGONS_MOST:
        raise AreaError(_("An area has 1 to %(most)d polygons.") % {"most": POLYGONS_MOST})
    outlines = [
        read_outline(orjson.dumps({"type": "Polygon", "coordinates": polygon}).decode())
        for polygon in polygons
    ]
    return MultiPolygon(*(outline.polygon for outline in outlines), srid=4326)


def write_area(area: MultiPolygon | None) -> dict[str, Any] | None:
    """An area as GeoJSON: a Polygon where it is one."""
    if area is None:
        return None
    shape: dict[str, Any] = orjson.loads(area.geojson)
    if len(shape["coordinates"]) == 1:
        return {"type": "Polygon", "coordinates": shape["coordinates"][0]}
    return {"type": "MultiPolygon", "coordinates": shape["coordinates"]}
