"""One scenario's world: an account that pays, its processes, and the time that passes for all of them."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.access.actor import Actor
from accounts.members.add_member import add_member
from accounts.members.open_account import open_account
from accounts.models import Account, Membership, Role, User
from billing.catalog.sync_catalog import sync_catalog
from billing.changes.buy_quote import buy_quote
from billing.changes.checkout import ensure_customer
from billing.changes.credit_idle import finish_idle_credits
from billing.changes.decreases import let_go_of_schedules, place_due_decreases
from billing.changes.finish_open_changes import finish_open_changes
from billing.changes.give_back import give_back_what_is_due
from billing.changes.pending import retry_payment
from billing.changes.repair_decreases import repair_missed_decreases
from billing.inbox.fetch_missed_events import fetch_missed_events
from billing.inbox.handle_event import handle_waiting_events
from billing.mirror.mirror_customer import refresh_customer
from billing.mirror.refresh import refresh_subscription
from billing.models import CreditNote, IdleCredit, QuantityChange, Quote, Refund, StripeEvent, Subscription
from billing.quotes.quote_quantity import quote_quantity
from billing.reconcile.issue_credit_note import finish_credit_notes
from billing.reconcile.reconcile import reconcile_account
from seatportal.matrix import cuts
from seatportal.matrix.processes import Cut, End, Notes, Running, run, start
from seatportal.matrix.scenarios import TOKENS, Card, Order, Scenario
from seatportal.matrix.shop import Shop
from seatportal.matrix.web import Door
from seats.models import SeatPool

State = QuantityChange.State
UNDER_WAY = (State.CONFIRMED, State.CALLING, State.UNKNOWN)
# Minutes after which the sweeps run while something is under way: past every lease and back-off, into the 21st hour.
STEPS = (1, 2, 3, 9, 15, 35, 15, 20, 50, 360, 780)
MODES = {Order.EARLY: "normal", Order.LATE: "normal", Order.TWICE: "duplicate", Order.REVERSED: "reverse"}
HELD = 10
ADDED = 2


def money_under_way() -> list[Refund | CreditNote | IdleCredit]:
    """What is on its way back to a customer and not there yet."""
    return [
        *Refund.objects.filter(state__in=Refund.MOVING, next_try_at__isnull=False),
        *CreditNote.objects.filter(state=CreditNote.State.CONFIRMED),
        *IdleCredit.objects.filter(state__in=IdleCredit.OPEN),
    ]


@dataclass
class Stage:
    """Plays one scenario. `always` are the cuts of every process: the witness and, if any, the mutant."""

    scenario: Scenario
    shop: Shop
    notes: Notes
    door: Door
    always: Sequence[Cut] = ()
    door_cuts: list[Cut] = field(default_factory=list)
    reconciled: bool = False
    kill_door: str = ""
    kill_worker: str = ""
    wrong: list[str] = field(default_factory=list)
    unmet: list[str] = field(default_factory=list)
    account: Account = field(init=False)
    actor: Actor = field(init=False)
    owner: Membership = field(init=False)
    customer: str = field(init=False)
    owner_pid: int = field(default_factory=os.getpid)
    subscription: Subscription = field(init=False)

    # The set

    def open(self) -> None:
        """The account, and a door where webhooks can knock."""
        self.prepare()
        self._open_door()

    def prepare(self) -> None:
        """An account with ten paid seats and the scenario's card."""
        self.shop.empty()
        at = self.shop.now
        user = User.objects.create(email="olivia@acme.example", name="Olivia")
        self.account = open_account(name="Acme", user=user, at=at, actor=Actor(user=user, door="sign_up"))
        self.owner = Membership.objects.get(account=self.account)
        self.actor = Actor(user=user)
        sync_catalog()
        customer = ensure_customer(account=self.account, email=user.email, at=at)
        self.customer = customer.stripe_id
        self.shop.put_card(self.customer, TOKENS[Card.OK])
        stripe_id = self.shop.subscribe(self.customer, "team", HELD)
        token = TOKENS[self.scenario.card]
        if token != TOKENS[Card.OK]:
            self.shop.put_card(self.customer, token)
        refresh_customer(stripe_id=self.customer, at=at)
        refresh_subscription(stripe_id=stripe_id, at=at)
        self.subscription = Subscription.objects.get(stripe_id=stripe_id)

    def join(self, name: str) -> Membership:
        """One more person."""
        user = User.objects.create(email=f"{name}@acme.example", name=name)
        return add_member(account=self.account, user=user, role=Role.MEMBER, at=self.at, actor=Actor.system("matrix"))

    @property
    def at(self) -> datetime:
        """The moment, for verbs."""
        return self.shop.now

    # What people do

    def quote(self, add: int = ADDED) -> Quote:
        """See a price."""
        return quote_quantity(account=self.account, actor=self.actor, add=add, at=self.at)

    def click(self, quote: Quote, *cuts_of_it: Cut) -> End:
        """Buy, in a process of its own."""
        return self.start_click(quote, *cuts_of_it).wait()

    def start_click(self, quote: Quote, *cuts_of_it: Cut) -> Running:
        """Buy, and do not wait for the process."""
        at = self.at

        def buy() -> str:
            change = buy_quote(account=self.account, quote_id=quote.public_id, actor=self.actor, at=at)
            return change.state

        return start(buy, cuts=[*self.always, *self.early_news(), *cuts_of_it])

    def pay_again(self, *cuts_of_it: Cut) -> End:
        """Another card, and the waiting invoice tried again."""
        self.shop.put_card(self.customer, "pm_card_mastercard")
        at, change = self.at, self.change()
        return self.apart(
            lambda: retry_payment(account=self.account, change_id=change.public_id, actor=self.actor, at=at).state,
            *cuts_of_it,
        )

    def customer_acts(self) -> None:
        """What the person does about a payment that waits; nothing is an act too, and ends by expiry."""
        change = self.change()
        match self.scenario.card:
            case Card.PAID_LATER:
                self.pay_again()
            case Card.CONFIRMED:
                self.shop.answer_bank(change.invoice_stripe_id)
            case _:
                self.shop.wait(hours=24)

    # What processes do

    @property
    def early(self) -> bool:
        """Whether webhooks come before the answer of the call that caused them."""
        return self.scenario.order == Order.EARLY

    def early_news(self) -> list[Cut]:
        """With early webhooks: they are handled before the answer of any call that causes them."""
        return [cuts.around(cuts.GATEWAY, name, after=self.news) for name in cuts.WRITES] if self.early else []

    def apart(self, work: Callable[[], Any], *cuts_of_it: Cut) -> End:
        """Run something of ours in a process of its own; beyond being killed, nothing may go wrong there."""
        ended = run(work, cuts=[*self.always, *cuts_of_it])
        self.expect("the error of a process", ended.details or ended.error, "")
        return ended

    def sweep(self, *cuts_of_it: Cut) -> End:
        """One run of beat's jobs in a worker process."""
        at = self.at

        def jobs() -> None:
            handle_waiting_events(at=at)
            finish_open_changes(at=at)
            give_back_what_is_due(at=at)
            finish_credit_notes(at=at)
            finish_idle_credits(at=at)
            place_due_decreases(at=at)
            let_go_of_schedules(at=at)
            repair_missed_decreases(at=at)

        return self.apart(jobs, *cuts_of_it)

    def news(self) -> None:
        """Let the webhooks come that wait, as the scenario orders them, and a worker handle them."""
        order = self.scenario.order
        if order == Order.LATE:
            return
        if order == Order.LOST:
            self.shop.deliver("lose")
            return
        self.deliver(MODES[order])

    def deliver(self, mode: str) -> None:
        """Deliver over HTTP, again as long as the door's process dies, and let a worker handle what was kept."""
        for _ in range(3):
            self._open_door()
            self.shop.deliver(mode)
            if not self.shop.waiting():
                break
        if self.door.opened_by != self.owner_pid:
            self.door.close()
        self.handle_events()

    def handle_events(self) -> None:
        """A worker handles the inbox; one that is killed has a successor after the lease."""
        for _ in range(3):
            at = self.at
            self.apart(lambda: handle_waiting_events(at=at), *self._kill_once(self.kill_worker))  # noqa: B023  run at once
            if not StripeEvent.objects.filter(state=StripeEvent.State.WAITING).exists():
                return
            self.shop.wait(minutes=2)

    def nightly(self) -> None:
        """Ask Stripe for what never came, and handle it."""
        at = self.at
        self.apart(lambda: fetch_missed_events(at=at))
        self.handle_events()

    def reconcile(self) -> tuple[int, int]:
        """Hold our books against Stripe's; returns how many differences were found, and how much failed."""
        at = self.at

        def look() -> tuple[int, int]:
            report = reconcile_account(account=self.account, at=at)
            return report.found, report.failed

        ended = self.apart(look)
        found: tuple[int, int] = ended.value or (0, 1)
        return found

    def rest(self, *, most: int = len(STEPS)) -> None:
        """Let time pass and the sweeps run until nothing is under way any more."""
        for minutes in STEPS[:most]:
            if not QuantityChange.objects.filter(state__in=UNDER_WAY).exists() and not money_under_way():
                return
            self.shop.wait(minutes=minutes)
            self.sweep()

    def last_news(self) -> None:
        """Everything that is still on its way arrives, or what was lost is fetched; then all comes to rest."""
        self.hear()
        self.rest()

    def hear(self) -> None:
        """Everything that is still on its way arrives, or what was lost is fetched."""
        if self.scenario.order == Order.LOST:
            self.shop.deliver("lose")
            self.nightly()
        else:
            self.deliver(MODES[self.scenario.order])

    def _open_door(self) -> None:
        self.door.open(secret=self.shop.secret, cuts=[*self.always, *self.door_cuts, *self._kill_once(self.kill_door)])

    def _kill_once(self, point: str) -> list[Cut]:
        """A process that is to die at a point, unless one of them has."""
        return [cuts.kill_at(point, self.notes)] if point and point not in self.notes.of("killed") else []

    # What is expected

    def change(self) -> QuantityChange:
        """The only change, as it is now."""
        return QuantityChange.objects.earliest("pk")

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Note a difference between the end and the expected end."""
        if found != wanted:
            self.wrong.append(f"{what} is {found!r}, expected {wanted!r}")

    def require(self, what: str, met: object) -> None:
        """The fault must really have happened, or the scenario proves nothing."""
        if not met:
            self.unmet.append(what)

    def expect_end(self, state: str, *, seats: int | None = None, quantity: int | None = None) -> None:
        """The change's end, the pool and Stripe."""
        bought = HELD + ADDED if state == State.APPLIED else HELD
        self.expect("the change", self.change().state, state)
        self.expect("the pool", SeatPool.objects.get(account=self.account).purchased, seats or bought)
        self.expect("Stripe's quantity", self.shop.quantity(self.subscription.stripe_id), quantity or seats or bought)

    def until(self, check: Callable[[], bool], *, seconds: float = 20) -> bool:
        """Wait for what another process brings."""
        end = time.monotonic() + seconds
        while not (met := check()) and time.monotonic() < end:
            time.sleep(0.01)
        return met
