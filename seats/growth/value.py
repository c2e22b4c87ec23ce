"""What more seats would be worth, estimated for the account team from Stripe's price list. Never charged."""

from collections.abc import Collection
from dataclasses import dataclass

from billing.catalog.pricing import amount
from billing.catalog.queries import scheme_of
from billing.models import Price, SubscriptionItem
from billing.models.subscription import ENDED


@dataclass(frozen=True)
class Worth:
    """Minor units more per interval."""

    amount: int
    currency: str
    interval: str


def prices_of(accounts: Collection[int]) -> dict[int, tuple[Price, int]]:
    """The price and the quantity that each of the accounts has now; two statements."""
    items = (
        SubscriptionItem.objects.filter(subscription__account_id__in=accounts)
        .exclude(subscription__status__in=ENDED)
        .select_related("subscription", "price__plan")
        .prefetch_related("price__tiers")
    )
    return {item.subscription.account_id: (item.price, item.quantity) for item in items}


def worth_of(price: Price, quantity: int, more: int) -> Worth | None:
    """What `more` seats would add; None where the list has no price for so many: people talk, nobody guesses.

    It can be negative: with volume prices eleven seats may cost less than ten.
    """
    target = quantity + more
    scheme = scheme_of(price)
    ends = [tier.up_to for tier in scheme.tiers]
    beyond = bool(ends) and None not in ends and target > max(end for end in ends if end is not None)
    if more <= 0 or beyond or target > price.plan.self_service_max:
        return None
    return Worth(amount(scheme, target) - amount(scheme, quantity), price.currency, price.interval)
