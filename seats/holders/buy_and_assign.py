"""Buy seats by a quote and say in the same act who gets them."""

from collections.abc import Sequence
from datetime import datetime

from accounts.access.actor import Actor
from accounts.models import Account, Department, Membership
from billing.changes.buy_quote import buy_quote
from billing.models import QuantityChange
from billing.quotes.queries import quote_of
from seats.holders.planned import departments_to_come, plan_holders
from seats.pool.budgets import check_budgets


def buy_and_assign(
    *,
    account: Account,
    quote_id: str,
    members: Sequence[Membership],
    emails: Sequence[str],
    actor: Actor,
    at: datetime,
    reason: str = "",
    po_number: str = "",
    department: Department | None = None,
) -> QuantityChange:
    """Note the people with the quote, then buy it: they sit down as soon as its seats are paid.

    The note is kept before anything is sent, so the act is whole even if the payment needs hours or the process dies.
    department: of those who are invited anew.
    A second click returns the first one's change and plans nobody new. Raises what buy_quote raises, BudgetExceeded.
    """
    if (members or emails) and quote_of(account, quote_id).consumed_at is None:
        # Before anything is charged; the claim asks again, under the pool's lock.
        to_come = departments_to_come(account=account, emails=emails, department=department, at=at)
        check_budgets(account=account, members=members, to_come=to_come)
    plan_holders(account=account, quote_id=quote_id, members=members, emails=emails, department=department, actor=actor)
    return buy_quote(account=account, quote_id=quote_id, actor=actor, at=at, reason=reason, po_number=po_number)
