"""A plan that began ten days ago, and a goal for it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.access.actor import Actor
from accounts.models import Account
from seats.insight.activity import today_in
from seats.models import ValueGoal, ValuePlan
from seats.value.goals import Wish, add_goal
from seats.value.plans import start_plan

type GoalMaker = Callable[..., ValueGoal]


@pytest.fixture
def plan(account: Account, actor: Actor, now: datetime) -> ValuePlan:
    """Day 10."""
    first = today_in(account, now) - timedelta(days=10)
    return start_plan(account=account, starts_on=first, actor=actor, at=now)


def wish(**changes: Any) -> Wish:
    """Ten projects become thirteen."""
    usual: dict[str, Any] = {"name": "Projects", "unit": "projects", "baseline": Decimal(10), "target": Decimal(13)}
    return Wish(**(usual | changes))


@pytest.fixture
def goal_with(account: Account, actor: Actor, now: datetime, plan: ValuePlan) -> GoalMaker:
    """`goal_with(target=…)`: a goal of the plan."""
    return lambda **changes: add_goal(account=account, wish=wish(**changes), actor=actor, at=now)
