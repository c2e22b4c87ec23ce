"""Charged once, then released, then reduced; a charge that fails takes nothing."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import AuditEntry, Membership, Notice
from billing.changes.buy_quote import buy_quote
from billing.changes.decreases import plan_decrease
from billing.changes.undo_change import undo_change
from billing.models import QuantityChange, ScheduledDecrease
from billing.quotes.quote_quantity import quote_quantity, quote_true_up
from seats.holders.wait import wait_for_seat
from seats.models import Assignment, SeatPool
from seats.true_up.decide_true_up import confirm_true_up, effect_of
from seats.true_up.run_true_ups import run_true_ups
from tests.conftest import Funded, FundMaker, join
from tests.factories.seats import SYSTEM, crowd
from tests.invariants import broken_invariants
from tests.seats.true_up.conftest import Team, agree
from tests.seats.true_up.quarters import DAY, HOUR, State, counted, held, pass_time, soften, start, unanswered

pytestmark = pytest.mark.django_db(transaction=True)


def test_use_over_a_soft_limit_is_charged_with_nobody_present(funded: Funded, team: Team, now: datetime) -> None:
    start(funded, now, "all")
    soften(funded.account, now)
    run, moment = counted(funded, team, now, busy=12, idle=0)
    assert (run.state, run.peak, run.target) == (State.REVIEW, 12, 12)
    assert not run.people.exists()

    unanswered(funded, moment)

    run.refresh_from_db()
    change = QuantityChange.objects.get()
    assert (run.state, run.change) == (State.SETTLED, change)
    assert (change.kind, change.state, change.user) == ("true_up", "applied", None)
    assert change.idempotency_key == f"trueup:{funded.account.public_id}:{run.first_day}:1"
    assert change.params["payment_behavior"] == "error_if_incomplete"
    assert (change.charged_total, change.charged_due) == (change.quoted_total, change.quoted_due)
    assert change.quoted_due > 0
    assert funded.desk.quantity(funded.stripe_id) == 12
    assert SeatPool.objects.get(account=funded.account).purchased == 12
    assert broken_invariants(funded.desk) == []


def test_seats_bought_meanwhile_are_not_charged_again(funded: Funded, team: Team, now: datetime) -> None:
    start(funded, now, "all")
    soften(funded.account, now)
    run, moment = counted(funded, team, now, busy=12, idle=0)
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=moment)
    buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=moment)

    run_true_ups(at=moment + 7 * DAY)

    run.refresh_from_db()
    assert (run.state, run.change) == (State.SETTLED, None)
    assert funded.desk.quantity(funded.stripe_id) == 12
    assert QuantityChange.objects.count() == 1


def test_charge_and_release_together(funded: Funded, team: Team, now: datetime) -> None:
    """12 in use of 10, two of them idle: two are charged for now, and the next period has ten again."""
    start(funded, now)
    soften(funded.account, now)
    run, moment = counted(funded, team, now, busy=10, idle=2)
    effect = effect_of(run)
    assert (effect.charged, effect.released, effect.renew) == (2, 2, 10)
    quote = quote_true_up(account=funded.account, actor=funded.actor, add=2, at=moment, present=True)

    run = confirm_true_up(
        account=funded.account,
        true_up_id=run.public_id,
        quote_id=quote.public_id,
        renew=10,
        actor=funded.actor,
        at=moment,
    )

    assert (run.state, run.renew_quantity) == (State.SETTLED, 10)
    assert run.change is not None
    assert run.change.params["payment_behavior"] == "pending_if_incomplete"  # an admin is present
    assert run.change.charged_due == quote.amount_due
    assert (funded.desk.quantity(funded.stripe_id), held(funded)) == (12, 10)
    assert ScheduledDecrease.objects.get().renew_quantity == 10
    assert broken_invariants(funded.desk) == []


def test_a_declined_charge_takes_nothing_tells_everybody_and_is_tried_again(
    owner: Membership, fund: FundMaker, team: Team, now: datetime
) -> None:
    funded = fund(owner)
    billing = join(funded.account, "Bill", "billing", now)
    start(funded, now)
    soften(funded.account, now)
    run, moment = counted(funded, team, now, busy=10, idle=2)
    later = pass_time(funded, moment, moment + 7 * DAY)
    funded.desk.card(funded.customer.stripe_id, "pm_card_chargeCustomerFail")

    run_true_ups(at=later)

    run.refresh_from_db()
    assert (run.state, run.error_code, run.attempts) == (State.FAILED, "payment_declined", 1)
    assert run.next_try_at == moment + 10 * DAY
    assert (held(funded), funded.desk.quantity(funded.stripe_id)) == (12, 10)
    assert not ScheduledDecrease.objects.exists()
    assert {person.outcome for person in run.people.all()} == {""}
    assert run.seal == ""
    told = Notice.objects.filter(kind="true_up_failed")
    assert {notice.user for notice in told} == {owner.user, billing.user}
    assert QuantityChange.objects.get().state == "rejected"

    run_true_ups(at=later + 2 * DAY)  # not yet
    assert QuantityChange.objects.count() == 1
    funded.desk.card(funded.customer.stripe_id)
    run_true_ups(at=pass_time(funded, later, later + 3 * DAY))

    run.refresh_from_db()
    assert (run.state, run.attempts, run.renew_quantity) == (State.SETTLED, 2, 10)
    assert [change.idempotency_key[-2:] for change in QuantityChange.objects.order_by("pk")] == [":1", ":2"]
    assert (held(funded), funded.desk.quantity(funded.stripe_id)) == (10, 12)
    assert broken_invariants(funded.desk) == []


def test_after_three_tries_only_people_go_on(funded: Funded, team: Team, now: datetime) -> None:
    start(funded, now, "all")
    soften(funded.account, now)
    run, moment = counted(funded, team, now, busy=11, idle=0)
    later = pass_time(funded, moment, moment + 7 * DAY)
    funded.desk.card(funded.customer.stripe_id, "pm_card_chargeCustomerFail")

    for days in (0, 3, 8, 15, 20):
        run_true_ups(at=later + days * DAY)

    run.refresh_from_db()
    assert (run.state, run.attempts, run.next_try_at) == (State.FAILED, 4, None)
    assert Notice.objects.filter(kind="true_up_failed", user=funded.owner.user).count() == 4
    assert funded.desk.quantity(funded.stripe_id) == 10
    assert held(funded) == 11


def test_a_lost_answer_charges_once(funded: Funded, team: Team, now: datetime) -> None:
    start(funded, now, "all")
    soften(funded.account, now)
    run, moment = counted(funded, team, now, busy=12, idle=0)
    decided = pass_time(funded, moment, moment + 7 * DAY)
    funded.desk.fault("reset_after", path="/v1/subscriptions/sub")

    run_true_ups(at=decided)
    run_true_ups(at=decided)
    run_true_ups(at=decided + HOUR)

    run.refresh_from_db()
    assert run.state == State.SETTLED
    assert QuantityChange.objects.count() == 1
    assert len(funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update")) == 1
    assert funded.desk.quantity(funded.stripe_id) == 12


def test_a_stripe_that_is_away_for_hours_is_no_failed_payment(funded: Funded, team: Team, now: datetime) -> None:
    """The intent is given up after an hour as ever; the next round makes a new one, and nobody is alarmed."""
    start(funded, now, "all")
    soften(funded.account, now)
    run, moment = counted(funded, team, now, busy=12, idle=0)
    later = pass_time(funded, moment, moment + 7 * DAY)
    funded.desk.fault("rate_limit", path="/v1/subscriptions/sub", times=1)

    for minutes in (0, 60):
        run_true_ups(at=later + timedelta(minutes=minutes))
    run.refresh_from_db()
    assert (run.state, run.change) == (State.CONFIRMED, None)
    run_true_ups(at=pass_time(funded, later, later + 2 * HOUR))

    run.refresh_from_db()
    assert (run.state, run.attempts) == (State.SETTLED, 2)
    assert [change.state for change in QuantityChange.objects.order_by("pk")] == ["rejected", "applied"]
    assert len(funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update")) == 1
    assert not Notice.objects.filter(kind="true_up_failed").exists()


@pytest.mark.parametrize("after", ["accepted", "charged", "released"])
def test_killed_anywhere_the_next_round_goes_on(
    funded: Funded, team: Team, now: datetime, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(funded, now)
    soften(funded.account, now)
    run, moment = counted(funded, team, now, busy=10, idle=2)
    steps = {"accepted": "finish_change", "charged": "_release", "released": "plan_decrease"}

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    later = pass_time(funded, moment, moment + 7 * DAY)
    with monkeypatch.context() as patched:
        patched.setattr(f"seats.true_up.settle_true_up.{steps[after]}", die)
        with pytest.raises(Killed):
            run_true_ups(at=later)
    run.refresh_from_db()
    assert run.state == State.CONFIRMED

    run_true_ups(at=pass_time(funded, later, later + HOUR / 2))

    run.refresh_from_db()
    assert (run.state, run.renew_quantity) == (State.SETTLED, 10)
    assert QuantityChange.objects.count() == 1
    assert ScheduledDecrease.objects.filter(state="planned").count() == 1
    assert (held(funded), funded.desk.quantity(funded.stripe_id)) == (10, 12)
    assert Notice.objects.filter(kind="true_up_settled", user=funded.owner.user).count() == 1
    assert broken_invariants(funded.desk) == []


def test_killed_right_after_planning_the_reduction_is_found_and_not_planned_again(
    funded: Funded, team: Team, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(funded, now)
    run, moment = counted(funded, team, now, busy=8, idle=2)

    class Killed(BaseException):
        pass

    def plan_and_die(**values: Any) -> None:
        plan_decrease(**values)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("seats.true_up.settle_true_up.plan_decrease", plan_and_die)
        with pytest.raises(Killed):
            confirm_true_up(
                account=funded.account, true_up_id=run.public_id, quote_id="", renew=8, actor=funded.actor, at=moment
            )

    run_true_ups(at=pass_time(funded, moment, moment + HOUR))

    run.refresh_from_db()
    plan = ScheduledDecrease.objects.get()
    assert (plan.state, plan.renew_quantity) == (ScheduledDecrease.State.PLANNED, 8)
    assert (run.state, run.renew_quantity, run.decrease_id) == (State.SETTLED, 8, plan.public_id)
    assert AuditEntry.objects.filter(action="reduction.planned").count() == 1
    assert broken_invariants(funded.desk) == []


def test_who_waits_takes_a_freed_seat_and_the_number_stays(funded: Funded, team: Team, now: datetime) -> None:
    start(funded, now)
    run, moment = counted(funded, team, now, busy=8, idle=2)
    waiting = crowd(funded.account, 1, now, name="Waiting")[0]
    wait_for_seat(account=funded.account, membership=waiting, actor=SYSTEM, at=moment)
    assert effect_of(run).renew == 9

    run = confirm_true_up(
        account=funded.account, true_up_id=run.public_id, quote_id="", renew=9, actor=funded.actor, at=moment
    )

    assert (run.renew_quantity, held(funded)) == (9, 9)
    assert Assignment.objects.filter(membership=waiting, ended_at__isnull=True).exists()


def test_a_commitment_holds_the_number_and_the_seats_are_free(funded: Funded, team: Team, now: datetime) -> None:
    start(funded, now)
    agree(funded, "hybrid", committed_quantity=10, committed_until=now + 300 * DAY)
    run, moment = counted(funded, team, now, busy=8, idle=2)

    run_true_ups(at=moment + 7 * DAY)

    run.refresh_from_db()
    assert (run.state, run.renew_quantity, held(funded)) == (State.SETTLED, 10, 8)
    assert not ScheduledDecrease.objects.exists()


def test_seats_that_are_bought_for_the_charge_and_given_back_are_charged(
    funded: Funded, team: Team, now: datetime
) -> None:
    start(funded, now, "all")
    soften(funded.account, now)
    run, moment = counted(funded, team, now, busy=12, idle=0)
    late = pass_time(funded, moment, moment + 7 * DAY)
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=late)
    purchase = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=late)

    run_true_ups(at=late)
    run.refresh_from_db()
    assert (run.state, run.change) == (State.CONFIRMED, None)
    undo_change(account=funded.account, change_id=purchase.public_id, actor=funded.actor, at=late)
    run_true_ups(at=pass_time(funded, late, late + HOUR))

    run.refresh_from_db()
    assert run.state == State.SETTLED
    assert run.change is not None
    assert (run.change.added, run.change.state) == (2, QuantityChange.State.APPLIED)
    assert funded.desk.quantity(funded.stripe_id) == 12
    assert broken_invariants(funded.desk) == []
