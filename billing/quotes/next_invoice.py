"""What the next renewal will cost, as Stripe previews it."""

import structlog
from django.core.cache import cache

from billing.gateway.contract import GatewayError
from billing.gateway.stripe_api import gateway
from billing.mirror.queries import open_decrease, seat_item
from billing.models import Subscription, SubscriptionItem
from billing.quotes.params import preview_params

log = structlog.get_logger(__name__)

KEEP_SECONDS = 3600
# After a failure pages do not ask again at once, or each would wait for a Stripe that is down.
KEEP_FAILURE_SECONDS = 60


def first_charge(subscription: Subscription) -> int | None:
    """What the end of a trial will cost: the total for the seats there will be; None when Stripe gives none."""
    item = seat_item(subscription)
    if item is None:
        return None
    plan = open_decrease(subscription.account)
    quantity = plan.renew_quantity if plan else item.quantity
    return next_invoice_total(subscription=subscription, item=item, quantity=quantity)


def known_first_charge(subscription: Subscription) -> int | None:
    """As first_charge, without asking Stripe: what was asked within the last hour, for a banner on every page."""
    item = seat_item(subscription)
    if item is None:
        return None
    plan = open_decrease(subscription.account)
    kept = cache.get(_key(subscription, item, plan.renew_quantity if plan else item.quantity))
    return kept if isinstance(kept, int) else None


def _key(subscription: Subscription, item: SubscriptionItem, quantity: int) -> str:
    return f"next-invoice:{subscription.stripe_id}:{subscription.version}:{item.stripe_id}:{quantity}"


def next_invoice_total(*, subscription: Subscription, item: SubscriptionItem, quantity: int) -> int | None:
    """The total in minor units for `quantity` seats; None when Stripe gives none. For display, kept for an hour."""
    key = _key(subscription, item, quantity)
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
