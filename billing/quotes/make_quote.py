"""Two previews from Stripe, kept as a promise: for more seats, or for another plan."""

from datetime import datetime
from typing import Any

from accounts.access.actor import Actor
from billing.catalog.pricing import amount
from billing.catalog.queries import scheme_of
from billing.errors import QuoteUnavailable
from billing.gateway.contract import GatewayError, RemoteInvoice, RemoteInvoiceItem
from billing.gateway.stripe_api import gateway
from billing.mirror.queries import open_on_credit
from billing.models import Price, Quote, Subscription, SubscriptionItem
from billing.quotes.params import preview_params, recurring_params
from billing.quotes.rules import Standing, check_credit, quote_ends
from billing.terms.queries import terms_in_force
from seatportal.kit.clock import start_of_running_day, to_unix

# What Stripe takes when a subscription names no time to pay.
USUAL_DUE_DAYS = 30


def make_quote(
    *,
    subscription: Subscription,
    item: SubscriptionItem,
    standing: Standing,
    quantity: int,
    actor: Actor,
    at: datetime,
    price: Price | None = None,
    kind: str = "",
    present: bool = True,
) -> Quote:
    """Ask Stripe for the price of `quantity` seats, in another price if one is given; the caller has checked both.

    kind: when it is neither an addition nor another plan. present: see update_params.

    Raises QuoteUnavailable when Stripe gave no usable price, CreditLimitReached for customers who pay by invoice.
    """
    proration_date = to_unix(start_of_running_day(item.period_start, at))
    new_cycle = price is not None and _interval(price) != _interval(item.price)
    subject: dict[str, Any] = {
        "customer_id": subscription.customer.stripe_id,
        "subscription_id": subscription.stripe_id,
        "item_id": item.stripe_id,
        "quantity": quantity,
        "price_id": price.stripe_id if price else "",
    }
    try:
        waiting = _waiting(subscription)
        # A held update leaves pending items to the next invoice, while a preview would count them in (payments.md
        # §1.3 and S2); one that is invoiced on credit, or charged with nobody present, takes them along.
        aside = [] if standing.on_credit or not present else [row.id for row in waiting]
        now = gateway().preview(
            preview_params(**subject, proration_date=proration_date, new_cycle=new_cycle, without=aside)
        )
        later = recurring_params(**subject) if new_cycle else preview_params(**subject, proration_date=None)
        following = gateway().preview(later)
    except GatewayError as error:
        raise QuoteUnavailable from error
    if now.automatic_tax not in (None, "complete") or now.currency != subscription.currency:
        raise QuoteUnavailable
    if standing.on_credit:
        check_credit(
            limit=terms_in_force(subscription.account, item.price.plan, at).credit_limit,
            open_amount=open_on_credit(subscription.account),
            amount_due=now.amount_due,
            currency=now.currency,
        )
    return Quote.objects.create(
        account=subscription.account,
        subscription=subscription,
        user=actor.user,
        kind=kind or (Quote.Kind.PLAN if price else Quote.Kind.ADD),
        base_quantity=item.quantity,
        target_quantity=quantity,
        base_version=subscription.version,
        item_stripe_id=item.stripe_id,
        price_stripe_id=item.price.stripe_id,
        target_price_stripe_id=subject["price_id"],
        new_cycle=new_cycle,
        proration_date=proration_date,
        currency=now.currency,
        subtotal=now.subtotal,
        discount=now.discount,
        discount_ids=sorted({*now.discount_ids, *following.discount_ids}),
        tax=now.tax,
        total=now.total,
        starting_balance=now.starting_balance,
        amount_due=now.amount_due,
        lines=_lines(now, aside),
        waiting=[{"description": row.description, "amount": row.amount} for row in waiting],
        due_days=(subscription.days_until_due or USUAL_DUE_DAYS) if standing.on_credit else None,
        commits=_a_period(item, price, quantity) if standing.status == "trialing" else None,
        next_total=following.total,
        next_at=max((line.period_end for line in now.lines), default=item.period_end) if new_cycle else item.period_end,
        expires_at=quote_ends(at=at, period_end=item.period_end),
    )


def _waiting(subscription: Subscription) -> list[RemoteInvoiceItem]:
    """Pending items that the subscription's next invoice takes: its own, and those of no subscription."""
    found = gateway().invoice_items_of(subscription.customer.stripe_id, pending=True)
    return [row for row in found if row.subscription_id in ("", subscription.stripe_id)]


def _a_period(item: SubscriptionItem, price: Price | None, quantity: int) -> int:
    """What a whole period costs more, by the price list: a hint, since Stripe charges nothing in a trial."""
    return amount(scheme_of(price or item.price), quantity) - amount(scheme_of(item.price), item.quantity)


def _interval(price: Price) -> tuple[str, int]:
    return price.interval, price.interval_count


def _lines(invoice: RemoteInvoice, aside: list[str]) -> list[dict[str, Any]]:
    """Lines for display; the amount to pay is never their sum. Those put aside are no part of the price."""
    return [
        {
            "description": line.description,
            "amount": line.amount,
            "quantity": line.quantity,
            "from": line.period_start.isoformat(),
            "to": line.period_end.isoformat(),
        }
        for line in invoice.lines
        if line.invoice_item_id not in aside or not line.invoice_item_id
    ]
