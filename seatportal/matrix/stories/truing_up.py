"""K3: the quarterly true-up, with nobody present; processes die while it counts, charges, releases and seals."""

from collections.abc import Callable
from datetime import timedelta

from accounts.models import Notice
from billing.models import QuantityChange, ScheduledDecrease
from billing.quotes.quote_quantity import quote_true_up
from billing.terms.set_terms import set_terms
from seatportal.matrix import cuts
from seatportal.matrix.processes import End
from seatportal.matrix.scenarios import PAYS, Card
from seatportal.matrix.stage import ADDED, HELD, Stage
from seats.capacity.set_policy import set_policy
from seats.holders.claim import claim
from seats.models import Assignment, DailyUsage, SeatPool, TrueUp
from seats.true_up.decide_true_up import confirm_true_up
from seats.true_up.rules import add_months
from seats.true_up.run_true_ups import run_true_ups
from seats.true_up.verify_evidence import verify_true_up

State = TrueUp.State
# Hours between two rounds after a kill: past every lease and back-off, and past the hours in which a key is young.
ROUNDS = (1, 1, 2, 6, 12, 2)


def trued_up(*, kill: str = "", count: str = "", fault: str = "", worker: str = "") -> Callable[[Stage], None]:
    """Twelve sit on ten seats and one of them is idle: two are charged, one leaves. The round that does it is killed.

    count: where the round is killed that counts. worker: where the inbox's is that hears of the charge.
    """

    def story(stage: Stage) -> None:
        stage.kill_worker = worker
        stage.open()
        _quarter(stage)
        stage.shop.wait(days=2)
        if count:
            stage.require("the count was killed", _round(stage, count).killed)
        _round(stage)
        run = TrueUp.objects.get()
        stage.expect("what was counted", (run.state, run.purchased, run.target), (State.REVIEW, HELD, HELD + ADDED))
        stage.shop.wait(days=7, hours=1)
        if fault:
            stage.shop.fault(fault)
        ended = _round(stage, kill)
        stage.require("the round was killed", ended.killed == bool(kill))
        stage.require("the fault was met", stage.shop.ordered_faults() == 0)
        _carry_on(stage)
        if stage.scenario.card != Card.OK:
            _nobody_lost_anything(stage)
            _customer_acts(stage)
            _carry_on(stage)
        stage.last_news()
        _carry_on(stage)
        if stage.scenario.card in PAYS:
            _expect_settled(stage)
        else:
            _nobody_lost_anything(stage)

    return story


def _quarter(stage: Stage) -> None:
    """Agreed so that the quarter ends tomorrow: all sit from today on, and all but one work tomorrow."""
    tomorrow = stage.at.date() + timedelta(days=1)
    set_policy(
        account=stage.account, mode="soft", allowance=3, grace_days=100, reason="Season", actor=stage.actor, at=stage.at
    )
    first = add_months(tomorrow, -3) + timedelta(days=1)
    set_terms(
        account=stage.account, inactive_policy="hybrid", idle_days=1, true_up_from=first, reason="Contract",
        actor=stage.actor, at=stage.at,
    )  # fmt: skip
    people = [stage.owner, *(stage.join(f"m{n}") for n in range(HELD + ADDED - 1))]
    claim(account=stage.account, members=people, actor=stage.actor, at=stage.at)
    for person in people[1:]:
        DailyUsage.objects.create(account=stage.account, membership=person, feature="Reports", day=tomorrow, count=1)


def _round(stage: Stage, kill: str = "") -> End:
    at = stage.at
    kills = [cuts.kill_at(kill, stage.notes)] if kill else []
    return stage.apart(lambda: run_true_ups(at=at), *stage.early_news(), *kills)


def _carry_on(stage: Stage) -> None:
    """The hours after: news, sweeps and rounds until it is settled or has failed."""
    stage.news()
    for hours in ROUNDS:
        run = TrueUp.objects.get()
        if run.state in (State.SETTLED, State.FAILED):
            return
        stage.shop.wait(hours=hours)
        stage.sweep()
        _round(stage)


def _customer_acts(stage: Stage) -> None:
    """After the failure: a new card and the next try by itself, or a person who confirms with the bank."""
    match stage.scenario.card:
        case Card.PAID_LATER:
            stage.shop.put_card(stage.customer, "pm_card_mastercard")
        case Card.CONFIRMED:
            _confirm(stage)
            return
    again = TrueUp.objects.get().next_try_at
    stage.require("it is tried again", again is not None)
    if again is not None:
        stage.shop.wait(seconds=int((again - stage.at).total_seconds()) + 60)
    _round(stage)


def _confirm(stage: Stage) -> None:
    at, run = stage.at, TrueUp.objects.get()
    quote = quote_true_up(account=stage.account, actor=stage.actor, add=ADDED, at=at, present=True)
    stage.apart(
        lambda: confirm_true_up(
            account=stage.account, true_up_id=run.public_id, quote_id=quote.public_id, renew=HELD + ADDED - 1,
            actor=stage.actor, at=at,
        ).state
    )  # fmt: skip
    change = QuantityChange.objects.latest("pk")
    stage.require("it waits for the bank", change.state == QuantityChange.State.AWAITING_PAYMENT)
    stage.shop.answer_bank(change.invoice_stripe_id)


def _nobody_lost_anything(stage: Stage) -> None:
    """A charge that fails takes no seat, and nothing is reduced."""
    run = TrueUp.objects.get()
    stage.expect("the true-up", run.state, State.FAILED)
    stage.expect("people with an outcome", run.people.exclude(outcome="").count(), 0)
    _expect_seats(stage, purchased=HELD, held=HELD + ADDED)
    stage.expect("charges", stage.shop.charges(stage.subscription.stripe_id), [])
    stage.expect("reductions", ScheduledDecrease.objects.count(), 0)


def _expect_settled(stage: Stage) -> None:
    """Charged once, one seat released, one reduction planned, sealed, and told once."""
    run = TrueUp.objects.select_related("change").get()
    change = run.change
    stage.expect("the true-up", run.state, State.SETTLED)
    _expect_seats(stage, purchased=HELD + ADDED, held=HELD + ADDED - 1)
    charged = [change.quoted_total] if change else []
    stage.expect("a charge", bool(charged), True)
    stage.expect("charges", stage.shop.charges(stage.subscription.stripe_id), charged)
    plans = list(ScheduledDecrease.objects.values_list("public_id", "renew_quantity"))
    stage.expect("reductions", plans, [(run.decrease_id, HELD + ADDED - 1)])
    stage.expect("what is wrong with the proof", verify_true_up(run), [])
    told = Notice.objects.filter(kind="true_up_settled", user=stage.owner.user)
    stage.expect("mails", told.count(), 1)


def _expect_seats(stage: Stage, *, purchased: int, held: int) -> None:
    pool = SeatPool.objects.get(account=stage.account)
    stage.expect("purchased and assigned", (pool.purchased, pool.assigned), (purchased, held))
    stage.expect("seats held", Assignment.objects.filter(ended_at=None).count(), held)
    stage.expect("Stripe's quantity", stage.shop.quantity(stage.subscription.stripe_id), purchased)
