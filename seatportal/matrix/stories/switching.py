"""K2: another plan or another interval; processes die while it is charged, applied and committed to."""

from collections.abc import Callable

from billing.catalog.sync_catalog import sync_catalog
from billing.models import Price, QuantityChange, Quote, SubscriptionItem, Terms
from billing.quotes.quote_plan import quote_plan
from seatportal.matrix import cuts
from seatportal.matrix.scenarios import Order
from seatportal.matrix.stage import HELD, Stage
from seatportal.matrix.stories.buying import finish, natural_end
from seats.models import LedgerEntry

State, Kind = QuantityChange.State, QuantityChange.Kind
PLUS, YEARLY = "plus", "yearly"


def switched(to: str, *, kill: str = "", sweep: str = "", worker: str = "") -> Callable[[Stage], None]:
    """The click is killed; then perhaps the sweep that takes over, or the inbox's worker that hears of it first."""

    def story(stage: Stage) -> None:
        stage.kill_worker = worker
        stage.open()
        before = stage.shop.price_of(stage.subscription.stripe_id)
        quote = _offer(stage, to)
        ended = stage.click(quote, cuts.kill_at(kill, stage.notes))
        stage.require("the process was killed", ended.killed)
        if sweep:
            stage.shop.wait(minutes=2)
            swept = stage.sweep(cuts.kill_at(sweep, stage.notes), *stage.early_news())
            stage.require("the sweep was killed", swept.killed)
        if worker and stage.scenario.order == Order.LATE:
            stage.deliver("normal")
        finish(stage)
        stage.require(f"a worker was killed {worker}", not worker or worker in stage.notes.of("killed"))
        _expect_switch(stage, quote, before)

    return story


def _offer(stage: Stage, to: str) -> Quote:
    product = stage.shop.offer("Plus", "Seats", position=2)
    interval = "year" if to == YEARLY else "month"
    amount = 50_000 if to == YEARLY else 7000
    stage.shop.price(to, product, "usd", nickname=to, amounts=(amount,), interval=interval)
    sync_catalog()
    price = Price.objects.get(stripe_id=stage.shop.prices[to])
    return quote_plan(account=stage.account, actor=stage.actor, price_id=price.public_id, quantity=None, at=stage.at)


def _expect_switch(stage: Stage, quote: Quote, before: str) -> None:
    """All of it or nothing: the price here and at Stripe, one charge, one line in the ledger, and the commitment."""
    end = natural_end(stage)
    applied = end == State.APPLIED
    stage.expect_end(end, seats=HELD)
    price = quote.target_price_stripe_id if applied else before
    item = SubscriptionItem.objects.select_related("price").get(subscription=stage.subscription)
    stage.expect("the price here", item.price.stripe_id, price)
    stage.expect("the price at Stripe", stage.shop.price_of(stage.subscription.stripe_id), price)
    stage.expect("charges", stage.shop.charges(stage.subscription.stripe_id), [quote.total] if applied else [])
    stage.expect("lines in the ledger", LedgerEntry.objects.filter(kind=Kind.PLAN).count(), int(applied))
    year = applied and quote.new_cycle
    terms = Terms.objects.filter(account=stage.account).first()
    committed = terms is not None and (terms.committed_quantity, terms.committed_until) == (HELD, item.period_end)
    stage.expect("a commitment to the year", committed, year)
