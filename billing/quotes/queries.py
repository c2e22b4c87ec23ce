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


def lock_unused(account: Account, public_id: str) -> bool:
    """Hold a quote against being bought until the caller's transaction ends; False when it is bought already."""
    quote = Quote.objects.select_for_update(no_key=True).filter(account=account, public_id=public_id).first()
    if quote is None:
        raise QuoteUnknown
    return quote.consumed_at is None
