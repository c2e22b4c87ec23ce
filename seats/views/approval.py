"""What pages that buy say where a price needs somebody's approval."""

from dataclasses import dataclass

from accounts.access.pages import AccountRequest
from billing.models import Quote
from billing.quotes.approval import refusal_of
from billing.terms.allowance import Allowance, allowance_of
from seatportal.kit.clock import now


@dataclass(frozen=True)
class NeededApproval:
    """left: the rest of the month. approvers: names of those who are asked first."""

    left: Allowance | None
    approvers: list[str]


def approval_of(request: AccountRequest, quote: Quote) -> NeededApproval | None:
    """Why this price cannot be paid at once; None when it can."""
    at = now()
    refused = refusal_of(quote, user_id=request.membership.user_id, at=at)
    return NeededApproval(allowance_of(request.account, at), refused.data["approvers"]) if refused else None
