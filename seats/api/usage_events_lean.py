"""POST /api/v1/usage-events without REST framework."""

import msgspec
from django.http import HttpRequest, HttpResponse

from seatportal.api.throttling import UsageThrottle
from seats.api.lean import Lean, accepts_json
from seats.api.usage_events import BATCH_BYTES, JSON, LINES, UsageEvents, take
from seats.usage.sender import Sender, known_sender, sender_of

LEAN = Lean(UsageThrottle.scope, UsageEvents.required_capability, "POST", sender_of, known_sender)


def take_with_key(request: HttpRequest) -> HttpResponse | None:
    """The answer of `UsageEvents` to a request with a good key and ordinary headers. Nothing for any other."""

    def taken(sender: Sender) -> bytes:
        return msgspec.json.encode(take(request, sender.account, settings=sender.settings))

    def taken_at_once(sender: Sender) -> bytes:
        request.body  # noqa: B018  kept, so that it can be looked at once more
        return msgspec.json.encode(take(request, sender.account, settings=sender.settings, known=sender))

    if not _ordinary(request):
        return None
    whole = request.content_type == JSON and 0 < _length(request) <= BATCH_BYTES
    return LEAN.answer(request, taken, taken_at_once if whole else None)


def _length(request: HttpRequest) -> int:
    return int(request.META.get("CONTENT_LENGTH") or 0)


def _ordinary(request: HttpRequest) -> bool:
    """Nothing that would be refused before the caller is known."""
    return (
        request.method == "POST"
        and request.content_type in (JSON, LINES)
        and accepts_json(request)
        and _length(request) <= UsageEvents.most_bytes
    )
