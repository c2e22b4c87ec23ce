"""Invariants under any order of events: a state machine plays people, Stripe, its faults and our jobs."""

import os
from collections.abc import Generator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from billing.changes.buy_quote import buy_quote
from billing.changes.finish_open_changes import finish_open_changes
from billing.changes.pending import cancel_change, retry_payment
from billing.gateway import convert
from billing.inbox.fetch_missed_events import fetch_missed_events
from billing.inbox.handle_event import handle_waiting_events
from billing.inbox.receive_event import receive_event
from billing.models import QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from seatportal.kit.errors import PortalError
from seatportal.matrix.play import empty_database
from seatportal.matrix.processes import Notes
from seatportal.matrix.scenarios import Card, Order, Scenario
from seatportal.matrix.shop import Shop
from seatportal.matrix.stage import STEPS, Stage
from seatportal.matrix.truth import find_untrue
from seatportal.matrix.web import Door
from seats.holders.assign_seat import assign_seat
from seats.holders.release_seat import release_seat
from seats.invariants.check_invariants import check_invariants
from seats.models import Assignment
from tests.services import Simulator

pytestmark = pytest.mark.django_db(transaction=True)
State = QuantityChange.State
CARDS = ["pm_card_visa", "pm_card_chargeCustomerFail", "pm_card_authenticationRequired"]
FAULTS = ["reset_before", "reset_after", "error500_with_effect", "error500_no_effect", "rate_limit", "key_in_use"]


class Interleaving(RuleBasedStateMachine):
    """One account. Whatever happens in whatever order, the invariants hold after each step and at rest."""

    shop: ClassVar[Shop]
    notes: ClassVar[Notes]

    @initialize(card=st.sampled_from(CARDS))
    def begin(self, card: str) -> None:
        """Ten paid seats, two of them held."""
        empty_database()
        self.stage = Stage(Scenario("F0", Card.OK, Order.LATE), self.shop, self.notes, Door(0, None))  # type: ignore[arg-type]
        self.stage.prepare()
        self.shop.put_card(self.stage.customer, card)
        self.people = [self.stage.owner, *(self.stage.join(f"m{n}") for n in range(3))]
        self.renewals = 0

    @rule(add=st.integers(1, 3))
    def click(self, add: int) -> None:
        """Somebody sees a price and buys."""
        with suppress(PortalError):
            quote = quote_quantity(account=self.stage.account, actor=self.stage.actor, add=add, at=self.stage.at)
            self.shop.wait(seconds=5)
            buy_quote(account=self.stage.account, quote_id=quote.public_id, actor=self.stage.actor, at=self.stage.at)
        self.check()

    @rule(kind=st.sampled_from(FAULTS), add=st.integers(1, 2))
    def click_meets_a_fault(self, kind: str, add: int) -> None:
        """The same, and the charging call goes wrong."""
        self.shop.fault(kind)
        self.click(add)
        self.shop.clear_faults()

    @rule(card=st.sampled_from(CARDS))
    def another_card(self, card: str) -> None:
        """The customer changes the card."""
        self.shop.put_card(self.stage.customer, card)

    def waiting(self) -> QuantityChange | None:
        """The purchase that waits for its payment."""
        return QuantityChange.objects.filter(state=State.AWAITING_PAYMENT).first()

    @rule()
    def pay_what_waits(self) -> None:
        """The bank is answered if it asks, or the card tried again."""
        change = self.waiting()
        if change is None:
            return
        with suppress(ValueError):  # The simulator refuses an answer that nobody waits for.
            self.shop.answer_bank(change.invoice_stripe_id)
        with suppress(PortalError):
            retry_payment(
                account=self.stage.account, change_id=change.public_id, actor=self.stage.actor, at=self.stage.at
            )
        self.check()

    @rule()
    def stop_what_waits(self) -> None:
        """The purchase is given up."""
        change = self.waiting()
        if change is not None:
            with suppress(PortalError):
                cancel_change(
                    account=self.stage.account, change_id=change.public_id, actor=self.stage.actor, at=self.stage.at
                )
            self.check()

    @rule(share=st.sampled_from([1, 2, 3]), backwards=st.booleans())
    def webhooks(self, share: int, backwards: bool) -> None:
        """Every event, every second or every third one arrives, in order or reversed; many arrive again and again."""
        events = [convert.event(row) for row in self.shop.events()][::share]
        for event in reversed(events) if backwards else events:
            receive_event(event=event)
        handle_waiting_events(at=self.stage.at)
        self.check()

    @rule(quantity=st.integers(1, 20))
    def dashboard_edit(self, quantity: int) -> None:
        """Somebody at the vendor sets a number."""
        self.shop.edit(self.stage.subscription.stripe_id, quantity)
        self.check()

    @rule(minutes=st.sampled_from([1, 10, 90]))
    def recovery(self, minutes: int) -> None:
        """Time passes and the sweep runs."""
        self.shop.wait(minutes=minutes)
        finish_open_changes(at=self.stage.at)
        self.check()

    @rule()
    def expiry(self) -> None:
        """A day passes; what waits for payment is dropped by Stripe."""
        self.shop.wait(hours=24)
        self.check()

    @precondition(lambda self: self.renewals < 2)
    @rule()
    def renewal(self) -> None:
        """A period passes."""
        self.renewals += 1
        self.shop.wait(days=31)
        self.check()

    @rule(who=st.integers(0, 3))
    def take_or_release_a_seat(self, who: int) -> None:
        """Who has a seat gives it back, who has none takes one."""
        member = self.people[who]
        held = Assignment.objects.filter(membership=member, ended_at=None).first()
        with suppress(PortalError):
            if held is None:
                assign_seat(account=self.stage.account, membership=member, actor=self.stage.actor, at=self.stage.at)
            else:
                release_seat(account=self.stage.account, assignment=held, actor=self.stage.actor, at=self.stage.at)
        self.check()

    def check(self) -> None:
        """What production asks every hour; in one long silence of ours a change may be overdue, which is no fault."""
        assert [str(b) for b in check_invariants(at=self.stage.at - timedelta(days=70))] == []

    def teardown(self) -> None:
        """Come to rest: sweeps, the nightly look for lost events, and Stripe's truth."""
        if not hasattr(self, "stage"):
            return
        for minutes in STEPS:
            self.shop.wait(minutes=minutes)
            finish_open_changes(at=self.stage.at)
            fetch_missed_events(at=self.stage.at)
            handle_waiting_events(at=self.stage.at)
        broken = [*check_invariants(at=self.stage.at), *find_untrue(stripe=self.shop)]
        assert [str(b) for b in broken] == []


@pytest.fixture
def world(simulator: Simulator, tmp_path: Path) -> Generator[None]:
    """The shop of this test's simulator."""
    Interleaving.shop = Shop(simulator.url, 9)
    Interleaving.notes = Notes(tmp_path / "notes")
    yield
    simulator.reset()
    empty_database()


def test_any_interleaving_keeps_the_invariants(world: None) -> None:
    run_state_machine_as_test(
        Interleaving,
        settings=settings(
            max_examples=int(os.environ.get("INTERLEAVINGS", "12")),
            stateful_step_count=14,
            derandomize="CI" in os.environ,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
