"""Keep a delivery once and ring; the answer to Stripe waits for nothing else."""

import json

import structlog
from django.conf import settings
from django.db import connection

from billing.gateway.client import API_VERSION
from billing.gateway.contract import RemoteEvent
from billing.models import StripeEvent
from seatportal.kit.clock import now
from seatportal.kit.queue import ring_once

log = structlog.get_logger(__name__)

# One statement, and so one journey to the database and no transaction of our own: the door's whole work (ADR 20).
_KEEP = """
INSERT INTO billing_stripeevent (
    event_id, kind, object_id, subscription_stripe_id, customer_stripe_id, livemode, api_version, stripe_created,
    request_idempotency_key, payload, state, tries, next_try_at, last_error, received_at
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, 0, %s, %s, %s)
ON CONFLICT (event_id) DO NOTHING
"""


def receive_event(*, event: RemoteEvent) -> bool:
    """Store an event and ring for its handling. Returns False for one that was there already.

    One of the other mode (test events at a live site, or the reverse) is kept as refused and never acted on.
    """
    at = now()
    refused = event.livemode != live_key()
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
                event.api_version[:40],
                event.created,
                event.request_key,
                json.dumps(event.payload),
                StripeEvent.State.REFUSED if refused else StripeEvent.State.WAITING,
                at,
                "live and test mode mixed" if refused else "",
                at,
            ],
        )
        new = bool(cursor.rowcount == 1)
    if new and refused:
        log.error("event_of_other_mode", event_id=event.id, kind=event.kind, livemode=event.livemode)
    elif new:
        ring_once("billing.handle_waiting_events")
    if new and event.api_version not in ("", API_VERSION):
        # Only ids are read from it, so it is handled; but the endpoint should speak the library's version.
        log.warning("event_of_other_version", event_id=event.id, theirs=event.api_version, ours=API_VERSION)
    return new


def live_key() -> bool:
    """Whether our key is for real money."""
    return str(settings.STRIPE_API_KEY).startswith(("sk_live_", "rk_live_"))
