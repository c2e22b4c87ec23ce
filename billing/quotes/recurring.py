"""What a number of seats costs in every period, as Stripe previews it."""

from dataclasses import dataclass

from billing.gateway.stripe_api import gateway
from billing.models import Subscription
from billing.quotes.params import recurring_params


@dataclass(frozen=True)
class Recurring:
    """Minor units of the currency. net: after discounts, before tax. total: with tax; no balance, no pending items."""

    net: int
    total: int
    currency: str


def recurring_price(*, subscription: Subscription, item_id: str, quantity: int) -> Recurring:
    """One preview; changes nothing. Raises GatewayError."""
    found = gateway().preview(
        recurring_params(
            customer_id=subscription.customer.stripe_id,
            subscription_id=subscription.stripe_id,
            item_id=item_id,
            quantity=quantity,
        )
    )
    return Recurring(net=found.total - found.tax, total=found.total, currency=found.currency)
