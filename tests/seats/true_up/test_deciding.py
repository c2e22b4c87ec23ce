"""People say yes to what they were shown, or say nothing and what was announced happens."""

from datetime import datetime

import pytest
from django.utils.formats import date_format

from accounts.models import Notice
from billing.changes.buy_quote import buy_quote
from billing.changes.decreases import place_due_decreases
from billing.errors import QuoteUnknown
from billing.models import QuantityChange, ScheduledDecrease
from billing.quotes.quote_quantity import quote_true_up
from seats.errors import TrueUpChanged, TrueUpClosed
from seats.models import SeatPool
from seats.true_up.decide_true_up import choose_for_idle, confirm_true_up, effect_of
from seats.true_up.run_true_ups import run_true_ups
from tests.conftest import Funded
from tests.factories.seats import use
from tests.invariants import broken_invariants
from tests.seats.true_up.conftest import Team
from tests.seats.true_up.quarters import (
    DAY,
    HOUR,
    Outcome,
    State,
    counted,
    cycle_totals,
    held,
    pass_time,
    soften,
    start,
)

pytestmark = pytest.mark.django_db(transaction=True)


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
    if end - moment > DAY:  # in the morning the quarter's noon comes after the renewal
        moment = pass_time(funded, moment, end - 12 * HOUR)
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
