"""Writes of plates and vehicles."""

from vehicles.services.audit import audit_plate_search
from vehicles.services.forgetting import forget_plates, forget_unseen_plates, hold_plates
from vehicles.services.sightings import (
    PlateKey,
    Remaining,
    Sighting,
    count_sightings,
    take_back_sightings,
)

__all__ = [
    "PlateKey",
    "Remaining",
    "Sighting",
    "audit_plate_search",
    "count_sightings",
    "forget_plates",
    "forget_unseen_plates",
    "hold_plates",
    "take_back_sightings",
]
