"""K1: a purchase is taken back; processes die between the seats, the refund to the card and the credit it replaces."""

from collections.abc import Callable

from billing.models import QuantityChange, Refund
from seatportal.matrix import cuts
from seatportal.matrix.processes import End
from seatportal.matrix.shop import CHARGING
from seatportal.matrix.stage import HELD, Stage
from seatportal.matrix.stories.buying import buy
from seats.capacity.undo_purchase import undo_purchase

State, Kind = QuantityChange.State, QuantityChange.Kind


def undone(
    *, kill: str = "", sweep: str = "", fault: str = "", path: str = CHARGING, credit: int = 0
) -> Callable[[Stage], None]:
    """The click that undoes is killed, or its call meets a fault; then perhaps the sweep that takes over is killed too.

    credit: minor units on the balance beforehand; what they paid of the purchase goes back there.
    """

    def story(stage: Stage) -> None:
        stage.open()
        if credit:
            stage.shop.credit(stage.customer, credit, "usd", "goodwill")
        purchase = buy(stage)
        by_card = stage.shop.paid(purchase.invoice_stripe_id)
        if fault:
            stage.shop.fault(fault, path=path)
        ended = undo(stage, purchase, kill)
        if stage.early and kill and not ended.killed:
            # The webhook settled the undo while the click waited for its answer, so the refund is the sweep's.
            stage.shop.wait(minutes=2)
            ended = stage.sweep(cuts.kill_at(kill, stage.notes))
        stage.require("the process was killed", ended.killed == bool(kill))
        _has_it_back(stage, by_card)
        if sweep:
            stage.shop.wait(minutes=2)
            swept = stage.sweep(cuts.kill_at(sweep, stage.notes), *stage.early_news())
            stage.require("the sweep was killed", swept.killed)
            _has_it_back(stage, by_card)
        stage.news()
        stage.rest()
        stage.last_news()
        stage.require("the fault was met", stage.shop.ordered_faults() == 0)
        undone = QuantityChange.objects.get(kind=Kind.UNDO)
        stage.expect("the undo", undone.state, State.APPLIED)
        stage.expect_end(State.APPLIED, seats=HELD)
        stage.expect("the refund", Refund.objects.get().state, Refund.State.DONE)
        stage.expect("refunds to the card", stage.shop.refunds(), [by_card] if by_card else [])
        stage.expect("moves of the balance", stage.shop.balance_moves(stage.customer).count(by_card), int(by_card > 0))
        stage.expect("credit left", stage.shop.credit_of(stage.customer), credit)

    return story


def sent_back(*, worker: str = "", sweep: str = "") -> Callable[[Stage], None]:
    """The bank sends the refund back, so its money is credit again; the worker that hears of it or the sweep dies."""

    def story(stage: Stage) -> None:
        stage.open()
        purchase = buy(stage)
        by_card = stage.shop.paid(purchase.invoice_stripe_id)
        undo(stage, purchase)
        stage.last_news()
        stage.require("it was refunded", stage.shop.refunds() == [by_card])
        stage.kill_worker = worker
        stage.shop.send_back(Refund.objects.get().refund_stripe_id)
        stage.hear()
        stage.require("the worker was killed", not worker or worker in stage.notes.of("killed"))
        if sweep:
            stage.shop.wait(minutes=2)
            stage.require("the sweep was killed", stage.sweep(cuts.kill_at(sweep, stage.notes)).killed)
        stage.rest()
        stage.last_news()
        stage.expect_end(State.APPLIED, seats=HELD)
        stage.expect("the refund", Refund.objects.get().state, Refund.State.RETURNED)
        stage.expect("refunds at the card", stage.shop.refunds(), [])
        stage.expect("moves of the balance", stage.shop.balance_moves(stage.customer), [-by_card, by_card])
        stage.expect("credit", stage.shop.credit_of(stage.customer), by_card)

    return story


def undo(stage: Stage, purchase: QuantityChange, kill: str = "") -> End:
    """The click, in a process of its own."""
    at, id = stage.at, purchase.public_id
    return stage.apart(
        lambda: undo_purchase(account=stage.account, change_id=id, actor=stage.actor, at=at).state,
        *stage.early_news(),
        *([cuts.kill_at(kill, stage.notes)] if kill else []),
    )


def _has_it_back(stage: Stage, by_card: int) -> None:
    """Whatever died: once Stripe has taken the seats back, the customer has the money, as a refund or as credit."""
    if stage.shop.quantity(stage.subscription.stripe_id) == HELD:
        has = sum(stage.shop.refunds()) + stage.shop.credit_of(stage.customer)
        stage.expect(f"at least {by_card} is with the customer after the kill", has >= by_card, True)
