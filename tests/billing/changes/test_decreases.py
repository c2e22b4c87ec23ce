"""Fewer seats from the next period on: planned here, placed late, undone before its day."""

from datetime import datetime, timedelta

import pytest

from accounts.models import AuditEntry, Membership, Notice
from billing.changes.buy_quote import buy_quote
from billing.changes.decreases import place_due_decreases, plan_decrease, withdraw_decrease
from billing.changes.finish_open_changes import finish_open_changes
from billing.errors import MinimumSeats, ReductionRefused, SelfServiceFrozen
from billing.gateway.stripe_api import StripeGateway
from billing.mirror.freeze import freeze, thaw
from billing.mirror.queries import open_decrease
from billing.mirror.refresh import refresh_subscription
from billing.models import Price, QuantityChange, ScheduledDecrease, Subscription
from billing.quotes.quote_plan import quote_plan
from billing.quotes.quote_quantity import quote_quantity
from seats.models import LedgerEntry, SeatPool
from tests.conftest import Funded, FundMaker
from tests.desk import Desk
from tests.invariants import broken_invariants

pytestmark = pytest.mark.django_db(transaction=True)
State = ScheduledDecrease.State


def to_last_day(funded: Funded, now: datetime) -> datetime:
    """Let time pass until twelve hours before the renewal; returns that moment."""
    item = funded.subscription.items.get()
    moment = item.period_end - timedelta(hours=12)
    funded.desk.advance(int((moment - now).total_seconds()))
    return moment


def renew(funded: Funded) -> datetime:
    """Let the period end and read what came of it."""
    funded.desk.advance(14 * 3600)  # A renewal invoice is a draft for one hour.
    moment = funded.subscription.items.get().period_end + timedelta(hours=1)
    refresh_subscription(stripe_id=funded.stripe_id, at=moment)
    return moment


def test_plan_costs_no_call_and_takes_effect_at_renewal(funded: Funded, now: datetime) -> None:
    plan = plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now, reason="Two left")
    assert plan is not None
    assert (plan.state, plan.base_quantity, plan.renew_quantity) == (State.PLANNED, 10, 7)
    assert place_due_decreases(at=now) == 0
    assert funded.desk.quantity(funded.stripe_id) == 10

    assert place_due_decreases(at=to_last_day(funded, now)) == 1
    assert SeatPool.objects.get(account=funded.account).purchased == 10
    renew(funded)

    plan.refresh_from_db()
    assert plan.state == State.DONE
    assert funded.desk.quantity(funded.stripe_id) == 7
    assert SeatPool.objects.get(account=funded.account).purchased == 7
    entry = LedgerEntry.objects.get(account=funded.account, kind="reduced")
    assert (entry.purchased_before, entry.purchased_after, entry.reason) == (10, 7, "Two left")
    assert entry.actor == funded.actor.user
    bill = funded.desk.invoices(funded.stripe_id, billing_reason="subscription_cycle")[0]
    assert (bill["total"], bill["status"]) == (35_000, "paid")
    assert broken_invariants(funded.desk) == []


def test_a_discount_outlives_the_reduction(funded: Funded, now: datetime) -> None:
    coupon = funded.desk.client.v1.coupons.create({"percent_off": 10, "duration": "forever"})
    funded.desk.client.v1.subscriptions.update(funded.stripe_id, {"discounts": [{"coupon": coupon.id}]})
    plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)

    place_due_decreases(at=to_last_day(funded, now))
    renew(funded)

    bill = funded.desk.invoices(funded.stripe_id, billing_reason="subscription_cycle")[0]
    assert (funded.desk.quantity(funded.stripe_id), bill["total"]) == (7, 31_500)
    assert len(funded.desk.client.v1.subscriptions.retrieve(funded.stripe_id).discounts) == 1


def test_undo_before_its_day_leaves_everything(funded: Funded, now: datetime) -> None:
    plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)

    assert withdraw_decrease(account=funded.account, actor=funded.actor, at=now) is True
    assert withdraw_decrease(account=funded.account, actor=funded.actor, at=now) is False

    assert open_decrease(funded.account) is None
    assert place_due_decreases(at=to_last_day(funded, now)) == 0
    renew(funded)
    assert funded.desk.quantity(funded.stripe_id) == 10


def test_undo_on_the_last_day_releases_the_schedule(funded: Funded, now: datetime) -> None:
    plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)
    late = to_last_day(funded, now)
    place_due_decreases(at=late)

    assert withdraw_decrease(account=funded.account, actor=funded.actor, at=late) is True

    assert funded.desk.client.v1.subscriptions.retrieve(funded.stripe_id).to_dict()["schedule"] is None
    renew(funded)
    assert funded.desk.quantity(funded.stripe_id) == 10
    assert broken_invariants(funded.desk) == []


def test_todays_number_withdraws_the_plan(funded: Funded, now: datetime) -> None:
    plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)

    assert plan_decrease(account=funded.account, quantity=10, actor=funded.actor, at=now) is None

    assert open_decrease(funded.account) is None


def test_a_second_number_replaces_the_first(funded: Funded, now: datetime) -> None:
    plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)

    plan_decrease(account=funded.account, quantity=8, actor=funded.actor, at=now)

    assert [d.renew_quantity for d in ScheduledDecrease.objects.filter(state=State.PLANNED)] == [8]


@pytest.mark.parametrize("quantity", [0, 11, 500])
def test_nonsense_is_refused(funded: Funded, now: datetime, quantity: int) -> None:
    with pytest.raises(ReductionRefused):
        plan_decrease(account=funded.account, quantity=quantity, actor=funded.actor, at=now)

    assert not ScheduledDecrease.objects.exists()


def test_below_the_minimum_is_refused(funded: Funded, now: datetime) -> None:
    plan = funded.subscription.items.get().price.plan
    plan.minimum_seats = 5
    plan.save()

    with pytest.raises(MinimumSeats):
        plan_decrease(account=funded.account, quantity=4, actor=funded.actor, at=now)

    assert not ScheduledDecrease.objects.exists()


def test_buying_while_a_reduction_is_at_stripe_releases_it_and_places_it_again(funded: Funded, now: datetime) -> None:
    """Payments design §3, step 4."""
    plan = plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)
    assert plan is not None
    late = to_last_day(funded, now)
    place_due_decreases(at=late)

    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=late)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=late)

    assert change.state == QuantityChange.State.APPLIED
    plan.refresh_from_db()
    assert (plan.state, plan.renew_quantity) == (State.PLANNED, 7)
    assert place_due_decreases(at=late) == 1
    renew(funded)
    assert funded.desk.quantity(funded.stripe_id) == 7
    assert broken_invariants(funded.desk) == []


def test_nothing_is_planned_while_self_service_is_frozen(funded: Funded, now: datetime) -> None:
    """What Stripe holds was not made by us: a plan made on it would be of another price."""
    subscription = Subscription.objects.get()
    old = plan_decrease(account=funded.account, quantity=8, actor=funded.actor, at=now)
    place_due_decreases(at=(soon := to_last_day(funded, now)))
    freeze(subscription=subscription, why=Subscription.Frozen.SHAPE, at=soon)

    with pytest.raises(SelfServiceFrozen):
        plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=soon)

    assert old is not None
    assert [(row.pk, row.state) for row in ScheduledDecrease.objects.all()] == [(old.pk, State.PLACED)]
    assert funded.desk.client.v1.subscriptions.retrieve(funded.stripe_id).schedule is not None
    subscription.refresh_from_db()
    thaw(subscription=subscription)
    assert plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=soon) is not None


@pytest.mark.parametrize("by", ["a read", "the sweep"])
def test_a_release_whose_process_died_is_found_and_placed_again(
    funded: Funded, now: datetime, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """The schedule is gone at Stripe and the row still says that it is there."""
    plan = plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)
    assert plan is not None
    late = to_last_day(funded, now)
    place_due_decreases(at=late)
    plan.refresh_from_db()
    funded.desk.client.v1.subscription_schedules.release(plan.schedule_stripe_id)

    moment = late + timedelta(minutes=16)
    if by == "a read":
        refresh_subscription(stripe_id=funded.stripe_id, at=late)
        plan.refresh_from_db()
        assert (plan.state, plan.schedule_stripe_id) == (State.PLANNED, "")
        moment = late
    assert place_due_decreases(at=moment) == 1

    renew(funded)
    plan.refresh_from_db()
    assert plan.state == State.DONE
    assert funded.desk.quantity(funded.stripe_id) == 7
    assert not QuantityChange.objects.exists()
    assert broken_invariants(funded.desk) == []


def test_a_purchase_that_died_after_its_release_is_carried_on(
    funded: Funded, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)
    assert plan is not None
    late = to_last_day(funded, now)
    place_due_decreases(at=late)
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=late)
    released = StripeGateway.release_schedule

    def release_and_die(*args: object, **kwargs: object) -> None:
        released(*args, **kwargs)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(StripeGateway, "release_schedule", release_and_die)
    with pytest.raises(KeyboardInterrupt):
        buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=late)
    monkeypatch.setattr(StripeGateway, "release_schedule", released)
    plan.refresh_from_db()
    assert plan.state == State.PLACED

    funded.desk.advance(120)  # Both clocks: an invoice from before the call would not be ours.
    finish_open_changes(at=late + timedelta(minutes=2))

    assert QuantityChange.objects.get().state == QuantityChange.State.APPLIED
    plan.refresh_from_db()
    assert plan.state == State.PLANNED
    assert place_due_decreases(at=late + timedelta(minutes=3)) == 1
    renew(funded)
    assert funded.desk.quantity(funded.stripe_id) == 7


def test_after_a_change_of_plan_its_day_is_the_new_periods_end(
    owner: Membership, fund: FundMaker, desk: Desk, now: datetime
) -> None:
    desk.price("flat", "year", unit=51_000)
    funded = fund(owner, scheme="flat")
    plan = plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)
    assert plan is not None
    first_day = plan.effective_at
    price = Price.objects.get(interval="year")
    quote = quote_plan(account=funded.account, actor=funded.actor, price_id=price.public_id, quantity=None, at=now)

    buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    plan.refresh_from_db()
    end = Subscription.objects.get().items.get().period_end
    assert end > first_day + timedelta(days=300)
    assert (plan.state, plan.effective_at) == (State.PLANNED, end)
    assert AuditEntry.objects.get(action="reduction.moved").target == plan.public_id
    days = Notice.objects.filter(kind="reduction_planned").values_list("context__effective_at", flat=True)
    assert len(set(days)) == 2
    assert place_due_decreases(at=first_day) == 0


def test_a_reduction_that_the_new_plan_does_not_sell_is_over(
    owner: Membership, fund: FundMaker, desk: Desk, now: datetime
) -> None:
    desk.price("flat", "month", unit=4_000, minimum=8)
    funded = fund(owner, scheme="flat")
    plan = plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)
    assert plan is not None
    item = funded.subscription.items.get()
    plan.effective_at = item.period_end - timedelta(days=1)  # As if the change had moved the period.
    plan.save()
    item.price.plan.minimum_seats = 8
    item.price.plan.save()

    refresh_subscription(stripe_id=funded.stripe_id, at=now)

    plan.refresh_from_db()
    assert plan.state == State.WITHDRAWN
    assert AuditEntry.objects.get(action="reduction.withdrawn").target == plan.public_id


def test_a_key_of_twenty_hours_is_not_sent_again(funded: Funded, now: datetime) -> None:
    plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)
    late = to_last_day(funded, now) - timedelta(hours=11)
    funded.desk.fault("reset_before", path="/subscription_schedules", times=1)
    assert place_due_decreases(at=late) == 0

    assert place_due_decreases(at=late + timedelta(hours=21)) == 1

    keys = [
        request["idempotency_key"]
        for request in funded.desk.requests()
        if request["method"] == "POST" and request["path"] == "/v1/subscription_schedules"
    ]
    assert len(keys) == len(set(keys)) == 2
