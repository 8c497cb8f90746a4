"""Counts of what was measured, and the intervals in which the true shares lie."""

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Failure(StrEnum):
    """What went wrong with a labelled plate; the first that applies."""

    NOT_FOUND = "not_found"
    REJECTED = "rejected"
    """It was found, and a rule rejected it: too small, low confidence, bad format…"""
    CONFUSABLE_ONLY = "confusable_only"
    """As long as the label, and wrong only where characters are confusable, such as 8 and B."""
    WRONG_LENGTH = "wrong_length"
    WRONG_CHARACTER = "wrong_character"
    PROVINCE_WRONG = "province_wrong"
    """The number is right, and the province is another or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many, with the interval in which the true share lies at 95 %."""

    count: int
    total: int

    @property
    def rate(self) -> float | None:
        return self.count / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson score interval.

        Source: E. B. Wilson, "Probable inference", JASA 22 (1927), eq. 4; z = 1.96.

        >>> [round(end, 3) for end in Share(count=94, total=100).interval]
        [0.875, 0.972]
        """
        if not self.total:
            return None
        z, n, rate = 1.96, self.total, self.count / self.total
        center = (rate + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
        return max(center - half, 0.0), min(center + half, 1.0)

    def described(self) -> dict[str, Any]:
        """As JSON values; rate and interval are None where nothing was labelled."""
        return {
            "count": self.count,
            "of": self.total,
            "rate": None if self.rate is None else round(self.rate, 4),
            "interval_95": self.interval and [round(end, 4) for end in self.interval],
        }


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of one folder. `rejections` are the reasons of the failures that are rejections."""

    pictures: int = 0
    plates: int = 0
    boxed: int = 0
    found_strict: int = 0
    found_loose: int = 0
    texts: int = 0
    exact: int = 0
    exact_folded: int = 0
    provinces: int = 0
    province_exact: int = 0
    scenes: int = 0
    false_boxes: int = 0
    milliseconds: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    rejections: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, other: "Tally") -> "Tally":
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    def summary(self) -> dict[str, Any]:
        """What the folder shows, as JSON values; a share is None where nothing was labelled."""
        shares = {
            "found_iou_50": Share(count=self.found_strict, total=self.boxed),
            "found_iou_30_or_center": Share(count=self.found_loose, total=self.boxed),
            "exact": Share(count=self.exact, total=self.texts),
            "exact_folded": Share(count=self.exact_folded, total=self.texts),
            "province_exact": Share(count=self.province_exact, total=self.provinces),
        }
        p50, p95 = _percentiles(self.milliseconds)
        return {
            "pictures": self.pictures,
            "plates": self.plates,
            **{name: share.described() for name, share in shares.items()},
            "false_boxes_per_picture": (
                round(self.false_boxes / self.scenes, 3) if self.scenes else None
            ),
            "failures": {kind.value: self.failures[kind] for kind in Failure},
            "rejections": dict(self.rejections.most_common()),
            "ms_p50": round(p50, 2),
            "ms_p95": round(p95, 2),
            "pictures_per_second": round(1_000 / statistics.fmean(self.milliseconds), 2),
        }


def _percentiles(values: Sequence[float]) -> tuple[float, float]:
    if len(values) == 1:
        return values[0], values[0]
    cuts = statistics.quantiles(values, n=20, method="inclusive")
    return cuts[9], cuts[18]
