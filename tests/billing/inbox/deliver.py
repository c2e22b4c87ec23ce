"""Deliveries as Stripe makes them: signed bodies, snapshot and thin."""

import json
import time
from typing import Any

import stripe
from django.http import HttpResponse
from django.test import Client

PATH = "/billing/webhooks/stripe/"
SECRET = "whsec_tests"


def snapshot(event_id: str, kind: str, thing: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An event with its object."""
    return {
        "id": event_id,
        "object": "event",
        "api_version": "2026-10-28.endive",
        "type": kind,
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": thing},
        "request": {"id": "req_1", "idempotency_key": "key-1"},
        **more,
    }


def thin(event_id: str, kind: str, thing: str, thing_id: str) -> dict[str, Any]:
    """An event that only names its object."""
    return {
        "id": event_id,
        "object": "v2.core.event",
        "type": f"v1.{kind}",
        "created": "2026-11-25T19:00:00.123Z",
        "livemode": False,
        "reason": {"type": "request", "request": {"id": "req_1", "idempotency_key": "key-1"}},
        "related_object": {"id": thing_id, "type": thing, "url": f"/v1/{thing}s/{thing_id}"},
    }


def header(body: str, *secrets: str, age: int = 0) -> str:
    """Stripe's header, with one signature for each active secret."""
    stamp = int(time.time()) - age
    signed = [stripe.WebhookSignature._compute_signature(f"{stamp}.{body}", secret) for secret in secrets]
    return ",".join([f"t={stamp}", *(f"v1={signature}" for signature in signed)])


def deliver(event: dict[str, Any] | str, *secrets: str, age: int = 0) -> HttpResponse:
    """Post it as Stripe does; a failing server answers 500 instead of raising here."""
    body = event if isinstance(event, str) else json.dumps(event, indent=2)
    client = Client(raise_request_exception=False)
    signed = header(body, *(secrets or (SECRET,)), age=age)
    return client.post(PATH, body, content_type="application/json", headers={"Stripe-Signature": signed})  # type: ignore[return-value]
