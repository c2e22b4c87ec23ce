"""What pages that buy say where a price needs somebody's approval."""

from dataclasses import dataclass

from accounts.access.pages import AccountRequest
from billing.models import Quote
from billing.quotes.approval import refusal_of
from billing.terms.allowance import Allowance, allowance_of
from seatportal.kit.clock import now
from seats.forms.requests import PurchaseRequestForm


@dataclass(frozen=True)
class NeededApproval:
    """left: the rest of the month. approvers: names of those who are asked first. form: sends the price to them."""

    left: Allowance | None
    approvers: list[str]
    form: PurchaseRequestForm


def approval_of(
    request: AccountRequest, quote: Quote, *, form: PurchaseRequestForm | None = None
) -> NeededApproval | None:
    """Why this price cannot be paid at once; None when it can. form: as it was sent and refused."""
    at = now()
    refused = refusal_of(quote, user_id=request.membership.user_id, at=at)
    if refused is None:
        return None
    return NeededApproval(
        allowance_of(request.account, at),
        refused.data["approvers"],
        form or PurchaseRequestForm(account=request.account),
    )
