"""The quarterly true-up: told three times, counted by the account's days, decided, charged, reduced, never twice."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils.formats import date_format

from accounts.models import Account, AuditEntry, Membership, Notice
from billing.changes.buy_quote import buy_quote
from billing.changes.decreases import place_due_decreases, plan_decrease
from billing.changes.undo_change import undo_change
from billing.errors import QuoteUnknown
from billing.mirror.refresh import refresh_subscription
from billing.models import QuantityChange, ScheduledDecrease
from billing.quotes.quote_quantity import quote_quantity, quote_true_up
from seats.capacity.set_policy import set_policy
from seats.errors import TrueUpChanged, TrueUpClosed
from seats.holders.claim import claim
from seats.holders.wait import wait_for_seat
from seats.models import Assignment, SeatPool, TrueUp, TrueUpPerson
from seats.true_up.decide_true_up import choose_for_idle, confirm_true_up, effect_of
from seats.true_up.rules import add_months, start_of
from seats.true_up.run_true_ups import run_true_ups
from tests.conftest import Funded, FundMaker, join
from tests.factories.seats import SYSTEM, crowd, use
from tests.invariants import broken_invariants
from tests.seats.true_up.conftest import Team, agree

pytestmark = pytest.mark.django_db(transaction=True)
State, Outcome = TrueUp.State, TrueUpPerson.Outcome
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def pass_time(funded: Funded, now: datetime, moment: datetime) -> datetime:
    """Let Stripe's time pass from `now` to a moment, and read what it did."""
    funded.desk.advance(int((moment - now).total_seconds()))
    refresh_subscription(stripe_id=funded.stripe_id, at=moment)
    return moment


def unanswered(funded: Funded, moment: datetime) -> datetime:
    """A week passes at Stripe, and the round runs."""
    later = pass_time(funded, moment, moment + 7 * DAY)
    run_true_ups(at=later)
    return later


def quarter_end(now: datetime) -> datetime:
    """Twelve hours after the quarter that begins today."""
    return start_of(add_months(now.date(), 3), "UTC") + 12 * HOUR


def start(funded: Funded, now: datetime, policy: str = "hybrid") -> None:
    agree(funded, policy, idle_days=30, true_up_from=now.date())


def soften(account: Account, now: datetime, allowance: int = 3) -> None:
    set_policy(account=account, mode="soft", allowance=allowance, grace_days=100, reason="Season", actor=SYSTEM, at=now)


def counted(funded: Funded, team: Team, now: datetime, *, busy: int, idle: int) -> tuple[TrueUp, datetime]:
    """A quarter that has just been counted, with so many people; returns the run and the moment."""
    end = quarter_end(now)
    people = team(funded, busy=0, idle=busy + idle, seated=now)
    for person in people[:busy]:
        use(person, end - 3 * DAY, days=1)
    moment = pass_time(funded, now, end)
    run_true_ups(at=moment)
    return TrueUp.objects.get(), moment


def held(funded: Funded) -> int:
    return Assignment.objects.filter(account=funded.account, ended_at__isnull=True).count()


def cycle_totals(funded: Funded) -> list[int]:
    return [bill["total"] for bill in funded.desk.invoices(funded.stripe_id, billing_reason="subscription_cycle")]


def test_ninety_days_later_the_idle_are_listed_and_a_yes_lowers_the_next_invoice(
    funded: Funded, team: Team, now: datetime
) -> None:
    """F7."""
    start(funded, now)
    run, moment = counted(funded, team, now, busy=7, idle=3)
    assert (run.state, run.purchased, run.target, run.peak) == (State.REVIEW, 10, 10, 0)
    assert run.people.count() == 3
    assert effect_of(run).renew == 7

    run = confirm_true_up(
        account=funded.account, true_up_id=run.public_id, quote_id="", renew=7, actor=funded.actor, at=moment
    )

    assert (run.state, run.decision, run.decided_by) == (State.SETTLED, "admin", funded.actor.user)
    assert (held(funded), funded.desk.quantity(funded.stripe_id)) == (7, 10)  # never an immediate shrink
    assert SeatPool.objects.get(account=funded.account).purchased == 10
    plan = ScheduledDecrease.objects.get()
    assert (plan.public_id, plan.renew_quantity, plan.user) == (run.decrease_id, 7, funded.actor.user)
    first, last = (date_format(value, "j F Y") for value in (run.first_day, run.last_day))
    assert plan.reason == f"True-up {first} to {last}"
    assert {person.outcome for person in run.people.all()} == {Outcome.RELEASED}
    before = len(cycle_totals(funded))
    end = funded.subscription.items.get().period_end
    assert place_due_decreases(at=moment) == 1  # the period ends within a day
    pass_time(funded, moment, end + 2 * HOUR)
    assert cycle_totals(funded)[0] == 35_000
    assert len(cycle_totals(funded)) == before + 1
    assert SeatPool.objects.get(account=funded.account).purchased == 7
    assert broken_invariants(funded.desk) == []


def test_who_is_kept_or_works_again_stays(funded: Funded, team: Team, now: datetime) -> None:
    start(funded, now)
    run, moment = counted(funded, team, now, busy=6, idle=4)
    idle = [person.membership for person in run.people.order_by("pk").select_related("membership")]
    choices = {idle[0].public_id: "keep", idle[1].public_id: "nonsense"}
    choose_for_idle(account=funded.account, true_up_id=run.public_id, choices=choices, actor=funded.actor, at=moment)
    use(idle[1], moment + DAY, days=1)

    run = confirm_true_up(
        account=funded.account, true_up_id=run.public_id, quote_id="", renew=8, actor=funded.actor, at=moment + DAY
    )

    outcomes = {person.membership_id: person.outcome for person in run.people.all()}
    assert [outcomes[m.pk] for m in idle] == [Outcome.KEPT, Outcome.ACTIVE, Outcome.RELEASED, Outcome.RELEASED]
    kept = run.people.get(membership=idle[0])
    assert (kept.chosen_by, kept.choice) == (funded.actor.user, "keep")
    assert held(funded) == 8
    assert ScheduledDecrease.objects.get().renew_quantity == 8


def test_nobody_answers_then_what_was_announced_happens(funded: Funded, team: Team, now: datetime) -> None:
    start(funded, now)
    run, moment = counted(funded, team, now, busy=8, idle=2)

    run_true_ups(at=moment + 6 * DAY)
    run.refresh_from_db()
    assert (run.state, held(funded)) == (State.REVIEW, 10)
    run_true_ups(at=moment + 7 * DAY)

    run.refresh_from_db()
    assert (run.state, run.decision, run.decided_by, run.renew_quantity) == (State.SETTLED, "default", None, 8)
    assert held(funded) == 8
    told = Notice.objects.filter(user=funded.owner.user, kind__startswith="true_up").order_by("pk")
    assert list(told.values_list("kind", flat=True)) == ["true_up_review", "true_up_settled"]


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


def test_the_highest_use_counts_even_if_it_is_over(funded: Funded, team: Team, now: datetime) -> None:
    from seats.holders.release_seat import release_seats

    start(funded, now, "all")
    soften(funded.account, now)
    people = team(funded, busy=0, idle=13, seated=now)
    seats = list(Assignment.objects.filter(account=funded.account, membership__in=people[:4]))
    release_seats(account=funded.account, assignments=seats, actor=SYSTEM, at=now + 40 * DAY)
    moment = pass_time(funded, now, quarter_end(now))

    run_true_ups(at=moment)

    run = TrueUp.objects.get()
    assert (held(funded), run.peak, run.target) == (9, 13, 13)


def test_a_hard_limit_is_never_charged(funded: Funded, team: Team, now: datetime) -> None:
    """Seats over a hard limit come from a reduction, and its grace ends them."""
    start(funded, now, "all")
    team(funded, busy=0, idle=10, seated=now)
    SeatPool.objects.filter(account=funded.account).update(purchased=8)

    run_true_ups(at=pass_time(funded, now, quarter_end(now)))

    run = TrueUp.objects.get()
    assert (run.state, run.decision, run.target) == (State.SETTLED, "nothing", run.purchased)
    assert not QuantityChange.objects.exists()


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


def test_what_was_shown_is_what_is_confirmed(funded: Funded, team: Team, now: datetime) -> None:
    start(funded, now)
    run, moment = counted(funded, team, now, busy=8, idle=2)
    for quote_id, renew in (("", 7), ("", None), ("qte_unknown", 8)):
        with pytest.raises(TrueUpChanged):
            confirm_true_up(
                account=funded.account,
                true_up_id=run.public_id,
                quote_id=quote_id,
                renew=renew,
                actor=funded.actor,
                at=moment,
            )

    run.refresh_from_db()
    assert (run.state, held(funded)) == (State.REVIEW, 10)
    assert not ScheduledDecrease.objects.exists()
    confirm = {"account": funded.account, "true_up_id": run.public_id, "quote_id": "", "actor": funded.actor}
    confirm_true_up(**confirm, renew=8, at=moment)
    with pytest.raises(TrueUpClosed):
        confirm_true_up(**confirm, renew=8, at=moment)
    with pytest.raises(TrueUpClosed):
        choose_for_idle(account=funded.account, true_up_id=run.public_id, choices={}, actor=funded.actor, at=moment)
    assert ScheduledDecrease.objects.count() == 1


def test_a_price_that_is_not_for_this_number_is_refused(funded: Funded, team: Team, now: datetime) -> None:
    start(funded, now, "all")
    soften(funded.account, now)
    run, moment = counted(funded, team, now, busy=12, idle=0)
    quote = quote_true_up(account=funded.account, actor=funded.actor, add=1, at=moment, present=True)
    with pytest.raises(QuoteUnknown):  # nor can the page that sells seats use it
        buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=moment)

    with pytest.raises(TrueUpChanged):
        confirm_true_up(
            account=funded.account,
            true_up_id=run.public_id,
            quote_id=quote.public_id,
            renew=None,
            actor=funded.actor,
            at=moment,
        )

    assert not QuantityChange.objects.exists()
    assert funded.desk.quantity(funded.stripe_id) == 10


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


def test_three_notices_once_each_and_nothing_before(funded: Funded, now: datetime) -> None:
    start(funded, now)
    due = start_of(add_months(now.date(), 3), "UTC")

    def told() -> list[str]:
        rows = Notice.objects.filter(kind="true_up_notice").order_by("pk")
        return [row.key.rpartition(":")[2] for row in rows]

    for days, expected in ((40, []), (28, ["28"]), (27, ["28"]), (14, ["28", "14"]), (3, ["28", "14", "3"])):
        run_true_ups(at=due - days * DAY)
        run_true_ups(at=due - days * DAY + HOUR)
        assert told() == expected
    run_true_ups(at=due - HOUR)
    assert told() == ["28", "14", "3"]
    assert TrueUp.objects.get().state == State.NOTICE


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
def test_the_quarter_ends_at_the_accounts_midnight(funded: Funded, now: datetime, zone: str) -> None:
    Account.objects.filter(pk=funded.account.pk).update(time_zone=zone)
    funded.account.refresh_from_db()
    agree(funded, "hybrid", true_up_from=date(2026, 10, 1))
    midnight = start_of(date(2027, 1, 1), zone)
    assert midnight != datetime(2027, 1, 1, tzinfo=UTC)

    run_true_ups(at=midnight - timedelta(seconds=1))
    run = TrueUp.objects.get()
    assert (run.state, run.first_day, run.last_day) == (State.NOTICE, date(2026, 10, 1), date(2026, 12, 31))
    run_true_ups(at=midnight)

    run.refresh_from_db()
    assert (run.state, run.decision) == (State.SETTLED, "nothing")
    assert run.counted_at == midnight


def test_nothing_to_true_up_is_settled_and_sealed_quietly(funded: Funded, team: Team, now: datetime) -> None:
    start(funded, now)

    run, _moment = counted(funded, team, now, busy=5, idle=0)

    assert (run.state, run.decision, len(run.seal)) == (State.SETTLED, "nothing", 64)
    assert not Notice.objects.filter(kind__in=("true_up_review", "true_up_settled")).exists()
    run_true_ups(at=quarter_end(now) + DAY)
    assert TrueUp.objects.count() == 1


def test_a_round_that_comes_weeks_late_still_counts_the_quarter(funded: Funded, team: Team, now: datetime) -> None:
    start(funded, now)
    team(funded, busy=0, idle=2, seated=now)
    late = pass_time(funded, now, quarter_end(now) + 20 * DAY)

    run_true_ups(at=late)

    run = TrueUp.objects.get()
    assert (run.first_day, run.state, run.answer_by) == (now.date(), State.REVIEW, late + 7 * DAY)


def test_what_is_not_agreed_any_more_is_withdrawn(funded: Funded, now: datetime) -> None:
    start(funded, now)
    due = start_of(add_months(now.date(), 3), "UTC")
    run_true_ups(at=due - 10 * DAY)
    agree(funded, "all", true_up_from=None)

    run_true_ups(at=due)

    assert TrueUp.objects.get().state == State.WITHDRAWN


def test_one_account_that_fails_stops_no_other(
    funded: Funded, outsider: Membership, fund: FundMaker, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = fund(outsider)
    start(funded, now)
    start(other, now)
    from seats.true_up import run_true_ups as module

    real = module.open_true_ups

    def fail(**named: object) -> None:
        if named["terms"].account == funded.account:  # type: ignore[attr-defined]
            raise RuntimeError("broken")
        real(**named)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "open_true_ups", fail)

    run_true_ups(at=quarter_end(now))

    assert TrueUp.objects.get().account == other.account


def test_claims_between_count_and_yes_change_nothing_that_was_counted(
    funded: Funded, team: Team, now: datetime
) -> None:
    start(funded, now)
    run, moment = counted(funded, team, now, busy=6, idle=2)
    claim(account=funded.account, members=crowd(funded.account, 2, now, name="New"), actor=SYSTEM, at=moment)

    run = confirm_true_up(
        account=funded.account, true_up_id=run.public_id, quote_id="", renew=8, actor=funded.actor, at=moment
    )

    assert (run.renew_quantity, held(funded)) == (8, 8)


def test_seats_that_are_bought_for_the_count_and_given_back_are_charged(
    funded: Funded, team: Team, now: datetime
) -> None:
    """A purchase that may still be undone delays the count, so that no use goes uncharged."""
    start(funded, now, "all")
    soften(funded.account, now)
    people = team(funded, busy=0, idle=12, seated=now)
    assert len(people) == 12
    moment = pass_time(funded, now, quarter_end(now))
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=moment)
    purchase = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=moment)

    run_true_ups(at=moment)
    undo_change(account=funded.account, change_id=purchase.public_id, actor=funded.actor, at=moment)
    run_true_ups(at=moment)

    run = TrueUp.objects.get()
    assert (run.state, run.purchased, run.target) == (State.REVIEW, 10, 12)


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
