"""Finding a promise again."""

from accounts.models import Account
from billing.errors import QuoteUnknown
from billing.models import Quote


def quote_of(account: Account, public_id: str) -> Quote:
    """A quote of this account, whatever its state. Raises QuoteUnknown."""
    quote = Quote.objects.filter(account=account, public_id=public_id).select_related("subscription").first()
    if quote is None:
        raise QuoteUnknown
    return quote
