"""Ask Stripe what another plan or interval costs, and keep the answer as a promise."""

from datetime import datetime

from django.utils.translation import gettext as _

from accounts.access.actor import Actor
from accounts.models import Account
from billing.catalog.queries import prices_on_offer
from billing.errors import CommitmentInForce, MinimumSeats, NoSubscription, PlanUnavailable, QuantityWrong, TooManySeats
from billing.mirror.queries import live_subscription
from billing.models import Price, Quote, SubscriptionItem
from billing.quotes.make_quote import make_quote
from billing.quotes.rules import LARGEST_STEP, Standing, check_may_change
from billing.quotes.standing import standing_of
from billing.terms.queries import terms_in_force
from billing.terms.rules import InForce
from seatportal.templatetags.portal import day

_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}


def quote_plan(*, account: Account, actor: Actor, price_id: str, quantity: int | None, at: datetime) -> Quote:
    """Price a switch to another of our prices, for as many seats as today or more. price_id: our public id.

    Raises what quote_quantity raises, PlanUnavailable, CommitmentInForce.
    """
    subscription = live_subscription(account)
    if subscription is None:
        raise NoSubscription
    standing, item = standing_of(subscription, at)
    offered = prices_on_offer(subscription.currency)
    price = next((found for found in offered if found.public_id == price_id), None)
    if price is None:
        raise PlanUnavailable(field="price")
    wanted = item.quantity if quantity is None else quantity
    check_may_switch(standing, item, price, quantity=wanted, held=terms_in_force(account, item.price.plan, at), at=at)
    check_sells(terms_in_force(account, price.plan, at), quantity=wanted)
    return make_quote(
        subscription=subscription, item=item, standing=standing, quantity=wanted, price=price, actor=actor, at=at
    )


def check_may_switch(
    standing: Standing, item: SubscriptionItem, price: Price, *, quantity: int, held: InForce, at: datetime
) -> None:
    """Raise the first reason why the price may not become `price` now. held: what holds in today's plan."""
    check_may_change(standing, at=at)
    if standing.status == "trialing":
        raise PlanUnavailable(_("The plan can be changed once the trial is over."), field="price")
    if price.pk == item.price_id:
        raise PlanUnavailable(_("That is the plan you have."), field="price")
    if length(price) < length(item.price):
        until = held.committed_until
        if until is not None:
            raise CommitmentInForce(
                _("%(count)d seats are committed until %(day)s; from then on a shorter interval is possible.")
                % {"count": held.committed, "day": day(until)},
                field="price",
                committed=held.committed,
                until=until.isoformat(),
            )
        raise PlanUnavailable(
            _("This period is paid until %(day)s; your account team can switch to a shorter interval then.")
            % {"day": day(item.period_end)},
            field="price",
        )
    if quantity < item.quantity or quantity - item.quantity > LARGEST_STEP:
        raise QuantityWrong(
            _("Choose at least the %(count)d seats that you have.") % {"count": item.quantity}, field="quantity"
        )


def check_sells(held: InForce, *, quantity: int) -> None:
    """Raise when a plan with these bounds does not sell the number."""
    if quantity < held.minimum:
        raise MinimumSeats(
            _("This plan starts at %(count)d seats. Choose at least as many, or a plan without a minimum.")
            % {"count": held.minimum},
            field="quantity",
            minimum=held.minimum,
        )
    if quantity > held.maximum:
        raise TooManySeats(
            _("Up to %(max)d seats can be bought here. For more, ask for an offer.") % {"max": held.maximum},
            field="quantity",
            maximum=held.maximum,
            ask_at="/api/v1/offer-requests",
        )


def length(price: Price) -> int:
    """Days of an interval, to tell the longer one."""
    return _DAYS[price.interval] * price.interval_count
