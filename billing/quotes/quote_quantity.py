"""Ask Stripe what more seats cost, and keep the answer as a promise."""

from datetime import datetime
from typing import Any

from accounts.access.actor import Actor
from accounts.models import Account
from billing.errors import NoSubscription, QuoteUnavailable
from billing.gateway.contract import GatewayError, RemoteInvoice
from billing.gateway.stripe_api import gateway
from billing.mirror.queries import live_subscription
from billing.models import Quote
from billing.quotes.params import preview_params
from billing.quotes.rules import check_may_grow, quote_ends
from billing.quotes.standing import standing_of
from seatportal.kit.clock import start_of_running_day, to_unix


def quote_quantity(*, account: Account, actor: Actor, add: int, at: datetime) -> Quote:
    """Price `add` more seats: due now and the next invoice, both from Stripe, held for ten minutes.

    Raises NoSubscription, a GrowthRefused, ChangeInProgress, NoCard, QuantityWrong, MinimumSeats, TooManySeats, or
    QuoteUnavailable when Stripe gave no usable price; never a local guess.
    """
    subscription = live_subscription(account)
    if subscription is None:
        raise NoSubscription
    standing, item = standing_of(subscription, at)
    target = item.quantity + add
    check_may_grow(standing, target=target, at=at)
    proration_date = to_unix(start_of_running_day(item.period_start, at))
    subject: dict[str, Any] = {
        "customer_id": subscription.customer.stripe_id,
        "subscription_id": subscription.stripe_id,
        "item_id": item.stripe_id,
        "quantity": target,
    }
    try:
        now = gateway().preview(preview_params(**subject, proration_date=proration_date))
        following = gateway().preview(preview_params(**subject, proration_date=None))
    except GatewayError as error:
        raise QuoteUnavailable from error
    if now.automatic_tax not in (None, "complete") or now.currency != subscription.currency:
        raise QuoteUnavailable
    return Quote.objects.create(
        account=account,
        subscription=subscription,
        user=actor.user,
        base_quantity=item.quantity,
        target_quantity=target,
        base_version=subscription.version,
        item_stripe_id=item.stripe_id,
        price_stripe_id=item.price.stripe_id,
        proration_date=proration_date,
        currency=now.currency,
        subtotal=now.subtotal,
        discount=now.discount,
        tax=now.tax,
        total=now.total,
        starting_balance=now.starting_balance,
        amount_due=now.amount_due,
        lines=_lines(now),
        next_total=following.total,
        next_at=item.period_end,
        expires_at=quote_ends(at=at, period_end=item.period_end),
    )


def _lines(invoice: RemoteInvoice) -> list[dict[str, Any]]:
    """Lines for display; the amount to pay is never their sum."""
    return [
        {
            "description": line.description,
            "amount": line.amount,
            "quantity": line.quantity,
            "from": line.period_start.isoformat(),
            "to": line.period_end.isoformat(),
        }
        for line in invoice.lines
    ]
