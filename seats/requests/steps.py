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

    Where every step is approved at the price already, any of those who approved may buy at it.
    """
    rows = list(steps)
    found = []
    for step in open_steps(rows, total=total):
        found.append(step)
        if step.approved is None:
            break
    return found or [step for step in rows if step.from_amount <= max(total, 0)]


def steps_of(request: SeatRequest) -> list[RequestStep]:
    """In order."""
    return list(request.steps.select_related("decided_by").prefetch_related("people").order_by("position"))


def turn_of(request: SeatRequest) -> RequestStep | None:
    """Whose turn it is, at the highest price that anybody saw so far. None: there is no step."""
    steps = steps_of(request)
    seen = max([request.asked_total or 0, *(step.approved for step in steps if step.approved is not None)])
    return next(iter(turns(steps, total=seen)), None)


def approvers_of(request: SeatRequest, step: RequestStep) -> list[Membership]:
    """Who may decide a step now, never who asked."""
    return people_behind(
        account=request.account,
        role=step.role,
        people=[person.pk for person in step.people.all()],
        department_id=request.department_id or request.membership.department_id,
        without=request.asked_by_id,
    )
