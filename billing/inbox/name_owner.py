"""A thin event names one object and nothing else: find out whose it is."""

from billing.gateway.stripe_api import gateway
from billing.models import Refund, StripeEvent, Subscription


def name_owner(events: list[StripeEvent]) -> None:
    """Put customer and subscription on events that came without, and keep them; from our own rows where they know.

    Raises GatewayError. Objects that are none of ours stay without an owner.
    """
    for event in events:
        if event.customer_stripe_id or not event.object_id:
            continue
        if event.kind.startswith(("refund.", "charge.refund.")):
            refund = Refund.objects.filter(refund_stripe_id=event.object_id).first()
            if refund is not None:
                event.customer_stripe_id = refund.change.subscription.customer.stripe_id
                event.save(update_fields=["customer_stripe_id"])
            continue
        known = Subscription.objects.filter(stripe_id=event.subscription_stripe_id).select_related("customer").first()
        if event.kind.startswith("subscription_schedule."):
            known = Subscription.objects.filter(schedule_stripe_id=event.object_id).select_related("customer").first()
        if known is not None:
            event.subscription_stripe_id = known.stripe_id
            event.customer_stripe_id = known.customer.stripe_id
        elif event.subscription_stripe_id:
            event.customer_stripe_id = gateway().subscription(event.subscription_stripe_id).customer_id
        elif event.kind.startswith("invoice."):
            invoice = gateway().invoice(event.object_id)
            event.subscription_stripe_id, event.customer_stripe_id = invoice.subscription_id, invoice.customer_id
        else:
            continue
        event.save(update_fields=["subscription_stripe_id", "customer_stripe_id"])
