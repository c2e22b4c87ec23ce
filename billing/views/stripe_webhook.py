"""Stripe's deliveries: verify, keep, answer."""

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.access.pages import public
from billing.gateway.client import read_event
from billing.gateway.contract import BadSignature
from billing.inbox.receive_event import receive_event

log = structlog.get_logger(__name__)

# Stripe's largest events are far smaller.
MOST_BYTES = 1_000_000


@public
@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """200 once the event is kept, 400 for a wrong signature, 413 for a body that no event has.

    A failing database answers 500, and Stripe comes again.
    """
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        return HttpResponse("The body is too large.", status=413, content_type="text/plain")
    try:
        event = read_event(request.body, request.headers.get("Stripe-Signature", ""))
    except BadSignature as error:
        log.warning("webhook_refused", reason=str(error), bytes=len(request.body))
        return HttpResponse("The signature is wrong.", status=400, content_type="text/plain")
    receive_event(event=event)
    return HttpResponse(status=200)
