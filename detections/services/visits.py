"""Visits: passes at one place that lie close together in time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One passing of a camera; `place` is what visits are told apart by."""

    id: UUID
    at: datetime
    camera: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Passes at one place, none of which lies further than the gap from the one before."""

    place: str
    entry: Pass
    exit: Pass
    passes: int

    @property
    def dwell(self) -> timedelta:
        """From the first pass to the last; nothing where there was one."""
        return self.exit.at - self.entry.at


def visits_of(passes: Iterable[Pass], *, gap: timedelta) -> list[Visit]:
    """Group passes into visits, the last begun first.

    Args:
        passes: In any order.
        gap: A longer silence at a place ends the visit there; other places do not.
    """
    open_visits: dict[str, Visit] = {}
    done: list[Visit] = []
    for passed in sorted(passes, key=lambda item: (item.at, item.id)):
        visit = open_visits.get(passed.place)
        if visit is not None and passed.at - visit.exit.at <= gap:
            open_visits[passed.place] = Visit(
                place=visit.place, entry=visit.entry, exit=passed, passes=visit.passes + 1
            )
            continue
        if visit is not None:
            done.append(visit)
        open_visits[passed.place] = Visit(place=passed.place, entry=passed, exit=passed, passes=1)
    return sorted([*done, *open_visits.values()], key=lambda visit: visit.entry.at, reverse=True)
