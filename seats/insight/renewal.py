"""What the next invoice will be."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Account
from billing.mirror.queries import live_subscription, open_decrease, seat_item
from billing.quotes.next_invoice import next_invoice_total


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
    return Renewal(
        at=item.period_end,
        seats=seats,
        currency=subscription.currency,
        amount=next_invoice_total(subscription=subscription, item=item, quantity=seats),
        plan=item.price.plan.name,
    )
