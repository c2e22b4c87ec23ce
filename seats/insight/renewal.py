"""What the next invoice will be, as far as Stripe has told us."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Account
from billing.mirror.queries import live_subscription, open_decrease, seat_item
from billing.models import Quote


@dataclass(frozen=True)
class Renewal:
    """When the period ends and for how many seats it renews. amount: Stripe's own preview, None when not known."""

    at: datetime
    seats: int
    currency: str
    amount: int | None
    plan: str


def next_renewal(account: Account) -> Renewal | None:
    """The next renewal of a running subscription; None without one or when it is set to end."""
    subscription = live_subscription(account)
    if subscription is None or subscription.cancel_at is not None:
        return None
    item = seat_item(subscription)
    if item is None:
        return None
    decrease = open_decrease(account)
    seats = decrease.renew_quantity if decrease else item.quantity
    quote = (
        Quote.objects.filter(
            account=account,
            subscription=subscription,
            consumed_at__isnull=False,
            target_quantity=seats,
            next_at=item.period_end,
            price_stripe_id=item.price.stripe_id,
        )
        .exclude(next_total=None)
        .first()
    )
    return Renewal(
        at=item.period_end,
        seats=seats,
        currency=subscription.currency,
        # A quote made by an earlier price, period or number says nothing about this renewal.
        amount=quote.next_total if quote and quote.target_quantity == item.quantity else None,
        plan=item.price.plan.name,
    )
