"""Paths that machines call thousands of times a second take no part in what pages need."""

from collections.abc import Callable
from functools import cached_property

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from billing.views.stripe_webhook import stripe_webhook


class LeanPathMiddleware:
    """The first in the chain: hands a lean path to its view at once.

    Stripe's deliveries carry their own proof and need no session, person, language or message, and a redirect would
    count as a failed delivery.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    @cached_property
    def views(self) -> dict[str, Callable[[HttpRequest], HttpResponse]]:
        return {reverse("billing:stripe-webhook", urlconf="seatportal.urls"): stripe_webhook}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        view = self.views.get(request.path_info)
        if view is None:
            return self.get_response(request)
        answer = view(request)
        # Without a length the server would send chunks and some would close the connection.
        answer.headers["Content-Length"] = str(len(answer.content))
        return answer
