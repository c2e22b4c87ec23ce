"""Goals of a plan, and their values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account, Department
from seats.errors import GoalRefused, PlanEnded
from seats.insight.activity import today_in
from seats.insight.use_report import SMALLEST_GROUP
from seats.models import GoalReading, ValueGoal, ValuePlan
from seats.usage.settings import groups_only
from seats.value.rules import LATEST, WINDOW, first_met, plain, shown

MOST = 12
Source = ValueGoal.Source


@dataclass(frozen=True)
class Wish:
    """What a goal is to be. baseline None: counted, for a counted goal. feature empty: its values are entered."""

    name: str
    unit: str
    baseline: Decimal | None
    target: Decimal
    department: Department | None = None
    feature: str = ""
    outcome: str = ""


@transaction.atomic
def add_goal(*, account: Account, wish: Wish, actor: Actor, at: datetime) -> ValueGoal:
    """Add a goal to the open plan; a counted one gets its first value at once. Raises PlanEnded, GoalRefused."""
    plan = lock_open_plan(account)
    if ValueGoal.objects.filter(account=account, plan=plan).count() >= MOST:
        raise GoalRefused(_("A plan has twelve goals at most. Remove one first."))
    goal = ValueGoal(account=account, plan=plan)
    _fill(goal, wish, plan)
    goal.save()
    if goal.source == Source.COUNTED:
        measure(goals=[goal], at=at)
    record_audit(
        account=account,
        actor=actor,
        action="value.goal_added",
        target=goal.public_id,
        summary=goal.name,
        new=_told(goal),
    )
    return goal


@transaction.atomic
def change_goal(*, account: Account, goal: ValueGoal, wish: Wish, actor: Actor, at: datetime) -> ValueGoal:
    """Change a goal of the open plan; whether it was reached is judged again. Raises PlanEnded, GoalRefused."""
    plan = lock_open_plan(account)
    row = _goal(plan, goal)
    before, counted = _told(row), (row.feature, row.outcome, row.department_id)
    _fill(row, wish, plan)
    row.save()
    if (row.feature, row.outcome, row.department_id) != counted and row.source == Source.COUNTED:
        # What was counted before was of something else.
        GoalReading.objects.filter(account=account, goal=row).delete()
    if row.source == Source.COUNTED:
        measure(goals=[row], at=at)
    else:
        judge(goal=row)
    after = _told(row)
    if after != before:
        record_audit(
            account=account,
            actor=actor,
            action="value.goal_changed",
            target=row.public_id,
            summary=row.name,
            old=before,
            new=after,
        )
    return row


@transaction.atomic
def remove_goal(*, account: Account, goal: ValueGoal, actor: Actor) -> None:
    """Take a goal and its values out of the open plan. Raises PlanEnded."""
    row = _goal(lock_open_plan(account), goal)
    record_audit(
        account=account,
        actor=actor,
        action="value.goal_removed",
        target=row.public_id,
        summary=row.name,
        old=_told(row),
    )
    row.delete()


@transaction.atomic
def record_value(
    *, account: Account, goal: ValueGoal, day: date, value: Decimal, actor: Actor, at: datetime
) -> GoalReading:
    """Enter the value of a day; a second one of the same day corrects the first. Raises PlanEnded, GoalRefused."""
    plan = lock_open_plan(account)
    row = _goal(plan, goal)
    if row.source == Source.COUNTED:
        raise GoalRefused(_("This goal is counted from usage; its values are not entered."))
    today = today_in(account, at)
    if not plan.starts_on - LATEST <= day <= today:
        raise GoalRefused(_("Choose a day that is not in the future, and within 89 days before the plan."), field="day")
    old = GoalReading.objects.filter(account=account, goal=row, day=day).first()
    reading, _new = GoalReading.objects.update_or_create(
        account=account, goal=row, day=day, defaults={"value": value, "people": None, "entered_by": actor.user}
    )
    judge(goal=row)
    record_audit(
        account=account,
        actor=actor,
        action="value.entered",
        target=row.public_id,
        summary=row.name,
        day=day.isoformat(),
        old=None if old is None else plain(old.value),
        new=plain(value),
    )
    return reading


def judge(*, goal: ValueGoal) -> None:
    """Write the newest value and the day on which the target was reached, both from the readings alone."""
    readings = list(GoalReading.objects.filter(goal=goal).order_by("day").values_list("day", "value", "people"))
    goal.value_on, goal.value, goal.people = readings[-1] if readings else (None, None, None)
    known = [(day, value) for day, value, _people in readings]
    goal.met_on = first_met(known, baseline=goal.baseline, target=goal.target)
    goal.save(update_fields=["value", "value_on", "people", "met_on"])


def measure_goals(*, at: datetime) -> int:
    """Count today's value of every counted goal of open plans; returns how many were written."""
    goals = ValueGoal.objects.filter(source=Source.COUNTED, plan__ended_at__isnull=True).order_by("account_id", "pk")
    return sum(_measure_safely(goal, at) for goal in goals.select_related("account").iterator(chunk_size=500))


def _measure_safely(goal: ValueGoal, at: datetime) -> int:
    with transaction.atomic():
        plan = ValuePlan.objects.select_for_update().filter(pk=goal.plan_id, ended_at__isnull=True).first()
        row = ValueGoal.objects.select_related("account").filter(pk=goal.pk, source=Source.COUNTED).first()
        return measure(goals=[row], at=at) if plan is not None and row is not None else 0


def measure(*, goals: Sequence[ValueGoal], at: datetime) -> int:
    """Count goals of open plans now, in the caller's transaction; what privacy mode withholds is not written."""
    written = 0
    for goal in goals:
        today = today_in(goal.account, at)
        value, people = counted(goal, last=today)
        if shown(people, private=groups_only(goal.account)):
            GoalReading.objects.update_or_create(
                account=goal.account,
                goal=goal,
                day=today,
                defaults={"value": value, "people": people, "entered_by": None},
            )
            written += 1
        judge(goal=goal)
    return written


_COUNT = """
SELECT coalesce(sum(count) FILTER (WHERE inside), 0), count(DISTINCT person) FILTER (WHERE inside),
       count(DISTINCT person) FILTER (WHERE NOT inside)
FROM (
    SELECT u.count, u.membership_id AS person,
           %(department)s::bigint IS NULL OR m.department_id IS NOT DISTINCT FROM %(department)s AS inside
    FROM seats_dailyusage u JOIN accounts_membership m ON m.id = u.membership_id
    WHERE u.account_id = %(account)s AND u.day BETWEEN %(first)s AND %(last)s AND u.feature = %(feature)s
      AND (%(outcome)s = '' OR u.outcome = %(outcome)s)
) AS used
"""


def counted(goal: ValueGoal, *, last: date) -> tuple[Decimal, int]:
    """Actions in the thirty days up to `last`, and how many people did them: for a department, or the others where
    those are fewer. The usage page tells of all together, so the difference tells of the others."""
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {
                "account": goal.account_id,
                "first": last - timedelta(days=WINDOW - 1),
                "last": last,
                "feature": goal.feature,
                "outcome": goal.outcome,
                "department": goal.department_id,
            },
        )
        count, people, others = cursor.fetchone()
    return Decimal(count), min(people, others) if others else people


def features_of(account: Account, at: datetime) -> list[str]:
    """What can be counted: features used within the last ninety days, by name. In privacy mode by five people or
    more."""
    since = today_in(account, at) - LATEST
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT feature FROM seats_dailyusage WHERE account_id = %s AND day >= %s "
            "GROUP BY feature HAVING count(DISTINCT membership_id) >= %s ORDER BY 1 LIMIT 200",
            [account.pk, since, SMALLEST_GROUP if groups_only(account) else 1],
        )
        return [name for (name,) in cursor.fetchall()]


def _fill(goal: ValueGoal, wish: Wish, plan: ValuePlan) -> None:
    goal.name, goal.unit, goal.department = wish.name.strip(), wish.unit.strip(), wish.department
    goal.source = Source.COUNTED if wish.feature else Source.ENTERED
    goal.feature, goal.outcome = wish.feature, wish.outcome if wish.feature else ""
    baseline = wish.baseline
    if baseline is None:
        if goal.source == Source.ENTERED:
            raise GoalRefused(_("Enter where it stands today: the target is compared with it."), field="baseline")
        # The thirty days before the plan.
        baseline, people = counted(goal, last=plan.starts_on - timedelta(days=1))
        if not shown(people, private=groups_only(goal.account)):
            raise GoalRefused(
                _("Fewer than five people did this before the plan, so privacy mode withholds it. Enter a baseline."),
                field="baseline",
            )
    if baseline == wish.target:
        raise GoalRefused(_("The target is where it stands already. Choose another one."), field="target")
    goal.baseline, goal.target = baseline, wish.target


def lock_open_plan(account: Account) -> ValuePlan:
    """The open plan; two admins who change its goals do so one after the other. Raises PlanEnded."""
    plan = ValuePlan.objects.select_for_update().filter(account=account, ended_at__isnull=True).first()
    if plan is None:
        raise PlanEnded
    return plan


def _goal(plan: ValuePlan, goal: ValueGoal) -> ValueGoal:
    row = ValueGoal.objects.select_for_update(of=("self",)).filter(plan=plan, pk=goal.pk).first()
    if row is None:
        raise PlanEnded
    return row


def _told(goal: ValueGoal) -> dict[str, str]:
    """For the trail."""
    numbers = {name: plain(getattr(goal, name)) for name in ("baseline", "target")}
    words = {name: str(getattr(goal, name)) for name in ("name", "unit", "feature", "outcome")}
    return {**words, **numbers, "department": str(goal.department or "")}
