"""Keep a delivery once and ring; the answer to Stripe waits for nothing else."""

from django.db import transaction

from billing.gateway.contract import RemoteEvent
from billing.mirror.refresh import mark_dirty
from billing.models import StripeEvent
from seatportal.kit.queue import ring


@transaction.atomic
def receive_event(*, event: RemoteEvent) -> bool:
    """Store an event and ring its handler. Returns False for one that was there already."""
    _, new = StripeEvent.objects.get_or_create(
        event_id=event.id,
        defaults={
            "kind": event.kind,
            "object_id": event.object_id,
            "subscription_stripe_id": event.subscription_id,
            "customer_stripe_id": event.customer_id,
            "livemode": event.livemode,
            "stripe_created": event.created,
            "request_idempotency_key": event.request_key,
            "payload": event.payload,
        },
    )
    if new:
        if event.subscription_id:
            mark_dirty(event.subscription_id)
        ring("billing.handle_event", event_id=event.id)
    return new
