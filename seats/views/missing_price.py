"""What seats that are missing cost now."""

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest
from billing.quotes.quote_quantity import quote_quantity
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.templatetags.portal import money


def price_of_missing(request: AccountRequest, missing: int) -> str:
    """Due now for so many more seats, from Stripe; empty where there is no price or no right to buy."""
    if not missing or "seats.buy" not in request.capabilities:
        return ""
    try:
        quote = quote_quantity(account=request.account, actor=actor_of(request), add=missing, at=now())
    except PortalError:
        return ""  # the page that buys says why
    return money(quote.amount_due, quote.currency)
