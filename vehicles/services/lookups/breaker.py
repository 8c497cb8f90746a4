"""Leaves a register alone that fails: after so many failures in a row, for a while.

Its state is in the cache; where that was lost, the last results tell the same.
"""

from datetime import UTC, datetime
from typing import Literal, NamedTuple

from django.core.cache import cache
from django.utils import timezone
from redis.exceptions import RedisError

from vehicles.models import LookUpResult, LookUpSource

_KEPT_SECONDS = 86_400
State = Literal["closed", "half-open", "open"]


class Standing(NamedTuple):
    """Failures in a row, and when the last of them was, in seconds since 1970."""

    failures: int
    failed_at: float


def state_of(source: LookUpSource) -> State:
    """Whether a register is asked: `half-open` lets one through to see how it fares."""
    standing = _standing(source)
    if standing.failures < source.failures_most:
        return "closed"
    over = timezone.now().timestamp() - standing.failed_at >= source.pause_seconds
    return "half-open" if over else "open"


def resumes_at(source: LookUpSource) -> datetime:
    """When a register that is left alone may be asked again."""
    return datetime.fromtimestamp(_standing(source).failed_at + source.pause_seconds, tz=UTC)


def take_probe(source: LookUpSource) -> bool:
    """Whether the caller is the one that may try a half-open register."""
    try:
        return bool(cache.add(f"look-up-probe:{source.pk}", 1, source.limit_seconds + 5))
    except (RedisError, OSError):
        return True


def note_result(source: LookUpSource, *, has_failed: bool) -> None:
    """Count a failure, or forget those before. Called before the result's row is written."""
    failures = _standing(source).failures + 1 if has_failed else 0
    _keep(source, Standing(failures, timezone.now().timestamp()))
    try:
        cache.delete(f"look-up-probe:{source.pk}")
    except (RedisError, OSError):
        return


def _standing(source: LookUpSource) -> Standing:
    try:
        kept = cache.get(f"look-up-breaker:{source.pk}")
    except (RedisError, OSError):
        kept = None
    if kept is not None:
        return Standing(int(kept[0]), float(kept[1]))
    standing = _from_results(source)
    _keep(source, standing)
    return standing


def _keep(source: LookUpSource, standing: Standing) -> None:
    try:
        cache.set(f"look-up-breaker:{source.pk}", list(standing), _KEPT_SECONDS)
    except (RedisError, OSError):
        return


def _from_results(source: LookUpSource) -> Standing:
    last = LookUpResult.objects.filter(source=source).order_by("-id")
    failures, failed_at = 0, 0.0
    for outcome, at in last.values_list("outcome", "at")[: source.failures_most]:
        if outcome != LookUpResult.Outcome.FAILED:
            break
        failures += 1
        failed_at = max(failed_at, at.timestamp())
    return Standing(failures, failed_at)
