"""The quarter is told three times and counted by the account's days, once, however late."""

from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.models import Account, Membership, Notice
from billing.changes.buy_quote import buy_quote
from billing.changes.undo_change import undo_change
from billing.models import QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from seatportal.kit.clock import start_of_day
from seats.capacity.comp_seats import comp_seats
from seats.holders.claim import claim
from seats.models import Assignment, SeatPool, TrueUp
from seats.true_up.decide_true_up import confirm_true_up
from seats.true_up.rules import add_months
from seats.true_up.run_true_ups import run_true_ups
from seats.true_up.verify_evidence import verify_true_up
from tests.conftest import Funded, FundMaker
from tests.factories.seats import SYSTEM, crowd
from tests.seats.true_up.conftest import Team, agree
from tests.seats.true_up.quarters import (
    DAY,
    HOUR,
    State,
    counted,
    held,
    pass_time,
    quarter_end,
    soften,
    start,
)

pytestmark = pytest.mark.django_db(transaction=True)


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


@pytest.mark.parametrize(("comped", "peak", "target"), [(2, 11, 11), (3, 0, 10)])
def test_seats_free_of_charge_are_never_charged(
    funded: Funded, team: Team, now: datetime, comped: int, peak: int, target: int
) -> None:
    start(funded, now, "all")
    soften(funded.account, now)
    until = now.date() + 200 * DAY
    comp_seats(account=funded.account, seats=comped, until=until, reason="Pilot", actor=SYSTEM, at=now)
    team(funded, busy=0, idle=13, seated=now)

    run_true_ups(at=pass_time(funded, now, quarter_end(now)))

    run = TrueUp.objects.get()
    assert (held(funded), run.peak, run.target) == (13, peak, target)
    settled = State.SETTLED if target == 10 else State.REVIEW
    assert run.state == settled
    if run.evidence is not None:
        told = [row["data"] for row in run.evidence["records"] if row["kind"] == "complimentary"]
        assert told == [{"at": now.isoformat(), "seats_before": 0, "seats_after": 3}]
        assert verify_true_up(run) == []
    assert not QuantityChange.objects.exists()


def test_a_hard_limit_is_never_charged(funded: Funded, team: Team, now: datetime) -> None:
    """Seats over a hard limit come from a reduction, and its grace ends them."""
    start(funded, now, "all")
    team(funded, busy=0, idle=10, seated=now)
    SeatPool.objects.filter(account=funded.account).update(purchased=8)

    run_true_ups(at=pass_time(funded, now, quarter_end(now)))

    run = TrueUp.objects.get()
    assert (run.state, run.decision, run.target) == (State.SETTLED, "nothing", run.purchased)
    assert not QuantityChange.objects.exists()


def test_three_notices_once_each_and_nothing_before(funded: Funded, now: datetime) -> None:
    start(funded, now)
    due = start_of_day(add_months(now.date(), 3), "UTC")

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
    midnight = start_of_day(date(2027, 1, 1), zone)
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
    due = start_of_day(add_months(now.date(), 3), "UTC")
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
