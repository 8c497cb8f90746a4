"""A share of counted things, and how well it is known."""

import math
from dataclasses import dataclass


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
