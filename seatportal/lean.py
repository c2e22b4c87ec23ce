"""Paths that machines call thousands of times a second take no part in what pages need."""

from collections.abc import Callable
from functools import cached_property
from uuid import uuid4

import structlog
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import translation

from billing.views.stripe_webhook import stripe_webhook
from seats.api.entitlements_lean import check_with_key
from seats.api.usage_events import UsageEvents
from seats.api.usage_events_lean import take_with_key

type View = Callable[[HttpRequest], HttpResponseBase]


class LeanPathMiddleware:
    """The first in the chain: hands a lean path to its view at once.

    Stripe's deliveries carry their own proof and need no session, person, language or message, and a redirect would
    count as a failed delivery. A program with an API key needs none of them either, only its own language.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    @cached_property
    def views(self) -> dict[str, View]:
        return {
            reverse("billing:stripe-webhook", urlconf="seatportal.urls"): stripe_webhook,
            reverse("api:usage-events", urlconf="seatportal.urls"): with_key(
                take_with_key, UsageEvents.as_view(), self.get_response
            ),
        }

    @cached_property
    def entitlements(self) -> tuple[str, View]:
        """The address under which every name is asked about, and what answers."""
        prefix = reverse("api:entitlement", args=["-"], urlconf="seatportal.urls").removesuffix("-")

        def lean(request: HttpRequest) -> HttpResponse | None:
            return check_with_key(request, request.path_info.removeprefix(prefix))

        return prefix, with_key(lean, self.get_response, self.get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        view = self.views.get(request.path_info)
        prefix, check = self.entitlements
        if view is None and request.path_info.startswith(prefix):
            view = check
        if view is None:
            return self.get_response(request)
        answer = view(request)
        # Without a length the server would send chunks and some would close the connection.
        if isinstance(answer, HttpResponse):
            answer.headers["Content-Length"] = str(len(answer.content))
        return answer


def with_key(lean: Callable[[HttpRequest], HttpResponse | None], view: View, otherwise: View) -> View:
    """An endpoint of the API for callers with a key: `lean` where it answers, else its view.

    A browser's session takes the usual way.
    """

    def call(request: HttpRequest) -> HttpResponseBase:
        if "HTTP_AUTHORIZATION" not in request.META:
            return otherwise(request)
        name = request.META.get("HTTP_X_REQUEST_ID") or str(uuid4())
        with (
            structlog.contextvars.bound_contextvars(request_id=name),
            translation.override(translation.get_language_from_request(request)),
        ):
            answer = lean(request) or view(request)
            render = getattr(answer, "render", None)
            return render() if render else answer

    return call
