"""POST /api/v1/usage-events without REST framework, which costs more than taking one event in does."""

import msgspec
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import Throttled

from accounts.access.api import bearer_of
from accounts.errors import CapabilityMissing
from seatportal.api.errors import problem_answer
from seatportal.api.headers import dress
from seatportal.api.throttling import UsageThrottle, count_request
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seats.api.usage_events import JSON, LINES, UsageEvents, take
from seats.usage.sender import Sender, sender_of


def take_with_key(request: HttpRequest) -> HttpResponse | None:
    """The answer of `UsageEvents` to a request with a good key and ordinary headers. Nothing for any other: that one
    is for `UsageEvents`, and nothing has been counted or read."""
    secret = bearer_of(request.META["HTTP_AUTHORIZATION"])
    if secret is None or not _ordinary(request):
        return None
    sender = sender_of(secret, now())
    if sender is None:
        return None
    answer = _answer(request, sender)
    answer.headers["Allow"] = "POST"
    dress(request, answer)
    return answer


def _ordinary(request: HttpRequest) -> bool:
    """Nothing that would be refused before the caller is known."""
    return (
        request.method == "POST"
        and request.content_type in (JSON, LINES)
        and request.META.get("HTTP_ACCEPT", "*/*") in ("*/*", JSON)
        and int(request.META.get("CONTENT_LENGTH") or 0) <= UsageEvents.most_bytes
    )


def _answer(request: HttpRequest, sender: Sender) -> HttpResponse:
    try:
        counted = count_request(UsageThrottle.scope, f"key:{sender.key}")
        if counted is not None:
            vars(request)["rate"], within = counted
            if not within:
                raise Throttled(wait=counted[0].reset)
        if UsageEvents.required_capability not in sender.scopes:
            raise CapabilityMissing(capability=UsageEvents.required_capability)
        found = take(request, sender.account, settings=sender.settings)
    except (PortalError, Throttled) as error:
        return problem_answer(error)
    return HttpResponse(msgspec.json.encode(found), content_type=JSON)
