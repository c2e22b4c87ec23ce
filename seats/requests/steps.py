"""Which steps of a purchase's approval are open at a price. Pure, but for the people behind one."""

from collections.abc import Iterable

from accounts.models import Membership
from billing.terms.approvers import people_behind
from seats.models import RequestStep, SeatRequest


def open_steps(steps: Iterable[RequestStep], *, total: int) -> list[RequestStep]:
    """Those that a purchase at `total` still takes, in order: never decided, or approved at a lower price. Pure.

    Minor units with tax. The first of them is whose turn it is.
    """
    return [
        step for step in steps if step.from_amount <= max(total, 0) and (step.approved is None or step.approved < total)
    ]


def turns(steps: Iterable[RequestStep], *, total: int) -> list[RequestStep]:
    """Whose word at a price is waited for: those who agreed to less, and the first who said nothing yet. Pure.

    Where every step is approved at the price already, any approver may buy at it, also one whose step a lower price no
    longer takes.
    """
    rows = list(steps)
    found = []
    for step in open_steps(rows, total=total):
        found.append(step)
        if step.approved is None:
            break
    return found or rows


def steps_of(request: SeatRequest) -> list[RequestStep]:
    """In order."""
    return list(request.steps.select_related("decided_by").prefetch_related("people").order_by("position"))


def seen_price(request: SeatRequest, steps: Iterable[RequestStep]) -> int:
    """The highest price that anybody agreed to, or else what was asked. Pure; minor units with tax.

    A price falls with the days that are left of a period: what was asked is no price to hold a later yes against.
    """
    agreed = [step.approved for step in steps if step.approved is not None]
    return max(agreed, default=request.asked_total or 0)


def turn_of(request: SeatRequest) -> RequestStep | None:
    """Whose turn it is, at the price that was seen last. None: there is no step."""
    steps = steps_of(request)
    return next(iter(turns(steps, total=seen_price(request, steps))), None)


def approvers_of(request: SeatRequest, step: RequestStep) -> list[Membership]:
    """Who may decide a step now, never who asked."""
    return people_behind(
        account=request.account,
        role=step.role,
        people=[person.pk for person in step.people.all()],
        department_id=request.department_id or request.membership.department_id,
        without=request.asked_by_id,
    )
