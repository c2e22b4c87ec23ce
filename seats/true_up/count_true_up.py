"""The quarter is over: fix what was used, who did nothing, and what follows unless somebody decides otherwise."""

from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from billing.changes.undo_change import may_still_be_undone
from seats.models import SeatPool, TrueUp, TrueUpPerson
from seats.true_up.idle import idle_holders
from seats.true_up.record_marks import marks_written
from seats.true_up.rules import ANSWER_LIFE
from seats.true_up.settle_true_up import settle
from seats.true_up.tell import tell


@transaction.atomic
def count_true_up(*, true_up_id: int, at: datetime) -> TrueUp:
    """Count once; a second run finds it counted. The daily marks of the quarter must be written.

    Only seats under a soft limit are charged; beyond a hard one nobody sits by right, and the grace ends it.
    """
    run = TrueUp.objects.select_for_update(of=("self",)).select_related("account").get(pk=true_up_id)
    if run.state != TrueUp.State.NOTICE or at < run.due_at:
        return run
    account = run.account
    if may_still_be_undone(account, at=at):
        return run  # Seats that are given back in a moment would count as purchased; the next round counts.
    pool = SeatPool.objects.get(account=account)
    run.purchased, run.counted_at, run.answer_by = pool.purchased, at, at + ANSWER_LIFE
    run.peak = max(
        (mark.over_peak for mark in marks_written(account, first=run.first_day, last=run.last_day)), default=0
    )
    run.target = max(pool.purchased, run.peak) if pool.mode == SeatPool.Mode.SOFT else pool.purchased
    idle = (
        idle_holders(account, zone=run.time_zone, last=run.last_day, days=run.idle_days, at=at)
        if run.removes_idle
        else []
    )
    TrueUpPerson.objects.bulk_create(
        TrueUpPerson(
            true_up=run,
            membership_id=holder.membership_id,
            seated_at=holder.seated_at,
            last_active_on=holder.last_active_on,
        )
        for holder in idle
    )
    run.state = TrueUp.State.REVIEW
    if not idle and run.target == run.purchased:
        run.state, run.decision, run.decided_at = TrueUp.State.CONFIRMED, TrueUp.Decision.NOTHING, at
        run.save()
        return settle(run, at)
    run.save()
    record_audit(
        account=account,
        actor=Actor.system("task"),
        action="true_up.counted",
        target=run.public_id,
        summary=f"{run.purchased} → {run.target}",
        idle=len(idle),
    )
    tell(run, "review", at, idle=len(idle), over=run.target - run.purchased, answer_by_at=run.answer_by)
    return run
