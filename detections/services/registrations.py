"""Which registration a reading is recorded under: as read, or what a rule makes of it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from detections.models import CorrectionRule
from detections.selectors import active_rules
from vehicles.services import PlateKey

Row = dict[str, Any]
"""The columns of one detection that is being recorded."""


def registrations_of(rows: Sequence[Row]) -> dict[UUID, PlateKey]:
    """The registration of each row: as read, or what a rule of its camera makes of it."""
    rules = defaultdict(list)
    for rule in active_rules({row["camera_id"] for row in rows}):
        rules[rule.camera_id].append(rule)
    return {row["id"]: _plate_key(row, rules[row["camera_id"]]) for row in rows}


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
