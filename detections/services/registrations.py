"""Which registration a reading is recorded under: as read, or what is known to be meant."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from detections.models import CorrectionRule
from detections.selectors import active_rules
from vehicles.selectors import sole_registrations
from vehicles.services import PlateKey

Row = dict[str, Any]
"""The columns of one detection that is being recorded."""

# Of so many letters and digits a number tells a vehicle from others; "123" stands on many.
TELLING_LETTERS = 5


def registrations_of(rows: Sequence[Row]) -> dict[UUID, PlateKey]:
    """The registration of each row: as read, or what a rule of its camera makes of it.

    Where no country could be told, and the organization knows the number of one country alone, it
    is that registration: otherwise one vehicle would be two plates. What was read stays as it is.
    """
    rules = defaultdict(list)
    for rule in active_rules({row["camera_id"] for row in rows}):
        rules[rule.camera_id].append(rule)
    keys = {row["id"]: _plate_key(row, rules[row["camera_id"]]) for row in rows}
    unplaced = {
        row["id"]: (row["organization_id"], keys[row["id"]].number)
        for row in rows
        if _is_unplaced(keys[row["id"]])
    }
    if unplaced:
        known = sole_registrations(set(unplaced.values()))
        for pk, asked in unplaced.items():
            keys[pk] = PlateKey(asked[1], *known.get(asked, ("", "")))
    return keys


def _is_unplaced(key: PlateKey) -> bool:
    return not (key.country or key.province) and len(key.number) >= TELLING_LETTERS


def _plate_key(row: Row, rules: Sequence[CorrectionRule]) -> PlateKey:
    read = PlateKey(row["read_number"], row["read_country"], row["read_province"])
    for rule in rules:
        number = rule.rewrite(read.number)
        if number is not None:
            # What was read stays in `read_*`; the page says which rule made the plate of it.
            applied = {"id": rule.pk, "read": read.number, "number": number}
            row["evidence"] = {**row["evidence"], "rule": applied}
            return PlateKey(number, rule.country or read.country, rule.province or read.province)
    return read
