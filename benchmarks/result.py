"""What a benchmark answers."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run of one benchmark.

    `figures` are the product's, `limit` those of the bare parts in the same run; names carry their
    unit. `reached` is the figure that `goal` is about, both in `unit`. `conditions` says on what it
    was measured, and `notes` what else stands beside a figure, such as the plan of a query.
    """

    name: str
    figures: Mapping[str, float]
    limit: Mapping[str, float]
    reached: float
    goal: float
    better: Literal["lower", "higher"]
    unit: str
    conditions: str
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_met(self) -> bool:
        return self.reached <= self.goal if self.better == "lower" else self.reached >= self.goal

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "is_met": self.is_met}
