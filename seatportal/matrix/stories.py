"""What happens in a scenario: the common story of a purchase, and those of the faults that need another one."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta

from billing.changes.decreases import plan_decrease
from billing.errors import ChangeInProgress
from billing.mirror.refresh import refresh_subscription
from billing.models import Incident, QuantityChange, ScheduledDecrease, StripeEvent, SubscriptionItem
from seatportal.matrix import cuts
from seatportal.matrix.processes import Cut, start
from seatportal.matrix.scenarios import PAYS, Card, Order
from seatportal.matrix.stage import ADDED, HELD, Stage
from seats.holders.assign_seat import assign_seat
from seats.holders.claim import claim
from seats.models import Assignment, LedgerEntry, SeatPool

State = QuantityChange.State
# Seconds: how long a call waits for an answer that comes later than that.
PATIENCE, HANGS = 1.0, 1.6


def natural_end(stage: Stage) -> str:
    """What becomes of a purchase whose charging call is executed in the end."""
    return State.APPLIED if stage.scenario.card in PAYS else State.ABANDONED


def finish(stage: Stage) -> None:
    """From a click to the end of everything: news, sweeps, the customer's act, late news."""
    stage.news()
    stage.rest()
    if stage.change().state == State.AWAITING_PAYMENT:
        stage.customer_acts()
        stage.news()
        stage.shop.wait(minutes=3)
        stage.sweep()
        stage.rest()
    stage.last_news()


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


def every_event_again(stage: Stage) -> None:
    """F18: all deliveries come three times more, after the end."""
    purchase()(stage)
    kept = StripeEvent.objects.count()
    for _ in range(3):
        answers = stage.shop.resend_everything()
        stage.expect("the answers", set(answers), {200})
    stage.handle_events()
    stage.expect("events of ours in the inbox", StripeEvent.objects.count() >= kept, True)
    stage.expect("grants", LedgerEntry.objects.filter(kind="bought").count(), int(stage.scenario.card in PAYS))


def endpoint_down_for_days(stage: Stage) -> None:
    """F21: nothing is delivered for four days; sweeps bring the purchase to its end, the nightly job the rest."""
    stage.open()
    stage.click(stage.quote())
    stage.news()
    stage.rest()
    if stage.change().state == State.AWAITING_PAYMENT:
        stage.customer_acts()
        stage.shop.wait(minutes=3)
        stage.sweep()
        stage.rest()
    stage.expect_end(natural_end(stage))
    stage.shop.wait(days=4)
    stage.last_news()
    stage.expect_end(natural_end(stage))


def killed_while_handling(point: str, *, door: bool = False) -> Callable[[Stage], None]:
    """F22: the buyer is gone, so the webhook is what settles; the process that handles it is killed too."""

    def story(stage: Stage) -> None:
        if door:
            stage.kill_door = point
        else:
            stage.kill_worker = point
        stage.open()
        ended = stage.click(stage.quote(), cuts.kill_at("after Stripe executed it", stage.notes))
        stage.require("the buyer was killed", ended.killed)
        if stage.scenario.order == Order.LATE:
            stage.deliver("normal")
        finish(stage)
        stage.require(f"a process was killed {point}", point in stage.notes.of("killed"))
        stage.expect_end(natural_end(stage))

    return story


def killed_in_the_sweep(point: str, *, buyer: str) -> Callable[[Stage], None]:
    """The buyer is killed, then the sweep that takes over is killed at a point; the next one ends it."""

    def story(stage: Stage) -> None:
        stage.open()
        ended = stage.click(stage.quote(), cuts.kill_at(buyer, stage.notes))
        stage.require("the buyer was killed", ended.killed)
        stage.shop.wait(minutes=2)
        swept = stage.sweep(cuts.kill_at(point, stage.notes), *_early(stage))
        stage.require("the sweep was killed", swept.killed)
        finish(stage)
        stage.expect_end(natural_end(stage))

    return story


def _early(stage: Stage) -> list[Cut]:
    return [cuts.around(cuts.GATEWAY, "update_subscription", after=stage.news)] if stage.early else []


def two_admins(stage: Stage) -> None:
    """F23: two prices of one version are bought at once; one wins, the other hears why not."""
    stage.open()
    quotes = [stage.quote(), stage.quote()]
    buyers = [stage.start_click(quote) for quote in quotes]
    errors = sorted(buyer.wait().error for buyer in buyers)
    stage.expect("who won", errors[0], "")
    stage.expect("the other's answer", errors[1] in ("change_in_progress", "quote_changed"), True)
    finish(stage)
    stage.expect("changes", QuantityChange.objects.count(), 1)
    stage.expect_end(natural_end(stage))


def second_purchase_while_one_waits(stage: Stage) -> None:
    """F24: Stripe would void the first invoice, so the second purchase is refused and the first goes on."""
    stage.open()
    first, second = stage.quote(), stage.quote(3)
    stage.click(first)
    stage.require("the first one waits", stage.change().state == State.AWAITING_PAYMENT)
    stage.expect("the second click's answer", stage.click(second).error, "change_in_progress")
    try:
        stage.quote()
        stage.expect("a new price", "given", "refused")
    except ChangeInProgress:
        pass
    finish(stage)
    stage.expect("changes", QuantityChange.objects.count(), 1)
    stage.expect_end(natural_end(stage))


def edited_before_the_click(stage: Stage) -> None:
    """F25: somebody sets 15 in the dashboard after the price was shown; nothing is charged."""
    stage.open()
    quote = stage.quote()
    stage.shop.edit(stage.subscription.stripe_id, 15)
    stage.news()
    ended = stage.click(quote)
    change = QuantityChange.objects.first()
    stage.expect("refused", ended.error == "quote_changed" if change is None else change.state == State.REJECTED, True)
    stage.last_news()
    stage.expect("the pool", SeatPool.objects.get(account=stage.account).purchased, 15)
    stage.expect("charges", _charging_calls(stage), 0)


def edited_between_read_and_call(stage: Stage) -> None:
    """F25: the edit falls between our last read and our call. Ours is absolute; a difference in price is on record."""
    stage.open()
    quote = stage.quote()
    edit = cuts.around(
        cuts.GATEWAY, "update_subscription", before=lambda: stage.shop.edit(stage.subscription.stripe_id, 15)
    )
    stage.click(quote, edit)
    finish(stage)
    stage.expect_end(State.APPLIED)


def edited_before_recovery(stage: Stage) -> None:
    """F26: killed before the call, then set to 15 in the dashboard. The call is never sent; a person decides."""
    stage.open()
    stage.click(stage.quote(), cuts.kill_at("before the call is sent", stage.notes))
    stage.shop.edit(stage.subscription.stripe_id, 15)
    finish(stage)
    stage.expect_end(State.CONFLICT, seats=15)
    stage.expect("charges", _charging_calls(stage), 0)


def edited_after_the_call(stage: Stage) -> None:
    """F26: Stripe executed it, the buyer died, then somebody set 15. What was paid is granted; 15 stays."""
    stage.open()
    stage.click(stage.quote(), cuts.kill_at("after Stripe executed it", stage.notes))
    stage.shop.edit(stage.subscription.stripe_id, 15)
    stage.news()
    stage.rest()
    stage.last_news()
    stage.expect_end(State.APPLIED if stage.scenario.card == Card.OK else State.ABANDONED, seats=15)
    stage.expect("charges", _charging_calls(stage), 1)


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
        stage.expect("charging calls", _charging_calls(stage), int(executed))

    return story


def overtaken_read(stage: Stage) -> None:
    """F28: a read of before the purchase is answered slowly and arrives after everything else. The fence stops it."""
    stage.open()
    quote = stage.quote()
    has_read, tell, may_go, go = (*_pipe(), *_pipe())
    at = stage.at

    def hold() -> None:
        tell()
        may_go()

    slow = start(
        lambda: refresh_subscription(stripe_id=stage.subscription.stripe_id, at=at) is not None,
        cuts=[*stage.always, cuts.around(cuts.GATEWAY, "subscription", after=hold, nth=1)],
    )
    has_read()
    stage.click(quote)
    finish(stage)
    go()
    slow.wait()
    stage.expect_end(natural_end(stage))


def _pipe() -> tuple[Callable[[], object], Callable[[], object]]:
    """A signal between processes: wait for it, give it."""
    out, into = os.pipe()
    return (lambda: os.read(out, 1)), (lambda: os.write(into, b"!"))


def last_seat(stage: Stage) -> None:
    """F29: six processes want the last seat that was bought."""
    stage.open()
    stage.click(stage.quote())
    stage.last_news()
    early = [stage.join(f"holder{n}") for n in range(HELD + ADDED - 1)]
    claim(account=stage.account, members=early, actor=stage.actor, at=stage.at)
    wait, go = _pipe()
    at = stage.at

    def take(member: object) -> Callable[[], bool]:
        def work() -> bool:
            wait()
            assign_seat(account=stage.account, membership=member, actor=stage.actor, at=at)  # type: ignore[arg-type]
            return True

        return work

    racers = [start(take(stage.join(f"racer{n}")), cuts=stage.always) for n in range(6)]
    for _ in racers:
        go()
    errors = sorted(racer.wait().error for racer in racers)
    stage.expect("the answers", errors, ["", *["seat_limit_reached"] * 5])
    stage.expect("seats held", Assignment.objects.filter(ended_at=None).count(), HELD + ADDED)


def edited_below_assigned(stage: Stage) -> None:
    """F30: ten people sit, somebody sets 6 in the dashboard. The truth is written, nobody is thrown out."""
    stage.open()
    members = [stage.owner, *(stage.join(f"m{n}") for n in range(HELD - 1))]
    claim(account=stage.account, members=members, actor=stage.actor, at=stage.at)
    stage.shop.edit(stage.subscription.stripe_id, 6)
    stage.news()
    stage.last_news()
    pool = SeatPool.objects.get(account=stage.account)
    stage.expect("purchased and assigned", (pool.purchased, pool.assigned), (6, HELD))
    stage.expect("over since", pool.over_since is not None, True)
    stage.expect("dead letters", StripeEvent.objects.filter(state=StripeEvent.State.DEAD).count(), 0)


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


def database_lost(place: str) -> Callable[[Stage], None]:
    """F35: the database ends the session after the call, or inside the transaction that settles."""
    where = {"call": (cuts.GATEWAY, "update_subscription"), "settle": ("billing.mirror.settle", "record_audit")}
    owner, name = where[place]

    def story(stage: Stage) -> None:
        stage.open()
        hook = (
            cuts.around(owner, name, after=cuts.lose_database)
            if place == "call"
            else cuts.around(owner, name, before=cuts.lose_database)
        )
        ended = stage.click(stage.quote(), hook)
        stage.require("the session was lost", ended.error == "OperationalError")
        finish(stage)
        stage.expect_end(natural_end(stage))

    return story


def broker_gone(stage: Stage) -> None:
    """F34: no bell can be rung, by the buyer, the door or the worker; rows are found by sweeps."""
    stage.always = [*stage.always, cuts.broker_down()]
    purchase()(stage)


def skewed_clock(stage: Stage) -> None:
    """F36: the receiver's clock is twelve minutes ahead; every signature is too old, and sweeps converge."""
    stage.door_cuts = [cuts.clock_ahead(720)]
    stage.open()
    stage.click(stage.quote())
    finish(stage)
    stage.expect("events that passed", StripeEvent.objects.count(), 0)
    stage.expect("the answer to a delivery", set(stage.shop.resend_everything()), {400})
    stage.expect_end(natural_end(stage))
    stage.nightly()


def credit_used_up(stage: Stage) -> Callable[[], None]:
    """A credit is there when the price is asked for, and gone afterwards."""
    stage.shop.credit(stage.customer, 2000, "usd", "goodwill")
    return lambda: stage.shop.spend_credit(stage.customer, 2000)


def tax_begins(stage: Stage) -> Callable[[], None]:
    """Tax comes on top afterwards."""
    return lambda: stage.shop.tax(stage.subscription.stripe_id)


def discount_begins(stage: Stage) -> Callable[[], None]:
    """A coupon is given afterwards."""
    return lambda: stage.shop.discount(stage.subscription.stripe_id)


def not_as_quoted(change: Callable[[Stage], Callable[[], None]], gravity: str) -> Callable[[Stage], None]:
    """F37: something that the price counted on changes before the click. The charge stands, with an incident."""

    def story(stage: Stage) -> None:
        stage.open()
        after = change(stage)
        quote = stage.quote()
        after()
        stage.news()
        stage.click(quote)
        finish(stage)
        stage.expect_end(natural_end(stage))
        if stage.scenario.card in PAYS:
            incident = Incident.objects.filter(change=stage.change(), kind=Incident.Kind.CHARGE_DIFFERS).first()
            stage.expect("the incident", incident and incident.gravity, gravity)

    return story


def _charging_calls(stage: Stage) -> int:
    key = QuantityChange.objects.values_list("idempotency_key", flat=True).first()
    return sum(row["idempotency_key"] == key for row in stage.shop.requests()) if key else 0
