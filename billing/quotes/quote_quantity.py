"""Ask Stripe what more seats cost, and keep the answer as a promise."""

from datetime import datetime

from accounts.access.actor import Actor
from accounts.models import Account
from billing.errors import NoSubscription
from billing.mirror.queries import live_subscription
from billing.models import Quote
from billing.quotes.make_quote import make_quote
from billing.quotes.rules import check_may_grow, without_bounds
from billing.quotes.standing import standing_of


def quote_quantity(*, account: Account, actor: Actor, add: int, at: datetime, present: bool = True) -> Quote:
    """Price `add` more seats: due now and the next invoice, both from Stripe, held for ten minutes.

    present: see update_params; a price is accepted as it was asked for. Raises NoSubscription, a GrowthRefused,
    ChangeInProgress, NoCard, QuantityWrong, MinimumSeats, TooManySeats, or QuoteUnavailable when Stripe gave no usable
    price; never a local guess.
    """
    subscription = live_subscription(account)
    if subscription is None:
        raise NoSubscription
    standing, item = standing_of(subscription, at)
    check_may_grow(standing, target=item.quantity + add, at=at)
    return make_quote(
        subscription=subscription,
        item=item,
        standing=standing,
        quantity=item.quantity + add,
        actor=actor,
        at=at,
        present=present,
    )


def quote_true_up(*, account: Account, actor: Actor, add: int, at: datetime, present: bool) -> Quote:
    """As quote_quantity, for a number that a contract sets: the bounds of self-service do not hold.

    present: see update_params. Only a true-up can accept it.
    """
    subscription = live_subscription(account)
    if subscription is None:
        raise NoSubscription
    standing, item = standing_of(subscription, at)
    target = item.quantity + add
    check_may_grow(without_bounds(standing, target=target), target=target, at=at)
    return make_quote(
        subscription=subscription,
        item=item,
        standing=standing,
        quantity=target,
        actor=actor,
        at=at,
        kind=Quote.Kind.TRUE_UP,
        present=present,
    )
