"""GET /api/v1/entitlements/{user} without REST framework."""

from django.http import HttpRequest, HttpResponse

from seatportal.api.throttling import EntitlementsThrottle
from seatportal.kit.clock import now
from seats.api.entitlements import Entitlement
from seats.api.lean import Lean, accepts_json
from seats.entitlements.asker import Asker, asker_of
from seats.entitlements.check_entitlements import LONGEST_NAME, check_entitlements

LEAN = Lean(EntitlementsThrottle.scope, Entitlement.required_capability, "GET, HEAD", asker_of)


def check_with_key(request: HttpRequest, user: str) -> HttpResponse | None:
    """The answer of `Entitlement` to a request with a good key and ordinary headers. Nothing for any other."""

    def check(asker: Asker) -> bytes:
        [body] = check_entitlements(account_id=asker.account_id, revision=asker.revision, names=[user], at=now())
        return body

    return LEAN.answer(request, check) if _ordinary(request, user) else None


def _ordinary(request: HttpRequest, user: str) -> bool:
    """Nothing that would be refused before the caller is known, and no path of another endpoint."""
    return (
        request.method == "GET"
        and 0 < len(user) <= LONGEST_NAME
        and user != "check"
        and "\0" not in user
        and accepts_json(request)
    )
