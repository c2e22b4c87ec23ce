"""Stripe's deliveries: verify, keep, answer."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.access.pages import public
from billing.gateway.client import read_event
from billing.gateway.contract import BadSignature
from billing.inbox.receive_event import receive_event


@public
@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """200 once the event is kept, 400 for a wrong signature; a failing database answers 500 and Stripe comes again."""
    try:
        event = read_event(request.body, request.headers.get("Stripe-Signature", ""))
    except BadSignature:
        return HttpResponse("The signature is wrong.", status=400, content_type="text/plain")
    receive_event(event=event)
    return HttpResponse(status=200)
