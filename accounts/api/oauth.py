"""POST /api/oauth/token: an OAuth client's id and secret for a token (RFC 6749, section 4.4)."""

import json

from allauth.idp.oidc import views as allauth_views
from django.db import DataError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from rest_framework.exceptions import Throttled

from accounts.access.actor import client_ip
from accounts.keys.authenticate_key import authenticate_key
from seatportal.api.errors import problem_answer
from seatportal.api.headers import dress
from seatportal.api.throttling import count_request
from seatportal.kit.clock import now

GRANT = "client_credentials"


@csrf_exempt
@require_POST
def oauth_token(request: HttpRequest) -> HttpResponse:
    """allauth's token endpoint for this one grant. Refusals have the form of RFC 6749, section 5.2.

    Secrets are hashed slowly, so askers are counted by address beforehand.
    """
    answer = _answer(request)
    answer["Cache-Control"] = "no-store"
    dress(request, answer)
    return answer


def _answer(request: HttpRequest) -> HttpResponse:
    counted = count_request("token", f"ip:{client_ip(request)}")
    if counted is not None:
        vars(request)["rate"], within = counted
        if not within:
            return problem_answer(Throttled(wait=counted[0].reset))
    if request.POST.get("grant_type") != GRANT:
        text = f"Send grant_type={GRANT} as a form (application/x-www-form-urlencoded)."
        return JsonResponse({"error": "unsupported_grant_type", "error_description": text}, status=400)
    try:
        return _exchange(request)
    except DataError:
        return _no_client()  # PostgreSQL has no text with NUL, so no id has it.


@transaction.atomic
def _exchange(request: HttpRequest) -> HttpResponse:
    """A token that would open nothing, since its client was revoked or has ended, is not handed out."""
    answer: HttpResponse = allauth_views.token(request)
    if answer.status_code == 401:
        return _no_client()
    if answer.status_code == 200 and authenticate_key(json.loads(answer.content)["access_token"], now()) is None:
        transaction.set_rollback(True)
        return _no_client()
    return answer


def _no_client() -> HttpResponse:
    text = "The client's id or secret is wrong, or the client was revoked or has ended."
    answer = JsonResponse({"error": "invalid_client", "error_description": text}, status=401)
    answer["WWW-Authenticate"] = 'Basic realm="api"'
    return answer
