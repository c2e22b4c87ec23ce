"""Whether a price may be accepted without anybody's approval."""

from datetime import datetime

from billing.errors import ApprovalRequired
from billing.models import Quote
from billing.terms.allowance import check_allowance


def check_quote(quote: Quote, *, user_id: int | None, at: datetime) -> None:
    """Raise ApprovalRequired when it is above the rest of the month. A true-up is owed by contract.

    user_id: who buys. See check_allowance on what must be locked where this decides.
    """
    if quote.kind != Quote.Kind.TRUE_UP:
        check_allowance(
            account=quote.account,
            added=quote.added,
            total=quote.weight,
            currency=quote.currency,
            user_id=user_id,
            at=at,
        )


def refusal_of(quote: Quote, *, user_id: int | None, at: datetime) -> ApprovalRequired | None:
    """Why a price cannot simply be accepted now; None when it can."""
    try:
        check_quote(quote, user_id=user_id, at=at)
    except ApprovalRequired as error:
        return error
    return None


def needs_approval(quote: Quote, at: datetime) -> bool:
    """Whether an order by this quote would be refused."""
    return refusal_of(quote, user_id=None, at=at) is not None
