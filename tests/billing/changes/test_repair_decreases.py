"""A reduction that no worker placed in time (F33): put right for the whole period, once, with what was over-billed."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Membership, Notice
from accounts.notices.deliver_notice import mail_of
from billing.changes.buy_quote import buy_quote
from billing.changes.decreases import let_go_of_schedules, place_due_decreases, plan_decrease
from billing.changes.finish_open_changes import finish_open_changes
from billing.changes.repair_decreases import repair_missed_decreases
from billing.errors import ChangeInProgress
from billing.mirror.refresh import refresh_subscription
from billing.models import QuantityChange, ScheduledDecrease
from billing.quotes.quote_quantity import quote_quantity
from seats.models import LedgerEntry, SeatPool
from tests.conftest import Funded, FundMaker
from tests.invariants import broken_invariants

pytestmark = pytest.mark.django_db(transaction=True)
State = ScheduledDecrease.State


def missed(funded: Funded, now: datetime, quantity: int = 7) -> datetime:
    """Planned, then no worker for the whole last day; returns the moment at which one reads again."""
    plan_decrease(account=funded.account, quantity=quantity, actor=funded.actor, at=now, reason="Two left")
    moment = funded.subscription.items.get().period_end + timedelta(hours=30)
    funded.desk.advance(int((moment - now).total_seconds()))
    refresh_subscription(stripe_id=funded.stripe_id, at=moment)
    assert ScheduledDecrease.objects.get().state == State.MISSED
    return moment


def credit(funded: Funded) -> int:
    data = funded.desk.client.v1.customers.retrieve(funded.customer.stripe_id).to_dict()
    return -int(data["balance"])


@pytest.mark.parametrize("interval", ["month", "year"])
def test_the_number_falls_and_what_was_billed_too_much_is_credit(
    owner: Membership, fund: FundMaker, now: datetime, interval: str
) -> None:
    funded = fund(owner, interval=interval)
    at = missed(funded, now)

    assert repair_missed_decreases(at=at) == 1

    plan = ScheduledDecrease.objects.get()
    assert (plan.state, plan.effective_at < at) == (State.DONE, True)
    assert funded.desk.quantity(funded.stripe_id) == 7
    assert SeatPool.objects.get(account=funded.account).purchased == 7
    renewal = funded.desk.invoices(funded.stripe_id, billing_reason="subscription_cycle")[0]
    # Ten were billed for the period, seven cost 350.00: the whole difference, although thirty hours have passed.
    assert (renewal["total"], credit(funded)) == (50_000, 15_000)
    entry = LedgerEntry.objects.get(account=funded.account, kind="reduced")
    assert (entry.purchased_before, entry.purchased_after, entry.reason) == (10, 7, "Two left")
    assert entry.actor == funded.actor.user
    assert broken_invariants(funded.desk) == []

    assert repair_missed_decreases(at=at + timedelta(days=1)) == 0
    assert credit(funded) == 15_000


def test_buying_them_back_costs_what_was_credited(funded: Funded, now: datetime) -> None:
    at = missed(funded, now)
    repair_missed_decreases(at=at)

    quote = quote_quantity(account=funded.account, actor=funded.actor, add=3, at=at)

    assert quote.total > 14_000


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "rate_limit"])
def test_a_lost_answer_is_carried_on_once(funded: Funded, now: datetime, kind: str) -> None:
    at = missed(funded, now)
    funded.desk.fault(kind)
    repair_missed_decreases(at=at)

    for minutes in (1, 3, 8, 70, 140):
        finish_open_changes(at=at + timedelta(minutes=minutes))
        repair_missed_decreases(at=at + timedelta(minutes=minutes))

    assert ScheduledDecrease.objects.get().state == State.DONE
    assert (funded.desk.quantity(funded.stripe_id), credit(funded)) == (7, 15_000)
    assert QuantityChange.objects.filter(kind="reduce").count() == 1
    assert broken_invariants(funded.desk) == []


def test_what_somebody_moved_since_is_left_to_people(funded: Funded, now: datetime) -> None:
    at = missed(funded, now)
    item = funded.subscription.items.get().stripe_id
    funded.desk.client.v1.subscriptions.update(
        funded.stripe_id, {"items": [{"id": item, "quantity": 12}], "proration_behavior": "none"}
    )

    repair_missed_decreases(at=at)

    assert ScheduledDecrease.objects.get().state == State.FAILED
    assert (funded.desk.quantity(funded.stripe_id), credit(funded)) == (12, 0)


def test_by_volume_nobody_pays_for_our_delay(owner: Membership, fund: FundMaker, now: datetime) -> None:
    """Ten seats cost more than eleven: the number is put right and nothing is charged."""
    funded = fund(owner, scheme="volume", quantity=11)
    at = missed(funded, now, 10)

    repair_missed_decreases(at=at)

    assert (funded.desk.quantity(funded.stripe_id), credit(funded)) == (10, 0)
    assert funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update") == []
    assert ScheduledDecrease.objects.get().state == State.DONE


def test_another_plan_waits_until_it_is_right(funded: Funded, now: datetime) -> None:
    at = missed(funded, now)

    with pytest.raises(ChangeInProgress):
        plan_decrease(account=funded.account, quantity=5, actor=funded.actor, at=at)

    repair_missed_decreases(at=at)
    assert plan_decrease(account=funded.account, quantity=5, actor=funded.actor, at=at) is not None


@pytest.mark.parametrize("swept", [True, False])
def test_after_a_reduction_seats_can_be_bought_in_the_very_next_period(
    funded: Funded, now: datetime, swept: bool
) -> None:
    """The schedule that carried it is let go of: by the sweep, or by the purchase itself."""
    plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)
    end = funded.subscription.items.get().period_end
    funded.desk.advance(int((end - timedelta(hours=12) - now).total_seconds()))
    assert place_due_decreases(at=end - timedelta(hours=12)) == 1
    funded.desk.advance(15 * 3600)
    at = end + timedelta(hours=3)
    refresh_subscription(stripe_id=funded.stripe_id, at=at)
    assert ScheduledDecrease.objects.get().state == State.DONE

    if swept:
        let_go_of_schedules(at=at)
        assert funded.desk.client.v1.subscriptions.retrieve(funded.stripe_id).to_dict()["schedule"] is None
        assert let_go_of_schedules(at=at) == 0
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=1, at=at)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=at)

    assert change.state == QuantityChange.State.APPLIED
    assert funded.desk.quantity(funded.stripe_id) == 8
    assert broken_invariants(funded.desk) == []


def test_it_is_told_with_the_credit(funded: Funded, now: datetime) -> None:
    at = missed(funded, now)
    repair_missed_decreases(at=at)

    text = str(mail_of(Notice.objects.get(kind="reduction_done")).body)

    assert "from 10 to 7 seats took effect" in text
    assert "$150.00, is credit now" in text
