"""Webhooks that come again, not at all, or to a process that dies; reads that come late (F18 to F22, F28, F36)."""

from collections.abc import Callable

from billing.mirror.refresh import refresh_subscription
from billing.models import QuantityChange, StripeEvent
from seatportal.matrix import cuts
from seatportal.matrix.processes import signal_between, start
from seatportal.matrix.scenarios import PAYS, Order
from seatportal.matrix.stage import Stage
from seatportal.matrix.stories.buying import finish, natural_end, purchase
from seats.models import LedgerEntry

State = QuantityChange.State


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


def overtaken_read(stage: Stage) -> None:
    """F28: a read of before the purchase is answered slowly and arrives after everything else. The fence stops it."""
    stage.open()
    quote = stage.quote()
    has_read, tell, may_go, go = (*signal_between(), *signal_between())
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
