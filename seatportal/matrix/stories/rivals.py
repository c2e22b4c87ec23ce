"""Somebody else at the same time: an admin, a colleague in the dashboard, six for one seat (F23 to F26, F29, F30)."""

from collections.abc import Callable

from billing.errors import ChangeInProgress
from billing.models import QuantityChange, StripeEvent
from seatportal.matrix import cuts
from seatportal.matrix.processes import signal_between, start
from seatportal.matrix.scenarios import Card
from seatportal.matrix.stage import ADDED, HELD, Stage
from seatportal.matrix.stories.buying import charging_calls, finish, natural_end
from seats.holders.assign_seat import assign_seat
from seats.holders.claim import claim
from seats.models import Assignment, SeatPool

State = QuantityChange.State


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
    stage.expect("charges", charging_calls(stage), 0)


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
    stage.expect("charges", charging_calls(stage), 0)


def edited_after_the_call(stage: Stage) -> None:
    """F26: Stripe executed it, the buyer died, then somebody set 15. What was paid is granted; 15 stays."""
    stage.open()
    stage.click(stage.quote(), cuts.kill_at("after Stripe executed it", stage.notes))
    stage.shop.edit(stage.subscription.stripe_id, 15)
    stage.news()
    stage.rest()
    stage.last_news()
    stage.expect_end(State.APPLIED if stage.scenario.card == Card.OK else State.ABANDONED, seats=15)
    stage.expect("charges", charging_calls(stage), 1)


def last_seat(stage: Stage) -> None:
    """F29: six processes want the last seat that was bought."""
    stage.open()
    stage.click(stage.quote())
    stage.last_news()
    early = [stage.join(f"holder{n}") for n in range(HELD + ADDED - 1)]
    claim(account=stage.account, members=early, actor=stage.actor, at=stage.at)
    wait, go = signal_between()
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
