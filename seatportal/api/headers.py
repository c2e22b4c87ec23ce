"""What every answer says beside its body."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import http_date, parse_etags
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from seatportal.api.throttling import Rate

VARY = ("Authorization", "Cookie", "Accept", "Accept-Language", "Seat-Portal-Account")
RATE_HEADERS = {
    "RateLimit-Limit": "Requests allowed in the running window.",
    "RateLimit-Remaining": "Requests left in it.",
    "RateLimit-Reset": "Seconds until the next window.",
}
REQUEST_ID = "X-Request-Id"


@dataclass(frozen=True)
class Deprecation:
    """An endpoint that goes: since when it is not to be used, when it ends, and where the way on is described."""

    since: datetime
    ends: datetime
    link: str

    def headers(self) -> dict[str, str]:
        """RFC 9745 and RFC 8594."""
        return {
            "Deprecation": f"@{int(self.since.timestamp())}",
            "Sunset": http_date(self.ends.timestamp()),
            "Link": f'<{self.link}>; rel="deprecation"',
        }


def dress(request: HttpRequest | Request, response: HttpResponseBase, deprecation: Deprecation | None = None) -> None:
    """Privacy, rate, the request's id, and the end of an endpoint. What a view has set itself stays."""
    response.headers.setdefault("Cache-Control", "private, no-store")
    patch_vary_headers(response, VARY)
    if deprecation is not None:
        for name, text in deprecation.headers().items():
            response.headers.setdefault(name, text)
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    if request_id:
        response.headers[REQUEST_ID] = request_id[:128]
    rate: Rate | None = getattr(request, "rate", None)
    if rate is not None:
        for name, value in zip(RATE_HEADERS, (rate.limit, rate.remaining, rate.reset), strict=True):
            response.headers[name] = str(value)


def etag_of(data: Any) -> str:
    """A strong ETag: another one as soon as anything in the data differs."""
    return f'"{sha256(JSONRenderer().render(data)).hexdigest()[:32]}"'


def unless_same(request: Request, data: Any) -> Response:
    """The data with its ETag, or 304 without a body when the caller has seen exactly this."""
    etag = etag_of(data)
    seen = parse_etags(request.headers.get("If-None-Match", ""))
    # A proxy that compresses marks the tag as weak; for us it is the same.
    same = "*" in seen or etag in (tag.removeprefix("W/") for tag in seen)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    return Response(status=304, headers=headers) if same else Response(data, headers=headers)
