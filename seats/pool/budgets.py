"""Departments' budgets for seats, which stop (product.md I1).

A seat costs a month what the account pays by list price for its seats, divided by them and rounded up; from the
mirrored price, so discounts and tax are left out. Counted are the seats that people of a department hold, and those
reserved for people invited into it. Who holds a seat keeps it when a price or a department changes.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account, Department, Invitation, Membership
from billing.catalog.pricing import a_month, amount
from billing.catalog.queries import scheme_of
from billing.errors import BuyingPolicyWrong
from billing.mirror.queries import live_subscription, seat_item
from seats.errors import BudgetExceeded
from seats.models import Assignment, DepartmentBudget


@dataclass(frozen=True)
class SeatCost:
    """One seat a month, minor units of `currency`."""

    amount: int
    currency: str


@dataclass(frozen=True)
class BudgetUse:
    """One department. budget and left: None without a budget that holds now. Minor units of `currency` a month.

    more: for so many more seats what is left pays; None without a budget, and where seats cost nothing.
    """

    department: Department
    seats: int
    used: int
    budget: int | None
    left: int | None
    more: int | None = None
    currency: str = ""


def seat_cost(account: Account) -> SeatCost | None:
    """What one seat costs a month by list price; None where nothing is sold yet."""
    subscription = live_subscription(account)
    item = seat_item(subscription) if subscription else None
    if subscription is None or item is None or not item.quantity:
        return None
    every = amount(scheme_of(item.price), item.quantity)
    month = a_month(every, interval=item.price.interval, count=item.price.interval_count)
    return SeatCost(-(-month // item.quantity), subscription.currency)


def seats_by_department(account: Account, departments: Sequence[int]) -> Counter[int]:
    """Seats held or reserved now, by the department's key."""
    rows = Assignment.objects.filter(
        Q(membership__department_id__in=departments)
        | Q(membership__isnull=True, invitation__department_id__in=departments),
        account=account,
        ended_at__isnull=True,
    ).values_list("membership__department_id", "invitation__department_id")
    return Counter(member or invited for member, invited in rows)


def check_budgets(
    *,
    account: Account,
    members: Sequence[Membership] = (),
    invitations: Sequence[Invitation] = (),
    to_come: Sequence[int | None] = (),
    leaving: Membership | None = None,
) -> None:
    """Raise BudgetExceeded when so many more seats cost a department more than its budget.

    Call it with the pool locked, since every claim does: then nobody uses the same rest twice. leaving: whose seat is
    given on, and so no longer costs their department anything. to_come: departments of people who are to be invited.
    """
    for _department, error in excesses(
        account=account, members=members, invitations=invitations, to_come=to_come, leaving=leaving
    ):
        raise error


def excesses(
    *,
    account: Account,
    members: Sequence[Membership] = (),
    invitations: Sequence[Invitation] = (),
    to_come: Sequence[int | None] = (),
    leaving: Membership | None = None,
) -> Iterator[tuple[Department, BudgetExceeded]]:
    """The departments whose budgets do not pay for so many more seats, each with what a refusal says."""
    places = [*(one.department_id for one in members), *(one.department_id for one in invitations), *to_come]
    wanted = Counter(pk for pk in places if pk is not None)
    if leaving is not None and leaving.department_id is not None:
        wanted[leaving.department_id] -= 1
    more = [pk for pk, count in wanted.items() if count > 0]
    rows = DepartmentBudget.objects.filter(account=account, department_id__in=more).select_related("department")
    budgets = list(rows.order_by("pk")) if more else []
    cost = seat_cost(account) if budgets else None
    if cost is None:
        return
    held = seats_by_department(account, [row.department_id for row in budgets])
    for row in budgets:
        used = held[row.department_id] * cost.amount
        if row.currency == cost.currency and used + wanted[row.department_id] * cost.amount > row.amount:
            yield (
                row.department,
                BudgetExceeded(
                    _words(row.department, (row.amount - used) // cost.amount, wanted[row.department_id]),
                    department=row.department.public_id,
                    budget=row.amount,
                    used=used,
                    seat_cost=cost.amount,
                    currency=cost.currency,
                    ask_at="/api/v1/requests",
                ),
            )


def _words(department: Department, left: int, wanted: int) -> str:
    if left < 1:
        return _("The budget of %(department)s for seats is used up. Nothing was changed. Ask for approval.") % {
            "department": department
        }
    return ngettext(
        "The budget of %(department)s pays for %(left)s more seat, and %(wanted)s are wanted. "
        "Nothing was changed. Ask for approval.",
        "The budget of %(department)s pays for %(left)s more seats, and %(wanted)s are wanted. "
        "Nothing was changed. Ask for approval.",
        left,
    ) % {"department": department, "left": left, "wanted": wanted}


def purse_of(account: Account) -> dict[int, int]:
    """For how many more seats each department can pay, by its key; below zero: so many too many.

    Only departments whose budget can be compared with what a seat costs now.
    """
    rows = list(DepartmentBudget.objects.filter(account=account))
    cost = seat_cost(account) if rows else None
    rows = [row for row in rows if cost and cost.amount and row.currency == cost.currency]
    if not cost or not rows:
        return {}
    held = seats_by_department(account, [row.department_id for row in rows])
    return {row.department_id: row.amount // cost.amount - held[row.department_id] for row in rows}


def used_up(account: Account) -> list[int]:
    """Keys of departments that cannot pay for one more seat."""
    return [department for department, seats in purse_of(account).items() if seats < 1]


def budgets_of(account: Account, places: Sequence[Department] | None = None) -> list[BudgetUse]:
    """Departments with their seats, what they cost and what is left: these, or all by name."""
    if places is None:
        places = list(Department.objects.filter(account=account).order_by("name"))
    budgets = {
        row.department_id: row for row in DepartmentBudget.objects.filter(account=account, department__in=places)
    }
    held, cost = seats_by_department(account, [place.pk for place in places]), seat_cost(account)
    found = []
    for place in places:
        used = held[place.pk] * cost.amount if cost else 0
        row = budgets.get(place.pk)
        holds = row is not None and cost is not None and row.currency == cost.currency
        budget = row.amount if row is not None and holds else None
        left = None if budget is None else budget - used
        more = max(left // cost.amount, 0) if left is not None and cost and cost.amount else None
        found.append(BudgetUse(place, held[place.pk], used, budget, left, more, row.currency if row else ""))
    return found


def budget_of(account: Account, department: Department) -> DepartmentBudget | None:
    """What was set, also in a currency that is no longer the subscription's."""
    return DepartmentBudget.objects.filter(account=account, department=department).first()


def lock_budget(account: Account, department: Department) -> Department | None:
    """The department, whose budget nobody else changes until the transaction ends; nothing if it is gone."""
    return Department.objects.select_for_update(no_key=True).filter(account=account, pk=department.pk).first()


def budgets_left(account: Account, places: Sequence[Department] | None = None) -> list[BudgetUse]:
    """What is left of budgets that hold now: of these departments, or of all."""
    return [use for use in budgets_of(account, places) if use.left is not None]


@transaction.atomic
def set_budget(
    *, account: Account, department: Department, amount: int | None, currency: str, actor: Actor, at: datetime
) -> None:
    """Set what a department's seats may cost a month, minor units; None: no budget. Nobody loses a seat by it.

    currency: the subscription's. Raises BuyingPolicyWrong for an amount without one.
    """
    if amount is not None and not currency:
        raise BuyingPolicyWrong(_("An amount needs a currency. Choose a plan first."), field="amount")
    lock_budget(account, department)
    row = budget_of(account, department)
    old = (row.amount, row.currency) if row else (None, "")
    if old == (amount, currency) or (row is None and amount is None):
        return
    if amount is None:
        DepartmentBudget.objects.filter(account=account, department=department).delete()
    else:
        DepartmentBudget.objects.update_or_create(
            department=department, defaults={"account": account, "amount": amount, "currency": currency}
        )
    record_audit(
        account=account,
        actor=actor,
        action="budget.changed",
        target=department.public_id,
        summary=str(department),
        old=old[0],
        new=amount,
        currency=currency,
    )
