"""Accounts with every seat taken, each before one click that pays: see test_doors_that_pay.py.

A scene says what its click is to be sent beside the usual: ids of the address and fields.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.access.actor import Actor
from accounts.models import Account, Membership, Role
from billing.catalog.sync_catalog import sync_catalog
from billing.models import Customer, Price, Subscription
from billing.quotes.quote_plan import quote_plan
from billing.quotes.quote_quantity import quote_quantity, quote_true_up
from seats.holders.assign_seat import assign_seat
from seats.holders.buy_and_assign import buy_and_assign
from seats.models import SeatPool, SeatRequest, Tranche, TrueUp
from seats.requests.decide_purchase import price_request
from seats.rollout.run_tranches import GATE
from tests.architecture.world import World, build
from tests.conftest import FundMaker, join
from tests.desk import Desk
from tests.factories.seats import crowd

PAYS, DECLINES = "pm_card_visa", "pm_card_chargeCustomerFail"


@dataclass
class Full:
    """All seats are taken; Wendy has none, and somebody waits for her word."""

    world: World
    wants: Membership
    desk: Desk
    now: datetime

    @property
    def account(self) -> Account:
        return self.world.account

    @property
    def actor(self) -> Actor:
        return Actor(user=self.world.people["owner"].user)

    @property
    def subscription(self) -> str:
        """Its id at Stripe."""
        return Subscription.objects.get(account=self.account).stripe_id

    def card(self, token: str) -> None:
        """The card that is charged from now on."""
        self.desk.card(Customer.objects.get(account=self.account).stripe_id, token)

    def paid(self) -> list[int]:
        """Amounts of the invoices that were paid at Stripe, in minor units."""
        return [row["amount_paid"] for row in self.desk.invoices(self.subscription, status="paid")]


Scene = Callable[[Full], dict[str, str]]


def full(fund: FundMaker, desk: Desk, now: datetime) -> Full:
    """An account with one of everything, and nothing free."""
    world = build("Acme", fund, now)
    found = Full(world, join(world.account, "Wendy", Role.MEMBER, now), desk, now)
    pool = SeatPool.objects.get(account=world.account)
    for one in crowd(world.account, pool.limit - pool.assigned, now):
        assign_seat(account=world.account, membership=one, actor=found.actor, at=now)
    return found


def priced(one: Full) -> dict[str, str]:
    """One seat more was priced."""
    return {"quote_id": quote_quantity(account=one.account, actor=one.actor, add=1, at=one.now).public_id}


def another_plan(one: Full) -> dict[str, str]:
    """A year, with one seat more, was priced."""
    yearly = one.desk.price(interval="year")
    sync_catalog()
    price = Price.objects.get(stripe_id=yearly).public_id
    wanted = SeatPool.objects.get(account=one.account).purchased + 1
    quote = quote_plan(account=one.account, actor=one.actor, price_id=price, quantity=wanted, at=one.now)
    return {"quote_id": quote.public_id}


def not_paid(one: Full) -> dict[str, str]:
    """A seat for Wendy was ordered with a card that declined; whatever is charged next is the test's."""
    one.card(DECLINES)
    change = buy_and_assign(
        account=one.account,
        quote_id=priced(one)["quote_id"],
        members=[one.wants],
        emails=[],
        actor=one.actor,
        at=one.now,
    )
    return {"change_id": change.public_id}


def asked_for(one: Full) -> dict[str, str]:
    """Somebody asked for a seat to be bought, and today's price was shown to who approves."""
    asked = SeatRequest.objects.get(public_id=one.world.ids["asked_id"])
    price = price_request(account=one.account, request=asked, actor=one.actor, at=one.now)
    return {"quote_id": price.public_id, "request_id": asked.public_id}


def held_back(one: Full) -> dict[str, str]:
    """The tranche of its rollout waits until enough of the seats are in use."""
    Tranche.objects.filter(account=one.account).update(
        state=Tranche.State.HELD,
        held_code=GATE,
        held_at=one.now,
        due_on=one.now.date(),
        next_look_at=one.now,
        ceiling=100_000,
    )
    return {}


def under_review(one: Full) -> dict[str, str]:
    """A quarter in which one seat more than the purchased was in use."""
    pool = SeatPool.objects.get(account=one.account)
    run = TrueUp.objects.create(
        account=one.account,
        first_day=one.now.date() - timedelta(days=92),
        last_day=one.now.date() - timedelta(days=1),
        time_zone="UTC",
        idle_days=30,
        removes_idle=True,
        due_at=one.now,
        answer_by=one.now + timedelta(days=7),
        counted_at=one.now,
        state=TrueUp.State.REVIEW,
        purchased=pool.purchased,
        peak=1,
        target=pool.purchased + 1,
    )
    quote = quote_true_up(account=one.account, actor=one.actor, add=1, at=one.now, present=True)
    return {"true_up_id": run.public_id, "quote_id": quote.public_id, "confirm": "1"}
