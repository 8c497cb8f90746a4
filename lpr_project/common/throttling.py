"""Limits on how often somebody may call, counted in Redis so that all processes count together."""

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import structlog
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from lpr_project.common.origin import current_origin

if TYPE_CHECKING:
    # Imported in earnest, it would import this module.
    from rest_framework.views import APIView

log = structlog.get_logger(__name__)

# Read, refilled and written in one step inside Redis: no two processes take the last token.
# The clock is Redis's, so that clocks of nodes do not matter.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6
local burst, per_second = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local elapsed = now - (tonumber(kept[2]) or now)
local tokens = math.min(burst, (tonumber(kept[1]) or burst) + elapsed * per_second)
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = (1 - tokens) / per_second end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / per_second * 1000))
return tostring(wait)
"""


class Rate(NamedTuple):
    """How many calls may come at once, and how many per minute in the long run."""

    burst: int
    per_minute: int


@cache
def _redis() -> Redis:
    return Redis.from_url(settings.LIMITS_REDIS_URL, socket_timeout=1, socket_connect_timeout=1)


def take_token(name: str, rate: Rate) -> float:
    """Take one token from the bucket of that name.

    Returns:
        0.0 where there was one, else the seconds until there is.

    Raises:
        redis.exceptions.RedisError: Redis does not answer.

    Source: the token bucket of RFC 2697, section 3, with one rate and one burst size.
    """
    take = _redis().register_script(_TAKE)
    return float(take(keys=[f"lpr:limit:{name}"], args=[rate.burst, rate.per_minute / 60]))


class TokenBucketThrottle(BaseThrottle):
    """Limits by the view's `throttle_scope`, else `user` or `anonymous`, per account or address."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        who = request.user.pk or current_origin.get().ip_address
        scope = getattr(view, "throttle_scope", None) or (
            "user" if request.user.pk else "anonymous"
        )
        try:
            self._wait_seconds = take_token(f"{scope}:{who}", Rate(*settings.API_RATES[scope]))
        except RedisError:
            # Fairness is worth less than a detection: without Redis, everybody may call.
            log.warning("limits_not_counted", exc_info=True)
            return True
        return self._wait_seconds == 0

    def wait(self) -> float:
        return self._wait_seconds
