"""K5: idle seats are credited at the end of a period; processes die between the count, the price and Stripe's line."""

from collections.abc import Callable
from datetime import timedelta

from billing.models import IdleCredit, SubscriptionItem
from billing.terms.set_terms import set_terms
from seatportal.matrix import cuts
from seatportal.matrix.processes import End
from seatportal.matrix.stage import HELD, Stage
from seats.holders.claim import claim
from seats.models import DailyUsage, SeatPool
from seats.true_up.count_idle_credits import count_idle_credits

State = IdleCredit.State
IDLE = 2


def credited_idle(*, kill: str = "", sweep: str = "", fault: str = "", late: bool = False) -> Callable[[Stage], None]:
    """Two of ten did nothing. The count before the renewal is killed; late: and nobody runs until after the renewal."""

    def story(stage: Stage) -> None:
        stage.open()
        _somebody_is_idle(stage)
        end = SubscriptionItem.objects.get(subscription=stage.subscription).period_end
        stage.shop.wait(seconds=int((end - stage.at).total_seconds()) - 3600)
        if fault:
            stage.shop.fault(fault, path="/v1/invoiceitems")
        ended = _count(stage, kill)
        stage.require("the count was killed", ended.killed == bool(kill))
        stage.require("the fault was met", stage.shop.ordered_faults() == 0)
        if sweep:
            stage.shop.wait(minutes=2)
            swept = stage.sweep(cuts.kill_at(sweep, stage.notes), *stage.early_news())
            stage.require("the sweep was killed", swept.killed)
        stage.news()
        if late:
            stage.shop.wait(hours=3)
        _count(stage)
        stage.rest()
        stage.require("the renewal is to come", late or stage.at < end)
        stage.shop.wait(hours=4)
        stage.news()
        _count(stage)
        stage.sweep()
        stage.last_news()
        _expect_credit(stage, late=late)

    return story


def _somebody_is_idle(stage: Stage) -> None:
    set_terms(
        account=stage.account, inactive_policy="active", idle_days=5, reason="Contract", actor=stage.actor, at=stage.at
    )
    people = [stage.owner, *(stage.join(f"m{n}") for n in range(HELD - 1))]
    claim(account=stage.account, members=people, actor=stage.actor, at=stage.at)
    end = SubscriptionItem.objects.get(subscription=stage.subscription).period_end
    for person in people[IDLE:]:
        day = end.date() - timedelta(days=1)
        DailyUsage.objects.create(account=stage.account, membership=person, feature="Reports", day=day, count=1)


def _count(stage: Stage, kill: str = "") -> End:
    at = stage.at
    kills = [cuts.kill_at(kill, stage.notes)] if kill else []
    return stage.apart(lambda: count_idle_credits(at=at), *stage.early_news(), *kills)


def _expect_credit(stage: Stage, *, late: bool) -> None:
    """One row, one line at Stripe over Stripe's own difference, on the renewal's invoice or waiting for the next."""
    credit = IdleCredit.objects.get()
    stage.expect("the credit", (credit.state, credit.idle, credit.credited), (State.DONE, IDLE, IDLE))
    difference = (credit.reduced_amount or 0) - (credit.full_amount or 0)
    stage.expect("its amount", (credit.amount, difference < 0), (difference, True))
    items = stage.shop.invoice_items(stage.customer)
    stage.expect(
        "lines at Stripe", [(i["id"], i["amount"]) for i in items], [(credit.invoice_item_stripe_id, difference)]
    )
    bills = [row["total"] for row in stage.shop.invoices(stage.subscription.stripe_id)]
    stage.expect("the renewal", bills[0], (credit.full_amount or 0) + (0 if late else difference))
    stage.expect("bills", len(bills), 2)
    pool = SeatPool.objects.get(account=stage.account)
    stage.expect("purchased and assigned", (pool.purchased, pool.assigned), (HELD, HELD))
