"""What more seats would cost on another day: Stripe's preview, and no promise."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Account
from billing.errors import NoSubscription, QuantityWrong, QuoteUnavailable, TooManySeats
from billing.gateway.contract import GatewayError
from billing.gateway.stripe_api import gateway
from billing.mirror.queries import live_subscription, seat_item
from billing.models import SubscriptionItem
from billing.quotes.next_invoice import next_invoice_total
from billing.quotes.params import preview_params
from billing.quotes.rules import LARGEST_STEP
from billing.terms.queries import terms_in_force
from seatportal.kit.clock import start_of_running_day, to_unix


@dataclass(frozen=True)
class Estimate:
    """Amounts in minor units, all of them Stripe's.

    amount_due: as if `add` seats were added to today's at `moment`, which is the wished one where it lies in the
    running period, and else the one at the same place of that period. whole: as if they were added with its first
    moment, so for all its days. exact: the moment is the wished one. next_total: the renewal after it; None when
    Stripe gave none.
    """

    add: int
    seats: int
    currency: str
    amount_due: int
    whole: int
    moment: datetime
    exact: bool
    next_total: int | None


def estimate_growth(*, account: Account, add: int, on: datetime, at: datetime) -> Estimate:
    """Estimate the price of `add` more seats at a moment from now on.

    Stripe prorates within the running period only. Whether seats may be bought at all then is not judged now. Raises
    NoSubscription, QuantityWrong, TooManySeats, QuoteUnavailable.
    """
    subscription = live_subscription(account)
    item = seat_item(subscription) if subscription is not None else None
    if subscription is None or item is None:
        raise NoSubscription
    if not 1 <= add <= LARGEST_STEP:
        raise QuantityWrong(field="quantity")
    quantity, maximum = item.quantity + add, terms_in_force(account, item.price.plan, at).maximum
    if quantity > maximum:
        raise TooManySeats(
            _("Up to %(max)d seats can be bought here. For more, ask for an offer.") % {"max": maximum},
            field="quantity",
            maximum=maximum,
            ask_at="/api/v1/offer-requests",
        )
    moment, exact = _within(item, max(on, at))
    days = {to_unix(start_of_running_day(item.period_start, moment)), to_unix(item.period_start)}
    due = {}
    for day in days:
        params = preview_params(
            customer_id=subscription.customer.stripe_id,
            subscription_id=subscription.stripe_id,
            item_id=item.stripe_id,
            quantity=quantity,
            proration_date=day,
        )
        try:
            due[day] = gateway().preview(params).amount_due
        except GatewayError as error:
            raise QuoteUnavailable from error
    return Estimate(
        add=add,
        seats=quantity,
        currency=subscription.currency,
        amount_due=due[to_unix(start_of_running_day(item.period_start, moment))],
        whole=due[to_unix(item.period_start)],
        moment=moment,
        exact=exact,
        next_total=next_invoice_total(subscription=subscription, item=item, quantity=quantity),
    )


def _within(item: SubscriptionItem, moment: datetime) -> tuple[datetime, bool]:
    """The moment, or the one at the same place of the running period; and whether it is the moment itself."""
    if moment < item.period_end:
        return max(moment, item.period_start), True
    return item.period_start + (moment - item.period_start) % (item.period_end - item.period_start), False
