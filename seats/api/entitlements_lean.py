"""GET /api/v1/entitlements/{user} without REST framework, which costs more than the answer."""

from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import Throttled

from accounts.access.api import bearer_of
from accounts.errors import CapabilityMissing
from seatportal.api.errors import problem_answer
from seatportal.api.headers import dress
from seatportal.api.throttling import EntitlementsThrottle, count_request
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seats.api.entitlements import JSON, Entitlement
from seats.entitlements.asker import Asker, asker_of
from seats.entitlements.check_entitlements import LONGEST_NAME, check_entitlements


def check_with_key(request: HttpRequest, user: str) -> HttpResponse | None:
    """The answer of `Entitlement` to a request with a good key and ordinary headers. Nothing for any other: that one
    is for `Entitlement`, and nothing has been counted or read."""
    secret = bearer_of(request.META["HTTP_AUTHORIZATION"])
    if secret is None or not _ordinary(request, user):
        return None
    asker = asker_of(secret, now())
    if asker is None:
        return None
    answer = _answer(request, asker, user)
    answer.headers["Allow"] = "GET, HEAD"
    dress(request, answer)
    return answer


def _ordinary(request: HttpRequest, user: str) -> bool:
    """Nothing that would be refused before the caller is known, and no path of another endpoint."""
    return (
        request.method == "GET"
        and 0 < len(user) <= LONGEST_NAME
        and user != "check"
        and "\0" not in user
        and request.META.get("HTTP_ACCEPT", "*/*") in ("*/*", JSON)
    )


def _answer(request: HttpRequest, asker: Asker, user: str) -> HttpResponse:
    try:
        counted = count_request(EntitlementsThrottle.scope, f"key:{asker.key}")
        if counted is not None:
            vars(request)["rate"], within = counted
            if not within:
                raise Throttled(wait=counted[0].reset)
        if Entitlement.required_capability not in asker.scopes:
            raise CapabilityMissing(capability=Entitlement.required_capability)
    except (PortalError, Throttled) as error:
        return problem_answer(error)
    [body] = check_entitlements(account_id=asker.account_id, revision=asker.revision, names=[user], at=now())
    return HttpResponse(body, content_type=JSON)
