"""Endpoints that hear what happens, and their deliveries."""

from datetime import timedelta
from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import EndpointOff, TooManyEndpoints, WebhookRefused
from accounts.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from accounts.webhooks.catalog import KINDS
from accounts.webhooks.queries import STATES, deliveries_of, endpoints_of
from accounts.webhooks.rules import OVERLAP, payload_of
from accounts.webhooks.save_endpoint import (
    LONGEST_URL,
    add_endpoint,
    change_endpoint,
    delete_endpoint,
    rotate_secret,
)
from accounts.webhooks.send_again import replay_delivery, replay_missed, send_test
from accounts.webhooks.switch_endpoint import By, switch_off, switch_on
from seatportal.api.fields import Input, Moment, PageQuery, Text, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now

TYPES = list(KINDS)
ONCE = "Shown in this answer only; null when the answer is repeated by its Idempotency-Key."
HOURS = OVERLAP // timedelta(hours=1)


class EndpointInput(Input):
    """Where to, and of what."""

    url = Text(max_length=LONGEST_URL, help_text="Only https, reachable from the internet.")
    description = Text(required=False, default="", allow_blank=True, max_length=80)
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=TYPES),
        required=False,
        default=list,
        max_length=len(TYPES),
        help_text="Types that it gets. Empty: all, also those that are still to come.",
    )


class EndpointChanges(Input):
    """What to change; the rest stays."""

    url = Text(required=False, max_length=LONGEST_URL)
    description = Text(required=False, allow_blank=True, max_length=80)
    events = serializers.ListField(child=serializers.ChoiceField(choices=TYPES), required=False, max_length=len(TYPES))
    enabled = serializers.BooleanField(required=False, help_text="Off: nothing is sent, what waits is kept.")


class EndpointSerializer(serializers.Serializer[WebhookEndpoint]):
    """One endpoint, without its secret."""

    id = serializers.CharField(source="public_id")
    url = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    events = serializers.ListField(child=serializers.CharField())
    enabled = serializers.SerializerMethodField()
    disabled_at = Moment(allow_null=True)
    disabled_because = serializers.ChoiceField(
        source="disabled_by", choices=[*(str(by) for by in By.values), ""], help_text="Empty while it is on."
    )
    failing_since = Moment(allow_null=True, help_text="Nothing but failure since then; after five days it is off.")
    old_secret_until = Moment(source="old_until", allow_null=True, help_text="Until then both secrets sign.")
    created_at = Moment()

    def get_enabled(self, endpoint: WebhookEndpoint) -> bool:
        """Whether anything is sent there."""
        return endpoint.disabled_at is None


class ShownEndpointSerializer(EndpointSerializer):
    """With its secret, this once."""

    secret = serializers.CharField(allow_null=True, help_text=ONCE)


class DeliveriesQuery(PageQuery):
    """Which deliveries."""

    state = serializers.ChoiceField(choices=list(STATES), required=False)


class MissedInput(Input):
    """How far back."""

    since = serializers.DateTimeField(
        required=False, default=None, allow_null=True, help_text="Events since then. Without it: all in the log."
    )


class ReplayedSerializer(serializers.Serializer[dict[str, int]]):
    """What goes again."""

    replayed = serializers.IntegerField(help_text="Deliveries that were given up and are sent again.")


class AttemptSerializer(serializers.Serializer[WebhookAttempt]):
    """One try, and what came of it."""

    at = Moment()
    status = serializers.IntegerField(allow_null=True, help_text="Null where nothing answered.")
    milliseconds = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_blank=True)


class DeliverySerializer(serializers.Serializer[WebhookDelivery]):
    """One event on its way to one endpoint."""

    id = serializers.CharField(source="public_id")
    event_id = serializers.CharField(source="event.public_id", help_text="The header `webhook-id`.")
    type = serializers.CharField(source="event.type")
    sequence = serializers.IntegerField(
        source="event.sequence", allow_null=True, help_text="Null until it is first sent; 0 for tests."
    )
    state = serializers.SerializerMethodField()
    tries = serializers.IntegerField()
    next_try_at = serializers.SerializerMethodField()
    tried_at = Moment(allow_null=True)
    delivered_at = Moment(source="sent_at", allow_null=True)
    status = serializers.IntegerField(allow_null=True, help_text="Of the last answer.")
    answer = serializers.CharField(source="excerpt", allow_blank=True, help_text="Its first thousand bytes.")
    error = serializers.CharField(source="last_error", allow_blank=True)
    attempts = AttemptSerializer(many=True, help_text="Each try, the latest first.")
    payload = serializers.SerializerMethodField()
    created_at = Moment()

    def get_state(self, row: WebhookDelivery) -> str:
        """waiting, delivered or given_up."""
        return state_of(row)

    def get_next_try_at(self, row: WebhookDelivery) -> str | None:
        """While it waits."""
        return str(Moment().to_representation(row.next_try_at)) if state_of(row) == "waiting" else None

    def get_payload(self, row: WebhookDelivery) -> dict[str, Any]:
        """The body, as it is sent."""
        return payload_of(row.event)


def state_of(row: WebhookDelivery) -> str:
    """Where a delivery stands."""
    if row.sent_at is not None:
        return "delivered"
    return "waiting" if row.given_up_at is None else "given_up"


class Endpoints(ApiView):
    """GET and POST /api/v1/webhook-endpoints"""

    required_capability = "webhooks.manage"

    @operation(
        "listWebhookEndpoints",
        tag="webhooks",
        summary="Webhook endpoints",
        query=PageQuery,
        answers={200: EndpointSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """All of the account, the newest first."""
        checked(PageQuery, request.query_params.dict())
        return self.pages(endpoints_of(self.account), EndpointSerializer)

    @operation(
        "createWebhookEndpoint",
        tag="webhooks",
        summary="Add a webhook endpoint",
        body=EndpointInput,
        answers={201: ShownEndpointSerializer},
        problems=[WebhookRefused, TooManyEndpoints],
        examples={"Seats only": {"url": "https://example.com/hooks", "events": ["seat.assigned", "seat.released"]}},
    )
    @idempotent(secret="secret")
    def post(self, request: Request) -> Response:
        """Messages are signed as Standard Webhooks says, with the secret that this answer shows."""
        values = checked(EndpointInput, request.data)
        endpoint, secret = add_endpoint(account=self.account, actor=self.actor, at=now(), **values)
        return Response(_shown(endpoint, secret), status=201)


class OneEndpoint(ApiView):
    """GET, PATCH and DELETE /api/v1/webhook-endpoints/{endpoint_id}"""

    required_capability = "webhooks.manage"

    @operation("getWebhookEndpoint", tag="webhooks", summary="One webhook endpoint", answers={200: EndpointSerializer})
    def get(self, request: Request, endpoint_id: str) -> Response:
        """Also one that is off."""
        return Response(EndpointSerializer(_find(self, endpoint_id)).data)

    @operation(
        "updateWebhookEndpoint",
        tag="webhooks",
        summary="Change a webhook endpoint, or switch it off or on",
        body=EndpointChanges,
        answers={200: EndpointSerializer},
        problems=[WebhookRefused],
        examples={"Off": {"enabled": False}},
    )
    def patch(self, request: Request, endpoint_id: str) -> Response:
        """What waits goes to the new address; after it is on again, at once."""
        values = checked(EndpointChanges, request.data)
        endpoint, at = _find(self, endpoint_id), now()
        enabled = values.pop("enabled", None)
        if values:
            endpoint = change_endpoint(account=self.account, endpoint=endpoint, actor=self.actor, at=at, **values)
        if enabled is True:
            endpoint = switch_on(account=self.account, endpoint=endpoint, actor=self.actor, at=at)
        elif enabled is False:
            switch_off(endpoint=endpoint, by=By.HAND, actor=self.actor, at=at)
        return Response(EndpointSerializer(_find(self, endpoint_id)).data)

    @operation("deleteWebhookEndpoint", tag="webhooks", summary="Delete a webhook endpoint", answers={204: None})
    def delete(self, request: Request, endpoint_id: str) -> Response:
        """With its log. What waits is not sent any more."""
        delete_endpoint(account=self.account, endpoint=_find(self, endpoint_id), actor=self.actor, at=now())
        return Response(status=204)


class EndpointRotation(ApiView):
    """POST /api/v1/webhook-endpoints/{endpoint_id}/rotate-secret"""

    required_capability = "webhooks.manage"

    @operation(
        "rotateWebhookSecret",
        tag="webhooks",
        summary="Rotate a webhook endpoint's secret",
        answers={200: ShownEndpointSerializer},
    )
    @idempotent(secret="secret")
    def post(self, request: Request, endpoint_id: str) -> Response:
        """For 24 hours every message carries both signatures, so nothing is lost while you change over."""
        endpoint, secret = rotate_secret(
            account=self.account, endpoint=_find(self, endpoint_id), actor=self.actor, at=now()
        )
        return Response(_shown(endpoint, secret))


class EndpointTest(ApiView):
    """POST /api/v1/webhook-endpoints/{endpoint_id}/test"""

    required_capability = "webhooks.manage"

    @operation(
        "testWebhookEndpoint",
        tag="webhooks",
        summary="Send a test event",
        answers={202: DeliverySerializer},
        problems=[EndpointOff],
    )
    @idempotent()
    def post(self, request: Request, endpoint_id: str) -> Response:
        """An event of the type `endpoint.test`, to this endpoint only. The delivery says what came of it."""
        row = send_test(account=self.account, endpoint=_find(self, endpoint_id), actor=self.actor, at=now())
        return Response(DeliverySerializer(row).data, status=202)


class EndpointReplay(ApiView):
    """POST /api/v1/webhook-endpoints/{endpoint_id}/replay"""

    required_capability = "webhooks.manage"

    @operation(
        "replayMissedWebhooks",
        tag="webhooks",
        summary="Send again what was given up",
        body=MissedInput,
        answers={202: ReplayedSerializer},
        problems=[EndpointOff],
        examples={"All": {}, "Since an outage": {"since": "2026-04-16T12:00:00Z"}},
    )
    @idempotent()
    def post(self, request: Request, endpoint_id: str) -> Response:
        """After an outage on your side: each with its own `webhook-id`. What was delivered is left alone."""
        values = checked(MissedInput, request.data)
        count = replay_missed(
            account=self.account, endpoint=_find(self, endpoint_id), actor=self.actor, at=now(), **values
        )
        return Response({"replayed": count}, status=202)


class Deliveries(ApiView):
    """GET /api/v1/webhook-endpoints/{endpoint_id}/deliveries"""

    required_capability = "webhooks.manage"

    @operation(
        "listWebhookDeliveries",
        tag="webhooks",
        summary="An endpoint's deliveries",
        query=DeliveriesQuery,
        answers={200: DeliverySerializer(many=True)},
    )
    def get(self, request: Request, endpoint_id: str) -> Response:
        """Of the last 30 days, the newest first."""
        query = checked(DeliveriesQuery, request.query_params.dict())
        rows = deliveries_of(_find(self, endpoint_id), state=query.get("state", "")).prefetch_related("attempts")
        return self.pages(rows, DeliverySerializer)


class OneDelivery(ApiView):
    """GET /api/v1/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}"""

    required_capability = "webhooks.manage"

    @operation("getWebhookDelivery", tag="webhooks", summary="One delivery", answers={200: DeliverySerializer})
    def get(self, request: Request, endpoint_id: str, delivery_id: str) -> Response:
        """What was sent, and what came back."""
        return Response(DeliverySerializer(_delivery(self, endpoint_id, delivery_id)).data)


class DeliveryReplay(ApiView):
    """POST /api/v1/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/replay"""

    required_capability = "webhooks.manage"

    @operation(
        "replayWebhookDelivery",
        tag="webhooks",
        summary="Send a delivery again",
        answers={202: DeliverySerializer},
        problems=[EndpointOff],
    )
    @idempotent()
    def post(self, request: Request, endpoint_id: str, delivery_id: str) -> Response:
        """The same message with the same `webhook-id`, whether it was delivered, waits, or was given up."""
        row = replay_delivery(
            account=self.account, delivery=_delivery(self, endpoint_id, delivery_id), actor=self.actor, at=now()
        )
        return Response(DeliverySerializer(row).data, status=202)


def _find(view: ApiView, endpoint_id: str) -> WebhookEndpoint:
    return get_object_or_404(endpoints_of(view.account), public_id=endpoint_id)


def _delivery(view: ApiView, endpoint_id: str, delivery_id: str) -> WebhookDelivery:
    return get_object_or_404(deliveries_of(_find(view, endpoint_id)), public_id=delivery_id)


def _shown(endpoint: WebhookEndpoint, secret: str) -> dict[str, Any]:
    return {**EndpointSerializer(endpoint).data, "secret": secret}
