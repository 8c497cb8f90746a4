"""What each line of a file would change, compared with what is known; nothing is written here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from accounts.models import Organization
from vehicles.errors import NumberRefusedError, VehicleRefusedError
from vehicles.models import CustomField, ImportLine, Plate, Tenure, Vehicle
from vehicles.services.custom import read_custom, read_tags
from vehicles.services.imports.columns import CUSTOM, NUMBER, read_cells
from vehicles.services.imports.tables import Line
from vehicles.services.registrations import read_registration
from vehicles.services.sightings import PlateKey
from vehicles.services.vehicles import TEXT_FIELDS

_AT_ONCE = 500
_NUMBER_LONGEST = 120


@dataclass(slots=True, kw_only=True)
class Plan:
    """What one line wants: the registration, its vehicle, and what would change from what to what.

    `plate` and `vehicle` are None where they are not known yet.
    """

    line: int
    key: PlateKey | None = None
    plate: Plate | None = None
    vehicle: Vehicle | None = None
    written: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, list[Any]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def outcome(self) -> ImportLine.Outcome:
        if self.errors:
            return ImportLine.Outcome.WRONG
        if self.vehicle is None:
            return ImportLine.Outcome.NEW
        return ImportLine.Outcome.CHANGED if self.changes else ImportLine.Outcome.UNCHANGED

    @property
    def label(self) -> str:
        """The registration as it is shown beside the line; as written where it is none."""
        shown = " ".join(filter(None, self.key)) if self.key else str(self.written.get(NUMBER, ""))
        return shown[:_NUMBER_LONGEST]


def plan_lines(
    *,
    organization: Organization,
    lines: Iterable[Line],
    mapping: Sequence[str],
    fields: Sequence[CustomField],
) -> Iterator[Plan]:
    """A plan for each line; a registration that stands twice is wrong the second time."""
    seen: dict[PlateKey, int] = {}
    waiting: list[Plan] = []
    for line in lines:
        waiting.append(_read(line, mapping, fields, seen))
        if len(waiting) == _AT_ONCE:
            yield from _compare(organization, waiting)
            waiting = []
    yield from _compare(organization, waiting)


def _read(
    line: Line,
    mapping: Sequence[str],
    fields: Sequence[CustomField],
    seen: dict[PlateKey, int],
) -> Plan:
    written, custom, errors = read_cells(line.cells, mapping)
    plan = Plan(line=line.number, written=written, errors=[*line.errors, *errors])
    plan.custom, wrong = read_custom(fields, custom)
    plan.errors += [f"{key}: {' '.join(messages)}" for key, messages in wrong.items()]
    try:
        plan.key = read_registration(
            written.get(NUMBER, ""), written.get("country", ""), written.get("province", "")
        )
    except NumberRefusedError as error:
        plan.errors.append(error.message)
    try:
        read_tags(written.get("tags", ()))
    except VehicleRefusedError as error:
        plan.errors.append(error.message)
    since, until = written.get("since"), written.get("until")
    if since and until and until <= since:
        plan.errors.append("until: The end must come after the beginning.")
    if plan.key is not None:
        first = seen.setdefault(plan.key, line.number)
        if first != line.number:
            plan.errors.append(f"The same plate stands on line {first} already.")
    return plan


def _compare(organization: Organization, plans: Sequence[Plan]) -> Iterator[Plan]:
    numbers = {plan.key.number for plan in plans if plan.key}
    rows = (
        Plate.objects.filter(organization=organization, number__in=numbers)
        .select_related("vehicle")
        .prefetch_related("vehicle__tags", "tenures")
    )
    plates = {PlateKey(row.number, row.country, row.province): row for row in rows}
    for plan in plans:
        plan.plate = plates.get(plan.key) if plan.key else None
        plan.vehicle = plan.plate.vehicle if plan.plate else None
        if not plan.errors:
            plan.changes = _changes(plan)
        yield plan


def _changes(plan: Plan) -> dict[str, list[Any]]:
    vehicle, written = plan.vehicle, plan.written
    before: dict[str, Any] = {
        name: getattr(vehicle, name) if vehicle else "" for name in TEXT_FIELDS
    }
    after = {name: written[name] for name in TEXT_FIELDS if name in written}
    if "tags" in written:
        before["tags"] = sorted(tag.name for tag in vehicle.tags.all()) if vehicle else []
        after["tags"] = sorted(_known_case(read_tags(written["tags"]), before["tags"]))
    if "status" in written:
        before["status"] = plan.plate.status if plan.plate else Plate.Status.UNKNOWN.value
        after["status"] = written["status"]
    for key, value in plan.custom.items():
        before[f"{CUSTOM}{key}"] = vehicle.custom.get(key) if vehicle else None
        after[f"{CUSTOM}{key}"] = value
    changes = {
        name: [before[name], value] for name, value in after.items() if value != before[name]
    }
    return changes | _span_changes(plan)


def _known_case(names: Sequence[str], known: Sequence[str]) -> list[str]:
    """Names as they are known already, where they differ in case alone."""
    by_fold: Mapping[str, str] = {name.casefold(): name for name in known}
    return [by_fold.get(name.casefold(), name) for name in names]


def _span_changes(plan: Plan) -> dict[str, list[Any]]:
    tenure = tenure_of(plan)
    found: dict[str, list[Any]] = {}
    for name in ("since", "until"):
        asked: date | None = plan.written.get(name)
        held: date | None = getattr(tenure, name) if tenure else None
        if asked is not None and asked != held:
            found[name] = [held.isoformat() if held else None, asked.isoformat()]
    return found


def tenure_of(plan: Plan) -> Tenure | None:
    """The time in which the line's plate belongs to its vehicle now."""
    if plan.plate is None or plan.vehicle is None:
        return None
    held = [row for row in plan.plate.tenures.all() if row.vehicle_id == plan.vehicle.pk]
    return held[0] if held else None
