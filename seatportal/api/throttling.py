"""Rates per key or person."""

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

if TYPE_CHECKING:
    # At run time DRF's views import this module through the settings.
    from rest_framework.views import APIView


class PerCallerThrottle(SimpleRateThrottle):
    """One bucket per API key, or per person in the browser; strangers are counted by address."""

    scope = "caller"

    def get_cache_key(self, request: Request, view: "APIView") -> str:
        """The bucket's name."""
        key = getattr(request, "auth", None)
        if key is not None:
            ident = f"key:{key.pk}"
        elif request.user is not None and request.user.is_authenticated:
            ident = f"user:{request.user.pk}"
        else:
            ident = f"ip:{self.get_ident(request)}"
        return f"throttle:{self.scope}:{ident}"
