"""The value plan of an account: one is open at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from seats.errors import GoalRefused, PlanOpen
from seats.insight.activity import today_in
from seats.insight.use_report import SMALLEST_GROUP
from seats.models import GoalReading, ValueGoal, ValuePlan, ValueReport
from seats.usage.settings import groups_only
from seats.value.rules import AHEAD, DAYS, LATEST, Clock, change, clock_of, progress, shown


@dataclass(frozen=True)
class Standing:
    """A goal as it is shown. withheld: privacy mode keeps its value back. met_withheld: or that it was reached, which
    an older reading of few people said."""

    goal: ValueGoal
    withheld: bool = False
    met_withheld: bool = False

    @property
    def value(self) -> Decimal | None:
        """The newest one."""
        return None if self.withheld else self.goal.value

    @property
    def value_on(self) -> date | None:
        """Of which day it is."""
        return None if self.withheld else self.goal.value_on

    @property
    def met(self) -> bool:
        """Value proven."""
        return self.goal.met_on is not None and not self.withheld and not self.met_withheld

    @property
    def met_on(self) -> date | None:
        """Since when."""
        return self.goal.met_on if self.met else None

    @property
    def percent(self) -> int | None:
        """How far it came."""
        return progress(self.value, baseline=self.goal.baseline, target=self.goal.target)

    @property
    def bar(self) -> int:
        """The same for a bar."""
        return min(self.percent or 0, 100)

    @property
    def change(self) -> int | None:
        """Against the baseline, in percent."""
        return change(self.value, self.goal.baseline)


@dataclass(frozen=True)
class Plan:
    """An open plan with its clock and goals."""

    row: ValuePlan
    clock: Clock
    goals: list[Standing]

    @property
    def width(self) -> str:
        """How much of its days is over, for the drawing."""
        return f"{self.clock.shown * 100 / DAYS:.2f}%"

    @property
    def met(self) -> int:
        """How many goals were reached."""
        return sum(one.met for one in self.goals)


def open_plan(account: Account, at: datetime) -> Plan | None:
    """The plan that runs, or begins soon."""
    row = ValuePlan.objects.filter(account=account, ended_at__isnull=True).first()
    return plan_of(row, account, at) if row else None


def plan_of(row: ValuePlan, account: Account, at: datetime) -> Plan:
    """A plan of the account with its clock and goals."""
    return Plan(row, clock_of(row.starts_on, today_in(account, at)), standings(row, private=groups_only(account)))


def standings(plan: ValuePlan, *, private: bool) -> list[Standing]:
    """The goals of a plan in the order in which they were added."""
    goals = ValueGoal.objects.filter(account=plan.account_id, plan=plan).select_related("department").order_by("pk")
    return _standings(list(goals), private=private)


def standing_of(goal: ValueGoal, *, private: bool) -> Standing:
    """One goal, also of an earlier plan."""
    return _standings([goal], private=private)[0]


def goals_of(account: Account) -> QuerySet[ValueGoal]:
    """Of all plans."""
    return ValueGoal.objects.filter(account=account).select_related("plan", "department", "account")


def readings_of(goal: ValueGoal, *, private: bool) -> QuerySet[GoalReading]:
    """A goal's values, the newest first, without those that privacy mode keeps back."""
    found = GoalReading.objects.filter(account=goal.account_id, goal=goal).select_related("entered_by")
    return found.filter(Q(people__isnull=True) | Q(people__gte=SMALLEST_GROUP)) if private else found


def _standings(goals: Sequence[ValueGoal], *, private: bool) -> list[Standing]:
    readings = GoalReading.objects.filter(goal__in=goals, day=F("goal__met_on"))
    met_by = dict(readings.values_list("goal_id", "people")) if private else {}
    return [
        Standing(
            goal,
            withheld=not shown(goal.people, private=private),
            met_withheld=not shown(met_by.get(goal.pk), private=private),
        )
        for goal in goals
    ]


def reports_of(account: Account) -> list[ValueReport]:
    """What earlier plans came to, the newest first."""
    return list(ValueReport.objects.filter(account=account).select_related("plan")[:12])


@transaction.atomic
def start_plan(*, account: Account, starts_on: date, actor: Actor, at: datetime) -> ValuePlan:
    """Begin ninety days. Raises PlanOpen; GoalRefused where the day is more than 89 days ago or 30 ahead."""
    today = today_in(account, at)
    if not today - LATEST <= starts_on <= today + AHEAD:
        raise GoalRefused(
            _("Choose a day within the last 89 days or the next 30."),
            field="starts_on",
        )
    row = ValuePlan(account=account, starts_on=starts_on, started_by=actor.user)
    # Two admins at once: the constraint lets one of them win.
    if not _added(row):
        raise PlanOpen
    record_audit(
        account=account,
        actor=actor,
        action="value.plan_started",
        target=row.public_id,
        summary=starts_on.isoformat(),
    )
    return row


def _added(row: ValuePlan) -> bool:
    ValuePlan.objects.bulk_create([row], ignore_conflicts=True)
    found = ValuePlan.objects.filter(public_id=row.public_id).first()
    if found is not None:
        row.pk = found.pk
    return found is not None
