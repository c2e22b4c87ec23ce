"""Rates per key or person, counted in the cache by whole windows."""

import math
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import structlog
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

from seatportal.kit.counting import count_up

if TYPE_CHECKING:
    # At run time DRF's views import this module through the settings.
    from rest_framework.views import APIView

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Rate:
    """What a caller may still do: requests per window, how many are left, seconds until the next window."""

    limit: int
    remaining: int
    reset: int


def count_request(scope: str, caller: str) -> tuple[Rate, bool] | None:
    """Count one request; returns the rate, and whether it is within it. Nothing where the cache cannot be asked.

    The counter is raised atomically, so parallel requests are all counted.
    """
    limit, seconds = _parse(str(api_settings.DEFAULT_THROTTLE_RATES[scope]))
    moment = time.time()
    window, reset = int(moment // seconds), math.ceil(seconds - moment % seconds)
    try:
        used = count_up(f"throttle:{scope}:{caller}:{window}", seconds=seconds + 60)
    except RedisError as error:
        log.warning("throttle_not_counted", error=type(error).__name__)
        return None
    return Rate(limit, max(limit - used, 0), reset), used <= limit


class PerCallerThrottle(BaseThrottle):
    """One bucket per API key, or per person in the browser; strangers are counted by address."""

    scope = "caller"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Count the request and note the rate for the answer's headers. A cache that is down stops nobody."""
        counted = count_request(self.scope, self.caller(request))
        if counted is None:
            return True
        vars(request)["rate"], allowed = counted
        self.reset = counted[0].reset
        return allowed

    def wait(self) -> float:
        """Seconds until the window ends."""
        return float(self.reset)

    def caller(self, request: Request) -> str:
        """The bucket's name."""
        if request.auth is not None:
            return f"key:{request.auth.pk}"
        user: Any = request.user  # None for a stranger, by our settings
        if user is not None and user.is_authenticated:
            return f"user:{user.pk}"
        return f"ip:{self.get_ident(request)}"


class UsageThrottle(PerCallerThrottle):
    """Usage events have a bucket of their own, so that a busy sender never locks out the same key's other calls."""

    scope = "usage"


class EntitlementsThrottle(PerCallerThrottle):
    """Asked at each sign-in of a customer's people, apart from what the same key does else."""

    scope = "entitlements"


@lru_cache(maxsize=16)
def _parse(rate: str) -> tuple[int, int]:
    """ "1200/min" as requests and seconds."""
    limit, seconds = SimpleRateThrottle.parse_rate(SimpleRateThrottle.__new__(SimpleRateThrottle), rate)
    return int(limit or 0), int(seconds or 60)
