"""A planned reduction that Stripe holds though our row does not say so yet: withdrawn, it never fires."""

from datetime import datetime
from typing import Any

import pytest

from billing.changes import decreases
from billing.changes.buy_quote import buy_quote
from billing.changes.decreases import let_go_of_schedules, place_due_decreases, plan_decrease, withdraw_decrease
from billing.changes.end_subscription import end_subscription
from billing.gateway.stripe_api import StripeGateway, gateway
from billing.mirror.fence import raise_fences
from billing.mirror.refresh import Read, write_read
from billing.models import Ending, QuantityChange, ScheduledDecrease, Subscription
from billing.quotes.quote_quantity import quote_quantity
from tests.billing.changes.test_decreases import renew, to_last_day
from tests.conftest import Funded

pytestmark = pytest.mark.django_db(transaction=True)
State = ScheduledDecrease.State
SCHEDULE = "/v1/subscription_schedules/.+"


def half_placed(funded: Funded, now: datetime, fault: str = "reset_after") -> datetime:
    """Ten to seven on the last day; the answer that it is at Stripe is lost."""
    plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)
    late = to_last_day(funded, now)
    funded.desk.fault(fault, path=SCHEDULE)
    place_due_decreases(at=late)
    assert ScheduledDecrease.objects.get().state == State.PLANNED
    assert schedule_of(funded) is not None
    return late


def schedule_of(funded: Funded) -> Any:
    return funded.desk.client.v1.subscriptions.retrieve(funded.stripe_id).to_dict()["schedule"]


@pytest.mark.parametrize("fault", ["reset_after", "error500_with_effect"])
def test_withdrawn_after_a_lost_answer_it_does_not_fire(funded: Funded, now: datetime, fault: str) -> None:
    late = half_placed(funded, now, fault)

    assert withdraw_decrease(account=funded.account, actor=funded.actor, at=late)

    assert schedule_of(funded) is None
    renew(funded)
    assert funded.desk.quantity(funded.stripe_id) == 10


def test_withdrawn_while_it_is_being_placed_it_is_released(
    funded: Funded, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)
    late, create = to_last_day(funded, now), StripeGateway.create_schedule

    def withdrawn_meanwhile(stripe: StripeGateway, *args: Any, **kwargs: Any) -> Any:
        made = create(stripe, *args, **kwargs)
        assert withdraw_decrease(account=funded.account, actor=funded.actor, at=late)
        return made

    monkeypatch.setattr(StripeGateway, "create_schedule", withdrawn_meanwhile)
    place_due_decreases(at=late)

    assert let_go_of_schedules(at=late) == 1

    assert (ScheduledDecrease.objects.get().state, schedule_of(funded)) == (State.WITHDRAWN, None)
    renew(funded)
    assert funded.desk.quantity(funded.stripe_id) == 10


def test_another_number_after_a_lost_answer_is_the_one_that_counts(funded: Funded, now: datetime) -> None:
    late = half_placed(funded, now)

    plan_decrease(account=funded.account, quantity=8, actor=funded.actor, at=late)
    place_due_decreases(at=late)
    let_go_of_schedules(at=late)

    renew(funded)
    assert funded.desk.quantity(funded.stripe_id) == 8


def test_the_subscription_can_end_though_a_half_placed_one_holds_it(funded: Funded, now: datetime) -> None:
    late = half_placed(funded, now)

    ending = end_subscription(account=funded.account, actor=funded.actor, at=late)

    assert ending.state == Ending.State.DONE
    assert (ScheduledDecrease.objects.get().state, schedule_of(funded)) == (State.WITHDRAWN, None)


def test_a_purchase_revives_none_that_was_withdrawn_while_it_let_go(
    funded: Funded, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)
    late, release = to_last_day(funded, now), StripeGateway.release_schedule
    place_due_decreases(at=late)
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=late)

    def withdrawn_meanwhile(stripe: StripeGateway, *args: Any, **kwargs: Any) -> None:
        monkeypatch.setattr(StripeGateway, "release_schedule", release)
        assert withdraw_decrease(account=funded.account, actor=funded.actor, at=late)
        release(stripe, *args, **kwargs)

    monkeypatch.setattr(StripeGateway, "release_schedule", withdrawn_meanwhile)
    buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=late)

    assert QuantityChange.objects.get().state == QuantityChange.State.APPLIED
    assert ScheduledDecrease.objects.get().state == State.WITHDRAWN


def test_a_read_from_before_takes_no_placed_one_for_released(
    funded: Funded, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)
    late = to_last_day(funded, now)
    fence = raise_fences(Subscription, [funded.stripe_id])[funded.stripe_id]
    slow = Read(gateway().subscription(funded.stripe_id), fence)
    monkeypatch.setattr(decreases, "refresh_quietly", lambda *_: write_read(read=slow, at=late))

    place_due_decreases(at=late)

    plan = ScheduledDecrease.objects.get()
    assert (plan.state, plan.schedule_stripe_id) == (State.PLACED, schedule_of(funded))


def test_a_schedule_of_somebody_else_is_not_written_over(funded: Funded, now: datetime) -> None:
    plan = plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)
    late, schedules = to_last_day(funded, now), funded.desk.client.v1.subscription_schedules
    made = schedules.create({"from_subscription": funded.stripe_id}).to_dict()
    running = made["phases"][0]
    item = {"price": running["items"][0]["price"], "quantity": 10}
    theirs: list[Any] = [
        {"items": [item], "start_date": running["start_date"], "end_date": running["end_date"]},
        {"items": [{**item, "quantity": 25}], "duration": {"interval": "month", "interval_count": 1}},
    ]
    schedules.update(made["id"], {"phases": theirs})

    assert place_due_decreases(at=late) == 0

    assert plan is not None
    plan.refresh_from_db()
    assert (plan.state, plan.schedule_stripe_id, plan.next_try_at is not None) == (State.PLANNED, "", True)
    held = schedules.retrieve(made["id"]).to_dict()["phases"]
    assert [phase["items"][0]["quantity"] for phase in held] == [10, 25]
