"""What every answer says beside its body."""

from hashlib import sha256
from typing import Any

import structlog
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
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


def dress(request: Request, response: HttpResponseBase) -> None:
    """Privacy, rate and the request's id. What a view has set itself stays."""
    response.headers.setdefault("Cache-Control", "private, no-store")
    patch_vary_headers(response, VARY)
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    if request_id:
        response.headers[REQUEST_ID] = request_id[:128]
    rate: Rate | None = getattr(request, "rate", None)
    if rate is not None:
        for name, value in zip(RATE_HEADERS, (rate.limit, rate.remaining, rate.reset), strict=True):
            response.headers[name] = str(value)


def unless_same(request: Request, data: Any) -> Response:
    """The data with its ETag, or 304 without a body when the caller has seen exactly this."""
    etag = f'"{sha256(JSONRenderer().render(data)).hexdigest()[:32]}"'
    seen = parse_etags(request.headers.get("If-None-Match", ""))
    # A proxy that compresses marks the tag as weak; for us it is the same.
    same = "*" in seen or etag in (tag.removeprefix("W/") for tag in seen)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    return Response(status=304, headers=headers) if same else Response(data, headers=headers)
