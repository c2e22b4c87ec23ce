"""The period ends: while payment is awaited, and with a reduction due (F31 to F33)."""

from collections.abc import Callable
from datetime import datetime, timedelta

from billing.changes.decreases import plan_decrease
from billing.models import QuantityChange, ScheduledDecrease, SubscriptionItem
from seatportal.matrix import cuts
from seatportal.matrix.stage import Stage
from seats.models import SeatPool

State = QuantityChange.State


def renewal_while_waiting(stage: Stage) -> None:
    """F31: the period ends while payment is awaited; Stripe drops the update, no seat is given."""
    stage.open()
    end = SubscriptionItem.objects.get(subscription=stage.subscription).period_end
    stage.shop.wait(seconds=int((end - stage.at).total_seconds()) - 3 * 3600)
    stage.click(stage.quote())
    stage.require("it waits", stage.change().state == State.AWAITING_PAYMENT)
    stage.news()
    stage.shop.wait(hours=6)  # Well past the hour in which the renewal is a draft, so its charge is history too.
    stage.news()
    stage.sweep()
    stage.last_news()
    stage.expect_end(State.ABANDONED)


def phase_while_waiting(stage: Stage) -> None:
    """F32: a schedule changes its phase while payment is awaited; the same."""
    stage.open()
    stage.click(stage.quote())
    stage.require("it waits", stage.change().state == State.AWAITING_PAYMENT)
    stage.shop.plan_phase(stage.subscription.stripe_id, until=stage.at + timedelta(hours=2))
    stage.news()
    stage.shop.wait(hours=3)
    stage.news()
    stage.sweep()
    stage.last_news()
    stage.expect_end(State.ABANDONED)


def reduction_at_stripe(kill: str = "") -> Callable[[Stage], None]:
    """F33: a reduction was placed in its last day, then no worker runs over the renewal; Stripe executes it."""

    def story(stage: Stage) -> None:
        end = _planned_reduction(stage)
        stage.shop.wait(seconds=int((end - stage.at).total_seconds()) - 20 * 3600)
        if kill:
            stage.require("the worker was killed", stage.sweep(cuts.kill_at(kill, stage.notes)).killed)
            stage.shop.wait(minutes=10)
        stage.sweep()
        stage.require("it is at Stripe", ScheduledDecrease.objects.get().state == ScheduledDecrease.State.PLACED)
        stage.shop.wait(seconds=int((end - stage.at).total_seconds()) + 2 * 3600)
        _reduced(stage)
        stage.expect("changes of ours", QuantityChange.objects.count(), 0)

    return story


def reduction_missed(kill: str = "") -> Callable[[Stage], None]:
    """F33: no worker ran in the last day either, so the period began with ten. It is put right, once, with a credit."""

    def story(stage: Stage) -> None:
        end = _planned_reduction(stage)
        stage.shop.wait(seconds=int((end - stage.at).total_seconds()) + 2 * 3600)
        if kill:
            stage.nightly()  # So that the worker knows what it missed, and has the repair before it.
            stage.require("the worker was killed", stage.sweep(cuts.kill_at(kill, stage.notes)).killed)
        _reduced(stage)
        change = QuantityChange.objects.get()
        stage.expect("the repair", (change.kind, change.state), (QuantityChange.Kind.REDUCE, State.APPLIED))
        stage.expect("it is a credit", change.charged_total is not None and change.charged_total < 0, True)

    return story


def _planned_reduction(stage: Stage) -> datetime:
    stage.open()
    plan_decrease(account=stage.account, quantity=6, actor=stage.actor, at=stage.at)
    return SubscriptionItem.objects.get(subscription=stage.subscription).period_end


def _reduced(stage: Stage) -> None:
    stage.news()
    for minutes in (5, 65, 65):
        stage.sweep()
        stage.shop.wait(minutes=minutes)
    stage.last_news()
    stage.sweep()
    stage.last_news()
    stage.expect("the reduction", ScheduledDecrease.objects.get().state, ScheduledDecrease.State.DONE)
    stage.expect("the pool", SeatPool.objects.get(account=stage.account).purchased, 6)
    stage.expect("Stripe's quantity", stage.shop.quantity(stage.subscription.stripe_id), 6)
