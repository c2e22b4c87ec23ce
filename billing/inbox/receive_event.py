"""Keep a delivery once and ring; the answer to Stripe waits for nothing else."""

import json

from django.db import connection

from billing.gateway.contract import RemoteEvent
from billing.models import StripeEvent
from seatportal.kit.clock import now
from seatportal.kit.queue import ring_once

# One statement, and so one journey to the database and no transaction of our own: the door's whole work (ADR 20).
_KEEP = """
INSERT INTO billing_stripeevent (
    event_id, kind, object_id, subscription_stripe_id, customer_stripe_id, livemode, stripe_created,
    request_idempotency_key, payload, state, tries, next_try_at, last_error, received_at
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, 0, %s, '', %s)
ON CONFLICT (event_id) DO NOTHING
"""


def receive_event(*, event: RemoteEvent) -> bool:
    """Store an event and ring for its handling. Returns False for one that was there already."""
    at = now()
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            [
                event.id,
                event.kind[:80],
                event.object_id,
                event.subscription_id,
                event.customer_id,
                event.livemode,
                event.created,
                event.request_key,
                json.dumps(event.payload),
                StripeEvent.State.WAITING,
                at,
                at,
            ],
        )
        new = bool(cursor.rowcount == 1)
    if new:
        ring_once("billing.handle_waiting_events")
    return new
