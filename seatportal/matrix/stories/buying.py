"""The common story of a purchase, and those in which its call or its key fails (F1 to F17, F27)."""

from collections.abc import Callable
from datetime import timedelta

from billing.changes.pending import cancel_change
from billing.models import Incident, QuantityChange
from seatportal.matrix import cuts
from seatportal.matrix.processes import Cut
from seatportal.matrix.scenarios import PAYS, Card
from seatportal.matrix.stage import ADDED, HELD, Stage

State = QuantityChange.State
# Seconds: how long a call waits for an answer that comes later than that.
PATIENCE, HANGS = 1.0, 1.6


def natural_end(stage: Stage) -> str:
    """What becomes of a purchase whose charging call is executed in the end."""
    return State.APPLIED if stage.scenario.card in PAYS else State.ABANDONED


def finish(stage: Stage) -> None:
    """From a click to the end of everything: news, sweeps, the customer's act, late news."""
    settle(stage)
    stage.last_news()


def settle(stage: Stage) -> None:
    """From a click to the change's end, and no further: what is on its way stays there."""
    stage.news()
    stage.rest()
    if stage.change().state == State.AWAITING_PAYMENT:
        stage.customer_acts()
        stage.news()
        stage.shop.wait(minutes=3)
        stage.sweep()
        stage.rest()


def buy(stage: Stage) -> QuantityChange:
    """A purchase without any fault, settled and paid."""
    stage.click(stage.quote())
    settle(stage)
    change = stage.change()
    stage.require("it was bought", change.state == State.APPLIED)
    return change


def purchase(*, fault: str = "", kill: str = "", click: tuple[Cut, ...] = (), end: str = "") -> Callable[[Stage], None]:
    """A purchase whose charging call meets a fault of the simulator's, or whose process is killed or cut."""

    def story(stage: Stage) -> None:
        stage.open()
        quote = stage.quote()
        if fault:
            stage.shop.fault(fault, seconds=HANGS)
        hurts = [cuts.send_by(timeout=PATIENCE)] if fault.startswith("hang") else []
        kills = [cuts.kill_at(kill, stage.notes)] if kill else []
        ended = stage.click(quote, *hurts, *click, *kills)
        stage.require("the process was killed", ended.killed == bool(kill))
        stage.expect("the click's error", ended.details or ended.error, "")
        stage.require("the fault was met", stage.shop.ordered_faults() == 0)
        finish(stage)
        stage.expect_end(end or natural_end(stage))

    return story


def unreachable(stage: Stage) -> None:
    """F3: Stripe's address answers nobody; the sweep of a minute later finds it again."""
    stage.open()
    stage.click(stage.quote(), cuts.stripe_unreachable())
    change = stage.change()
    stage.expect("the change that was never sent", (change.state, change.calls), (State.CONFIRMED, 0))
    finish(stage)
    stage.expect_end(natural_end(stage))


def server_error_without_effect(stage: Stage) -> None:
    """F9: an hour of reads decides, nothing is charged, and the next purchase is free to go."""
    stage.open()
    quote = stage.quote()
    stage.shop.fault("error500_no_effect")
    stage.click(quote)
    stage.require("the fault was met", stage.shop.ordered_faults() == 0)
    finish(stage)
    stage.expect_end(State.FAILED)
    if stage.scenario.card == Card.OK:
        again = stage.click(stage.quote())
        stage.last_news()
        stage.expect("the next purchase", (again.error, again.value), ("", State.APPLIED))


def executed_after_all(stage: Stage) -> None:
    """F9: hours after the verdict Stripe executes the call by itself. The seats follow, and somebody is paged."""
    stage.open()
    quote = stage.quote()
    stage.shop.fault("error500_no_effect")
    stage.click(quote)
    stage.require("the fault was met", stage.shop.ordered_faults() == 0)
    stage.news()
    stage.rest()
    change = stage.change()
    stage.expect("the verdict", change.state, State.FAILED)
    stage.shop.wait(hours=5)
    stage.shop.execute_late(stage.subscription.stripe_id, change.params)
    stage.last_news()
    stage.reconciled = True
    stage.expect("the reconciliation's finds and failures", stage.reconcile(), (1, 0))
    incident = Incident.objects.filter(kind=Incident.Kind.MONEY_WITHOUT_GRANT).first()
    stage.expect("the incident is about the change", incident and incident.change_id, change.pk)
    stage.expect_end(State.FAILED, seats=HELD + ADDED)


def key_in_flight(stage: Stage) -> None:
    """F10: a second worker sends the same key while the first call is on its way."""
    stage.open()
    quote = stage.quote()
    stage.shop.fault("slow", seconds=1.5)
    first = stage.start_click(quote)
    sent = QuantityChange.objects.filter(state=State.CALLING)
    stage.require("the first call was on its way", stage.until(sent.exists))
    stage.shop.moved += timedelta(seconds=61)  # The lease is over for us; Stripe still works.
    stage.sweep()
    first.wait()
    finish(stage)
    stage.expect_end(natural_end(stage))


def key_of_other_parameters(stage: Stage) -> None:
    """F14: Stripe knows the key with other parameters; never a new key, reads decide."""
    stage.open()
    ended = stage.click(stage.quote(), cuts.kill_at("before the call is sent", stage.notes))
    stage.require("the process was killed", ended.killed)
    stage.shop.use_key(stage.change().idempotency_key, stage.customer)
    finish(stage)
    stage.expect_end(State.FAILED)


def key_forgotten(buyer: str) -> Callable[[Stage], None]:
    """F27: everything of ours is down for 25 hours, so Stripe may have forgotten the key. Nothing is sent again."""
    executed = buyer == "after Stripe executed it"

    def story(stage: Stage) -> None:
        stage.open()
        stage.click(stage.quote(), cuts.kill_at(buyer, stage.notes))
        stage.shop.wait(hours=25)
        stage.sweep()
        stage.rest()
        stage.last_news()
        paid = State.APPLIED if stage.scenario.card == Card.OK else State.ABANDONED
        stage.expect_end(paid if executed else State.FAILED)
        stage.expect("charging calls", charging_calls(stage), int(executed))

    return story


def killed_in_the_sweep(point: str, *, buyer: str) -> Callable[[Stage], None]:
    """The buyer is killed, then the sweep that takes over is killed at a point; the next one ends it."""

    def story(stage: Stage) -> None:
        stage.open()
        ended = stage.click(stage.quote(), cuts.kill_at(buyer, stage.notes))
        stage.require("the buyer was killed", ended.killed)
        stage.shop.wait(minutes=2)
        swept = stage.sweep(cuts.kill_at(point, stage.notes), *stage.early_news())
        stage.require("the sweep was killed", swept.killed)
        finish(stage)
        stage.expect_end(natural_end(stage))

    return story


def refused_on_the_second_try(stage: Stage) -> None:
    """F13: the buyer dies before the call; the sweep's is refused. A later call's refusal says nothing of the first."""
    stage.open()
    ended = stage.click(stage.quote(), cuts.kill_at("before the call is sent", stage.notes))
    stage.require("the process was killed", ended.killed)
    stage.shop.fault("no_permission")
    stage.shop.wait(minutes=2)
    stage.sweep(*stage.early_news())
    stage.require("the fault was met", stage.shop.ordered_faults() == 0)
    stage.expect("the change after the refusal", stage.change().state, State.UNKNOWN)
    finish(stage)
    stage.expect_end(natural_end(stage))


def limit_of_the_day(stage: Stage) -> None:
    """F11: the subscription has had its 20 invoices. After an hour the buyer hears why; the next day it works."""
    stage.open()
    stage.shop.use_up_the_day(stage.customer, stage.subscription.stripe_id)
    stage.click(stage.quote())
    change = stage.change()
    stage.expect("the change that Stripe did not take", (change.state, change.in_doubt), (State.CONFIRMED, False))
    finish(stage)
    stage.expect_end(State.REJECTED)
    stage.expect("what the buyer hears", stage.change().error_code, "too_many_changes")
    stage.shop.wait(days=1)
    again = stage.click(stage.quote())
    stage.last_news()
    stage.expect("the next day's purchase", (again.error, again.value), ("", State.APPLIED))


def killed_while_paying(point: str) -> Callable[[Stage], None]:
    """F15: the card was declined; the process that charges another one dies."""

    def story(stage: Stage) -> None:
        stage.open()
        stage.click(stage.quote())
        stage.require("it waits", stage.change().state == State.AWAITING_PAYMENT)
        ended = stage.pay_again(*stage.early_news(), cuts.kill_at(point, stage.notes))
        stage.require("the process was killed", ended.killed)
        if point.startswith("before"):
            stage.pay_again()
        _comes_to_rest(stage)
        stage.expect_end(State.APPLIED)

    return story


def killed_while_stopping(point: str) -> Callable[[Stage], None]:
    """F15 and F16: what waits for payment is stopped, and the process that stops it dies."""

    def story(stage: Stage) -> None:
        stage.open()
        stage.click(stage.quote())
        change, at = stage.change(), stage.at
        stage.require("it waits", change.state == State.AWAITING_PAYMENT)
        ended = stage.apart(
            lambda: cancel_change(account=stage.account, change_id=change.public_id, actor=stage.actor, at=at).state,
            *stage.early_news(),
            cuts.kill_at(point, stage.notes),
        )
        stage.require("the process was killed", ended.killed)
        if point.startswith("before"):
            stage.shop.wait(hours=24)
        _comes_to_rest(stage)
        stage.expect_end(State.ABANDONED)

    return story


def _comes_to_rest(stage: Stage) -> None:
    stage.news()
    stage.shop.wait(minutes=3)
    stage.sweep()
    stage.rest()
    stage.last_news()


def charging_calls(stage: Stage) -> int:
    key = QuantityChange.objects.values_list("idempotency_key", flat=True).first()
    return sum(row["idempotency_key"] == key for row in stage.shop.requests()) if key else 0
