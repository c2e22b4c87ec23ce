"""POST /api/v1/usage-events without REST framework."""

import msgspec
from django.http import HttpRequest, HttpResponse

from seatportal.api.throttling import UsageThrottle
from seats.api.lean import Lean, accepts_json
from seats.api.usage_events import JSON, LINES, UsageEvents, take
from seats.usage.sender import Sender, sender_of

LEAN = Lean(UsageThrottle.scope, UsageEvents.required_capability, "POST", sender_of)


def take_with_key(request: HttpRequest) -> HttpResponse | None:
    """The answer of `UsageEvents` to a request with a good key and ordinary headers. Nothing for any other."""

    def taken(sender: Sender) -> bytes:
        return msgspec.json.encode(take(request, sender.account, settings=sender.settings))

    return LEAN.answer(request, taken) if _ordinary(request) else None


def _ordinary(request: HttpRequest) -> bool:
    """Nothing that would be refused before the caller is known."""
    return (
        request.method == "POST"
        and request.content_type in (JSON, LINES)
        and accepts_json(request)
        and int(request.META.get("CONTENT_LENGTH") or 0) <= UsageEvents.most_bytes
    )
