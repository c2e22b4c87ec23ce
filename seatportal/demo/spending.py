"""What a firm may spend: an allowance, approvers in two steps, departments' budgets, and a purchase on its way."""

from datetime import datetime

from accounts.models import Department
from billing.models import ApprovalStep, BuyingPolicy
from billing.quotes.quote_quantity import quote_quantity
from billing.terms.approvers import Step
from billing.terms.set_buying_policy import set_buying_policy, set_chain
from seatportal.demo.firm import Firm
from seats.models import SeatRequest
from seats.pool.budgets import set_budget
from seats.requests.decide_purchase import approve_purchase, price_request
from seats.requests.request_purchase import request_purchase


def agree_on_spending(firm: Firm, at: datetime, *, amount: int, owner_from: int, **budgets: int) -> None:
    """Billing approves what is above the allowance, an owner too from `owner_from` on; minor units of its currency.

    budgets: what the seats of a department may cost a month, by its name.
    """
    currency = firm.subscription()[0].currency
    set_buying_policy(
        account=firm.account,
        seats=None,
        amount=amount,
        currency=currency,
        joiners=BuyingPolicy.Joiners.WAIT,
        reason="Agreed with Finance for the year",
        actor=firm.actor,
        at=at,
    )
    steps = (
        Step(position=1, role=ApprovalStep.Role.BILLING, people=frozenset(), from_amount=0),
        Step(position=2, role=ApprovalStep.Role.OWNER, people=frozenset(), from_amount=owner_from),
    )
    set_chain(account=firm.account, steps=steps, actor=firm.actor, at=at)
    for name, budget in budgets.items():
        place = Department.objects.get(account=firm.account, name=name)
        set_budget(account=firm.account, department=place, amount=budget, currency=currency, actor=firm.actor, at=at)


def ask_for_purchase(firm: Firm, key: str, add: int, reason: str, at: datetime, *, po_number: str) -> None:
    """One of its people sends the price of more seats, for their own department, for approval."""
    actor, member = firm.actor_of(key), firm.people[key]
    quote = quote_quantity(account=firm.account, actor=actor, add=add, at=at)
    request_purchase(
        account=firm.account,
        membership=member,
        quote_id=quote.public_id,
        reason=reason,
        department=member.department,
        po_number=po_number,
        actor=actor,
        at=at,
    )


def approve_first_step(firm: Firm, key: str, answer: str, at: datetime) -> None:
    """Whose turn it is says yes to the open purchase at the price of that moment; the next step is still to come."""
    asked = SeatRequest.objects.get(account=firm.account, kind=SeatRequest.Kind.PURCHASE, state=SeatRequest.State.OPEN)
    actor = firm.actor_of(key)
    quote = price_request(account=firm.account, request=asked, actor=actor, at=at)
    approve_purchase(account=firm.account, request=asked, quote_id=quote.public_id, answer=answer, actor=actor, at=at)
