"""Plans, goals and their values: kept once, judged from the readings, told in the trail."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from accounts.access.actor import Actor
from accounts.members.structure import add_place
from accounts.models import Account, AuditEntry, Department, Membership
from seats.errors import GoalRefused, PlanEnded, PlanOpen
from seats.growth.sweep import sweep_account
from seats.insight.activity import today_in
from seats.models import GoalReading, Signal, ValueGoal, ValuePlan
from seats.usage.settings import set_usage_settings
from seats.value.goals import MOST, add_goal, change_goal, features_of, measure_goals, record_value, remove_goal
from seats.value.plans import open_plan, start_plan
from seats.value.report import end_plan
from tests.conftest import join
from tests.factories.seats import crowd, give_pool, use
from tests.seats.value.conftest import GoalMaker, wish

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def pool(account: Account, now: datetime) -> None:
    with transaction.atomic():
        give_pool(account, 10, now)


def test_one_plan_is_open_at_a_time(account: Account, actor: Actor, now: datetime, plan: ValuePlan) -> None:
    with pytest.raises(PlanOpen):
        start_plan(account=account, starts_on=now.date(), actor=actor, at=now)

    assert list(ValuePlan.objects.values_list("pk", flat=True)) == [plan.pk]
    assert AuditEntry.objects.filter(action="value.plan_started").count() == 1
    end_plan(account=account, actor=actor, at=now)
    again = start_plan(account=account, starts_on=now.date(), actor=actor, at=now)
    found = open_plan(account, now)
    assert found is not None
    assert found.row == again


@pytest.mark.parametrize(("days", "good"), [(-90, False), (-89, True), (30, True), (31, False)])
def test_a_plan_begins_within_reach(account: Account, actor: Actor, now: datetime, days: int, good: bool) -> None:
    first = today_in(account, now) + timedelta(days=days)

    if good:
        assert start_plan(account=account, starts_on=first, actor=actor, at=now).starts_on == first
        return
    with pytest.raises(GoalRefused) as refused:
        start_plan(account=account, starts_on=first, actor=actor, at=now)
    assert refused.value.field == "starts_on"
    assert not ValuePlan.objects.exists()


def test_values_are_entered_and_corrected_and_the_goal_is_judged_from_them(
    account: Account, actor: Actor, now: datetime, goal_with: GoalMaker
) -> None:
    goal, today = goal_with(), today_in(account, now)

    def enter(value: str, back: int) -> ValueGoal:
        day = today - timedelta(days=back)
        record_value(account=account, goal=goal, day=day, value=Decimal(value), actor=actor, at=now)
        goal.refresh_from_db()
        return goal

    assert (goal.value, goal.met_on) == (None, None)
    assert (enter("11", 5).value, goal.value_on, goal.met_on) == (Decimal(11), today - timedelta(days=5), None)
    assert (enter("13", 3).value, goal.met_on) == (Decimal(13), today - timedelta(days=3))
    # A later fall does not take back what was proven; an older day is no newer value.
    assert (enter("12", 0).value, goal.met_on) == (Decimal(12), today - timedelta(days=3))
    assert enter("10.5", 8).value == Decimal(12)
    # A correction does.
    assert enter("12.99", 3).met_on is None
    assert GoalReading.objects.filter(goal=goal).count() == 4
    trail = AuditEntry.objects.filter(action="value.entered").latest("pk")
    assert (trail.data["old"], trail.data["new"]) == ("13", "12.99")
    assert trail.summary == "Projects"


@pytest.mark.parametrize("back", [-1, 100])
def test_a_value_of_the_future_or_of_long_ago_is_refused(
    account: Account, actor: Actor, now: datetime, goal_with: GoalMaker, back: int
) -> None:
    goal = goal_with()
    with pytest.raises(GoalRefused) as refused:
        record_value(
            account=account,
            goal=goal,
            day=today_in(account, now) - timedelta(days=back),
            value=Decimal(13),
            actor=actor,
            at=now,
        )
    assert refused.value.field == "day"
    assert not GoalReading.objects.exists()


def test_a_changed_target_is_judged_again(account: Account, actor: Actor, now: datetime, goal_with: GoalMaker) -> None:
    goal = goal_with()
    record_value(account=account, goal=goal, day=now.date(), value=Decimal(12), actor=actor, at=now)

    changed = change_goal(account=account, goal=goal, wish=wish(target=Decimal(12)), actor=actor, at=now)

    assert changed.met_on == now.date()
    entry = AuditEntry.objects.get(action="value.goal_changed")
    assert (entry.data["old"]["target"], entry.data["new"]["target"]) == ("13", "12")
    change_goal(account=account, goal=goal, wish=wish(target=Decimal("12.00")), actor=actor, at=now)
    assert AuditEntry.objects.filter(action="value.goal_changed").count() == 1


@pytest.mark.parametrize(("changes", "field"), [({"baseline": None}, "baseline"), ({"target": Decimal(10)}, "target")])
def test_a_goal_that_goes_nowhere_is_refused(
    goal_with: GoalMaker, changes: dict[str, Decimal | None], field: str
) -> None:
    with pytest.raises(GoalRefused) as refused:
        goal_with(**changes)
    assert refused.value.field == field
    assert not ValueGoal.objects.exists()


def test_a_plan_has_twelve_goals(goal_with: GoalMaker) -> None:
    for _ in range(MOST):
        goal_with()
    with pytest.raises(GoalRefused):
        goal_with()
    assert ValueGoal.objects.count() == MOST


def test_a_goal_of_an_ended_plan_stays_as_it_was(
    account: Account, actor: Actor, now: datetime, goal_with: GoalMaker
) -> None:
    goal = goal_with()
    end_plan(account=account, actor=actor, at=now)

    for act in (
        lambda: record_value(account=account, goal=goal, day=now.date(), value=Decimal(13), actor=actor, at=now),
        lambda: change_goal(account=account, goal=goal, wish=wish(name="Other"), actor=actor, at=now),
        lambda: remove_goal(account=account, goal=goal, actor=actor),
        lambda: add_goal(account=account, wish=wish(), actor=actor, at=now),
        lambda: end_plan(account=account, actor=actor, at=now),
    ):
        with pytest.raises(PlanEnded):
            act()
    assert list(ValueGoal.objects.values_list("name", "value")) == [("Projects", None)]


def test_a_removed_goal_takes_its_values_along(
    account: Account, actor: Actor, now: datetime, goal_with: GoalMaker
) -> None:
    goal, kept = goal_with(), goal_with(name="Hours")
    record_value(account=account, goal=goal, day=now.date(), value=Decimal(13), actor=actor, at=now)

    remove_goal(account=account, goal=goal, actor=actor)

    assert list(ValueGoal.objects.all()) == [kept]
    assert not GoalReading.objects.exists()
    assert AuditEntry.objects.get(action="value.goal_removed").data["old"]["name"] == "Projects"


class TestCounted:
    """Goals whose value is a count of actions."""

    def test_it_counts_thirty_days_and_compares_with_the_thirty_before_the_plan(
        self, account: Account, owner: Membership, now: datetime, goal_with: GoalMaker
    ) -> None:
        # Two a day for 41 days: the plan began ten days ago, so thirty of them fall before it.
        use(owner, now, days=41, feature="Reports", times=2)
        use(owner, now, days=3, feature="Boards", times=1)

        goal = goal_with(baseline=None, target=Decimal(78), feature="Reports")

        assert (goal.baseline, goal.value, goal.people) == (Decimal(60), Decimal(60), 1)
        assert goal.met_on is None
        assert features_of(account, now) == ["Boards", "Reports"]

    def test_the_night_writes_one_value_a_day_and_proves_the_goal(
        self, account: Account, owner: Membership, now: datetime, goal_with: GoalMaker
    ) -> None:
        use(owner, now, days=3, times=2)
        goal = goal_with(baseline=Decimal(1), target=Decimal(10), feature="Reports")
        later = now + timedelta(days=1)
        use(owner, later, days=1, times=5)

        assert measure_goals(at=later) == 1
        assert measure_goals(at=later) == 1

        goal.refresh_from_db()
        assert list(goal.readings.order_by("day").values_list("value", flat=True)) == [Decimal(6), Decimal(11)]
        assert (goal.value, goal.met_on) == (Decimal(11), today_in(account, later))

    def test_only_one_department_and_one_outcome(
        self, account: Account, owner: Membership, actor: Actor, now: datetime, goal_with: GoalMaker
    ) -> None:
        place = add_place(account=account, kind="department", name="Sales", actor=actor, at=now)
        assert isinstance(place, Department)
        mia = join(account, "Mia", "member", now)
        Membership.objects.filter(pk=mia.pk).update(department=place)
        use(owner, now, days=2)
        use(mia, now, days=1, times=3)

        assert goal_with(feature="Reports", department=place).value == Decimal(3)
        assert goal_with(feature="Reports", outcome="sent").value == Decimal(0)
        assert goal_with(feature="Reports").value == Decimal(7)

    def test_privacy_mode_withholds_a_department_where_the_rest_is_few(
        self, account: Account, owner: Membership, actor: Actor, now: datetime, goal_with: GoalMaker
    ) -> None:
        """The usage page has the whole, so the difference would be what the one outside did."""
        place = add_place(account=account, kind="department", name="Sales", actor=actor, at=now)
        assert isinstance(place, Department)
        people = crowd(account, 5, now)
        Membership.objects.filter(pk__in=[person.pk for person in people]).update(department=place)
        for person in people:
            use(person, now, days=1)
        set_usage_settings(account=account, keep_days=400, groups_only=True, actor=actor)
        assert goal_with(feature="Reports", department=place).value == Decimal(10)

        use(owner, now, days=1)

        assert goal_with(feature="Reports", department=place).value is None
        assert goal_with(feature="Reports").value == Decimal(12)
        with pytest.raises(GoalRefused) as refused:
            goal_with(feature="Reports", department=place, baseline=None)
        assert refused.value.field == "baseline"

    def test_privacy_mode_offers_no_feature_of_few(
        self, account: Account, owner: Membership, actor: Actor, now: datetime
    ) -> None:
        for person in crowd(account, 5, now):
            use(person, now, days=1)
        use(owner, now, days=1, feature="Salary export")
        assert features_of(account, now) == ["Reports", "Salary export"]

        set_usage_settings(account=account, keep_days=400, groups_only=True, actor=actor)

        assert features_of(account, now) == ["Reports"]

    def test_its_values_are_not_entered(
        self, account: Account, actor: Actor, now: datetime, goal_with: GoalMaker
    ) -> None:
        goal = goal_with(feature="Reports")
        with pytest.raises(GoalRefused):
            record_value(account=account, goal=goal, day=now.date(), value=Decimal(99), actor=actor, at=now)
        assert list(goal.readings.values_list("value", flat=True)) == [Decimal(0)]

    def test_what_it_counted_before_goes_when_it_counts_something_else(
        self, account: Account, owner: Membership, actor: Actor, now: datetime, goal_with: GoalMaker
    ) -> None:
        use(owner, now, days=3, times=5)
        goal = goal_with(feature="Reports")
        assert goal.met_on is not None

        changed = change_goal(account=account, goal=goal, wish=wish(feature="Boards"), actor=actor, at=now)

        assert (changed.value, changed.met_on) == (Decimal(0), None)

    def test_privacy_mode_withholds_what_four_people_did(
        self, account: Account, owner: Membership, actor: Actor, now: datetime, goal_with: GoalMaker
    ) -> None:
        people = crowd(account, 4, now)
        for person in people:
            use(person, now, days=1, times=5)
        goal = goal_with(feature="Reports")
        assert (goal.value, goal.people) == (Decimal(20), 4)
        plan = open_plan(account, now)
        assert plan is not None
        assert plan.met == 1

        set_usage_settings(account=account, keep_days=400, groups_only=True, actor=actor)

        private = open_plan(account, now)
        assert private is not None
        [standing] = private.goals
        assert (standing.withheld, standing.value, standing.percent, standing.met, private.met) == (
            True,
            None,
            None,
            False,
            0,
        )
        assert measure_goals(at=now) == 0
        with pytest.raises(GoalRefused) as refused:
            goal_with(feature="Reports", baseline=None)
        assert refused.value.field == "baseline"
        use(owner, now, days=1)
        assert measure_goals(at=now) == 1
        public = open_plan(account, now)
        assert public is not None
        assert public.goals[0].value == Decimal(22)

    def test_that_few_people_reached_it_stays_withheld_when_more_do_it_later(
        self, account: Account, owner: Membership, actor: Actor, now: datetime, goal_with: GoalMaker
    ) -> None:
        for person in crowd(account, 4, now):
            use(person, now, days=1, times=5)
        goal = goal_with(feature="Reports")
        assert goal.met_on == now.date()
        set_usage_settings(account=account, keep_days=400, groups_only=True, actor=actor)
        later = now + timedelta(days=1)
        use(owner, later, days=1)
        assert measure_goals(at=later) == 1

        plan = open_plan(account, later)
        assert plan is not None
        [standing] = plan.goals
        assert (standing.value, standing.met, plan.met) == (Decimal(22), False, 0)
        sweep_account(account=account, at=later)
        assert not Signal.objects.filter(kind=Signal.Kind.VALUE_PROVEN).exists()
