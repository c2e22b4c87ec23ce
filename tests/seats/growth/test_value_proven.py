"""A reached goal reaches the account team, and check-ins follow the plan (product.md C7, D4)."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from accounts.access.actor import Actor
from accounts.models import Account, Membership, User
from seats.growth.sweep import sweep_account
from seats.growth.words import rule_of, sentence_of
from seats.insight.activity import today_in
from seats.models import Alert, ExpansionTask, Signal
from seats.usage.settings import set_usage_settings
from seats.value.goals import Wish, add_goal, record_value
from seats.value.plans import start_plan
from seats.value.report import end_plan
from tests.factories.seats import use
from tests.seats.growth.conftest import Fill

pytestmark = pytest.mark.django_db
Kind = Signal.Kind


def reach(account: Account, actor: Actor, now: datetime, value: str = "13") -> None:
    start_plan(account=account, starts_on=today_in(account, now) - timedelta(days=37), actor=actor, at=now)
    wish = Wish(name="Projects", unit="projects", baseline=Decimal(10), target=Decimal(13))
    goal = add_goal(account=account, wish=wish, actor=actor, at=now)
    record_value(account=account, goal=goal, day=today_in(account, now), value=Decimal(value), actor=actor, at=now)


def test_a_reached_goal_is_one_signal_one_alert_and_one_task(
    account: Account, actor: Actor, now: datetime, fill: Fill, staff_member: User
) -> None:
    fill(purchased=20, assigned=14, active=14)
    reach(account, actor, now)

    sweep_account(account=account, at=now)
    sweep_account(account=account, at=now + timedelta(days=1))

    signal = Signal.objects.get(kind=Kind.VALUE_PROVEN)
    assert sentence_of(signal) == "Projects went from 10 to 13 projects; the goal was 13."
    assert rule_of(signal) == "A goal of the account's value plan reached its target."
    task = ExpansionTask.objects.get(playbook="value_proven")
    assert (signal.task, task.expands, task.quantity) == (task, True, None)
    assert Alert.objects.filter(signals=signal).count() == 1


def test_a_goal_that_is_not_reached_is_no_signal(account: Account, actor: Actor, now: datetime, fill: Fill) -> None:
    fill(purchased=20, assigned=14, active=14)
    reach(account, actor, now, "12.99")

    sweep_account(account=account, at=now)

    assert not Signal.objects.filter(kind=Kind.VALUE_PROVEN).exists()


def test_the_task_waits_while_adoption_is_low(account: Account, actor: Actor, now: datetime, fill: Fill) -> None:
    fill(purchased=20, assigned=14, active=11)
    reach(account, actor, now)

    sweep_account(account=account, at=now)

    assert Signal.objects.get(kind=Kind.VALUE_PROVEN).held_back
    assert not ExpansionTask.objects.filter(playbook="value_proven").exists()


def test_it_ends_thirty_days_after_its_plan(account: Account, actor: Actor, now: datetime, fill: Fill) -> None:
    fill(purchased=20, assigned=14, active=14)
    reach(account, actor, now)
    end_plan(account=account, actor=actor, at=now)

    sweep_account(account=account, at=now + timedelta(days=29))
    assert Signal.objects.get(kind=Kind.VALUE_PROVEN).ended_at is None
    sweep_account(account=account, at=now + timedelta(days=31))
    assert Signal.objects.get(kind=Kind.VALUE_PROVEN).ended_at is not None


def test_what_privacy_mode_withholds_tells_the_account_team_nothing(
    account: Account, owner: Membership, actor: Actor, now: datetime, fill: Fill
) -> None:
    fill(purchased=20, assigned=14, active=14)
    use(owner, now, days=1, times=20)
    start_plan(account=account, starts_on=today_in(account, now), actor=actor, at=now)
    wish = Wish(name="Reports", unit="reports", baseline=Decimal(1), target=Decimal(19), feature="Reports")
    assert add_goal(account=account, wish=wish, actor=actor, at=now).met_on is not None
    set_usage_settings(account=account, keep_days=400, groups_only=True, actor=actor)

    sweep_account(account=account, at=now)

    assert not Signal.objects.filter(kind=Kind.VALUE_PROVEN).exists()


def open_check_ins() -> list[str]:
    return list(Signal.objects.filter(kind=Kind.CHECK_IN, ended_at=None).values_list("subject", flat=True))


def test_check_ins_count_from_the_plan_where_there_is_one(
    account: Account, actor: Actor, now: datetime, fill: Fill
) -> None:
    fill(purchased=20, assigned=14, active=14, at=now - timedelta(days=8))
    sweep_account(account=account, at=now)
    assert open_check_ins() == ["7"]

    start_plan(account=account, starts_on=today_in(account, now) - timedelta(days=60), actor=actor, at=now)
    sweep_account(account=account, at=now)

    assert open_check_ins() == ["60"]
    signal = Signal.objects.get(kind=Kind.CHECK_IN, ended_at=None)
    assert sentence_of(signal) == "Day 60 of the value plan."
    assert ExpansionTask.objects.filter(playbook="check_in", subject="60").count() == 1


def test_the_last_check_in_is_still_due_when_the_report_is_written(
    account: Account, actor: Actor, now: datetime, fill: Fill
) -> None:
    fill(purchased=20, assigned=14, active=14, at=now - timedelta(days=200))
    start_plan(account=account, starts_on=today_in(account, now) - timedelta(days=89), actor=actor, at=now)
    later = now + timedelta(days=1)
    end_plan(account=account, actor=actor, at=later)

    sweep_account(account=account, at=later)

    assert open_check_ins() == ["90"]


def test_a_plan_that_was_ended_early_leaves_no_check_in(
    account: Account, actor: Actor, now: datetime, fill: Fill
) -> None:
    fill(purchased=20, assigned=14, active=14, at=now - timedelta(days=200))
    start_plan(account=account, starts_on=today_in(account, now) - timedelta(days=58), actor=actor, at=now)
    end_plan(account=account, actor=actor, at=now)

    sweep_account(account=account, at=now + timedelta(days=3))

    assert open_check_ins() == []
