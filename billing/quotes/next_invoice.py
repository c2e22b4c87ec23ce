"""What the next renewal will cost, as Stripe previews it."""

import structlog
from django.core.cache import cache

from billing.gateway.contract import GatewayError
from billing.gateway.stripe_api import gateway
from billing.models import Subscription, SubscriptionItem
from billing.quotes.params import preview_params

log = structlog.get_logger(__name__)

KEEP_SECONDS = 3600
# After a failure pages do not ask again at once, or each would wait for a Stripe that is down.
KEEP_FAILURE_SECONDS = 60


def next_invoice_total(*, subscription: Subscription, item: SubscriptionItem, quantity: int) -> int | None:
    """The total in minor units for `quantity` seats; None when Stripe gives none. For display, kept for an hour."""
    key = f"next-invoice:{subscription.stripe_id}:{subscription.version}:{item.stripe_id}:{quantity}"
    kept = cache.get(key)
    if kept is not None:
        return kept if kept != "unknown" else None
    params = preview_params(
        customer_id=subscription.customer.stripe_id,
        subscription_id=subscription.stripe_id,
        item_id=item.stripe_id,
        quantity=quantity,
        proration_date=None,
    )
    try:
        total = gateway().preview(params).total
    except GatewayError as error:
        log.warning("next_invoice_not_read", subscription=subscription.stripe_id, error=type(error).__name__)
        cache.set(key, "unknown", KEEP_FAILURE_SECONDS)
        return None
    cache.set(key, total, KEEP_SECONDS)
    return total
