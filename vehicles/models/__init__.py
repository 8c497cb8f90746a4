"""Registrations, vehicles, what is ignored, where look-ups ask, and imports."""

from vehicles.models.ignoring import IgnoredPlate
from vehicles.models.imports import ImportLine, VehicleImport
from vehicles.models.lookups import LookUpEntry, LookUpResult, LookUpSource
from vehicles.models.registrations import NEVER_SEEN, Placed, Plate, PlateStatusEntry, folded
from vehicles.models.vehicles import CustomField, Tag, Tenure, Vehicle, vehicle_words

__all__ = [
    "NEVER_SEEN",
    "CustomField",
    "IgnoredPlate",
    "ImportLine",
    "LookUpEntry",
    "LookUpResult",
    "LookUpSource",
    "Placed",
    "Plate",
    "PlateStatusEntry",
    "Tag",
    "Tenure",
    "Vehicle",
    "VehicleImport",
    "folded",
    "vehicle_words",
]
