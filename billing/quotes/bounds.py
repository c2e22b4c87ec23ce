"""How many seats an account may buy without an offer, and which plans sell a number."""

from datetime import datetime

from accounts.models import Account
from billing.catalog.queries import prices_on_offer
from billing.mirror.queries import live_subscription, seat_item
from billing.models import Price
from billing.terms.queries import terms_in_force, terms_of
from billing.terms.rules import in_force


def self_service_bound(account: Account, at: datetime) -> int:
    """The largest total that is sold here: in the account's plan, or before the first purchase in any plan."""
    subscription = live_subscription(account)
    item = seat_item(subscription) if subscription else None
    if item is not None:
        return terms_in_force(account, item.price.plan, at).maximum
    terms = terms_of(account)
    return max((in_force(terms, price.plan, at).maximum for price in prices_on_offer()), default=0)


def prices_for(account: Account, *, quantity: int, currency: str, at: datetime) -> list[Price]:
    """Prices in one currency whose plan sells `quantity` seats to this account."""
    terms = terms_of(account)
    found = []
    for price in prices_on_offer(currency):
        held = in_force(terms, price.plan, at)
        if held.minimum <= quantity <= held.maximum:
            found.append(price)
    return found
