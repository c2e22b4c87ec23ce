"""Choose who gives up a seat when a planned reduction takes effect, and take those seats on its day."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from billing.mirror.queries import open_decrease
from billing.models import ScheduledDecrease
from seats.capacity.rules import limit_at
from seats.errors import NothingToChoose, SeatGone, TooManyChosen
from seats.holders.release_seat import release_seats
from seats.models import Assignment, ReductionLeaver, SeatPool
from seats.pool.pools import lock_pool


def too_many_for(plan: ScheduledDecrease) -> int:
    """How many seats are taken beyond what there will be, the soft allowance and seats still free of charge counted."""
    pool = SeatPool.objects.get(account=plan.account)
    then = limit_at(pool, plan.account, purchased=plan.renew_quantity, at=plan.effective_at)
    return max(pool.assigned - then, 0)


def chosen_for(plan: ScheduledDecrease) -> set[str]:
    """The public ids of the seats that were chosen and are still taken."""
    rows = ReductionLeaver.objects.filter(decrease_id=plan.public_id, assignment__ended_at__isnull=True)
    return set(rows.values_list("assignment__public_id", flat=True))


@transaction.atomic
def choose_leavers(*, account: Account, seat_ids: Sequence[str], actor: Actor, at: datetime) -> int:
    """Note whose seats go with the planned reduction; a new choice replaces the old one. Nobody loses anything yet.

    Returns how many were chosen. Raises NothingToChoose, TooManyChosen, SeatGone.
    """
    lock_pool(account)
    plan = open_decrease(account)
    if plan is None or (most := too_many_for(plan)) == 0:
        raise NothingToChoose
    wanted = set(seat_ids)
    if len(wanted) > most:
        raise TooManyChosen(most=most)
    seats = list(Assignment.objects.filter(account=account, public_id__in=wanted, ended_at__isnull=True))
    if len(seats) != len(wanted):
        raise SeatGone
    ReductionLeaver.objects.filter(account=account).delete()
    ReductionLeaver.objects.bulk_create(
        ReductionLeaver(
            account=account, decrease_id=plan.public_id, assignment=seat, chosen_by=actor.user, chosen_at=at
        )
        for seat in seats
    )
    record_audit(
        account=account,
        actor=actor,
        action="reduction.leavers",
        target=plan.public_id,
        summary=str(len(seats)),
        seats=sorted(wanted),
    )
    return len(seats)


def release_chosen(*, account: Account, quantity: int, at: datetime) -> int:
    """Release the chosen seats of the reduction to `quantity`, no more than are too many; returns how many.

    Called in the transaction in which the seats go. What is left over has its grace, as ever.
    """
    plans = ScheduledDecrease.objects.filter(account=account, renew_quantity=quantity, effective_at__lte=at)
    plan = plans.order_by("-pk").first()
    pool = lock_pool(account)
    beyond = max(pool.assigned - pool.limit, 0)
    if plan is None or not beyond:
        return 0
    rows = ReductionLeaver.objects.filter(
        account=account, decrease_id=plan.public_id, assignment__ended_at__isnull=True
    ).select_related("assignment", "chosen_by")
    leaving = list(rows.order_by("-assignment__started_at", "-assignment_id")[:beyond])
    if not leaving:
        return 0
    return release_seats(
        account=account,
        assignments=[row.assignment for row in leaving],
        actor=Actor(user=leaving[0].chosen_by, door="task"),
        at=at,
        end_reason=Assignment.EndReason.OVER_LIMIT,
    )
