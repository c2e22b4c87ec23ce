"""The report at the end of a value plan: written once, kept, and mailed to those who want it (product.md D3)."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import msgspec
import structlog
from django.db import transaction
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from seats.errors import PlanEnded
from seats.holders.queries import seat_counts
from seats.insight.activity import today_in
from seats.insight.history import twelve_months
from seats.insight.make_use_report import make_use_report
from seats.models import MailChoice, ValuePlan, ValueReport
from seats.usage.settings import groups_only
from seats.value.goals import measure
from seats.value.mails import tell_members
from seats.value.plans import Standing, standings
from seats.value.rules import DAYS, clock_of, shown

log = structlog.get_logger(__name__)

# No zone is further ahead of UTC.
FARTHEST_AHEAD = timedelta(hours=14)


class GoalResult(msgspec.Struct):
    """What one goal came to. value None: none was entered, or privacy mode withheld it. percent: of the way.

    people: how many did what was counted; None where the value was entered.
    """

    name: str
    unit: str
    department: str
    counted: bool
    baseline: Decimal
    target: Decimal
    value: Decimal | None
    value_on: date | None
    people: int | None
    met_on: date | None
    percent: int | None
    change: int | None


class Seats(msgspec.Struct):
    """Seats on one day. active None: nothing is known of that day."""

    purchased: int
    assigned: int
    active: int | None


class Result(msgspec.Struct):
    """All of it. Days are the account's."""

    starts_on: date
    ended_on: date
    day: int
    goals: list[GoalResult]
    before: Seats | None
    after: Seats

    @property
    def met(self) -> int:
        """How many goals were reached."""
        return sum(goal.met_on is not None for goal in self.goals)


def result_of(report: ValueReport) -> Result:
    """The report as it was written; privacy mode that is on by now withholds what few people did."""
    result = msgspec.convert(report.data, Result)
    private = groups_only(report.account)
    result.goals = [goal if shown(goal.people, private=private) else _withheld(goal) for goal in result.goals]
    return result


def _withheld(goal: GoalResult) -> GoalResult:
    return msgspec.structs.replace(goal, value=None, value_on=None, met_on=None, percent=None, change=None)


def write_due_reports(*, at: datetime) -> int:
    """Write the report of every plan whose ninety days are over; returns how many. Safe to run twice at once."""
    latest = (at + FARTHEST_AHEAD).date() - timedelta(days=DAYS)
    written = 0
    for plan in ValuePlan.objects.filter(ended_at__isnull=True, starts_on__lte=latest).select_related("account"):
        if not clock_of(plan.starts_on, today_in(plan.account, at)).over:
            continue
        try:
            written += end_plan(account=plan.account, actor=Actor.system("task"), at=at) is not None
        except PlanEnded:
            continue
        except Exception:  # one account's trouble must not stop the others' reports
            log.exception("value_report_failed", account=plan.account.public_id)
    return written


@transaction.atomic
def end_plan(*, account: Account, actor: Actor, at: datetime) -> ValueReport:
    """Write the report of the open plan, end it, and tell those who want to know. Raises PlanEnded."""
    plan = ValuePlan.objects.select_for_update().filter(account=account, ended_at__isnull=True).first()
    if plan is None:
        raise PlanEnded
    measure(goals=list(plan.goals.filter(source="counted").select_related("account")), at=at)
    goals = [_told(one) for one in standings(plan, private=groups_only(account))]
    today = today_in(account, at)
    result = Result(
        starts_on=plan.starts_on,
        ended_on=today,
        day=clock_of(plan.starts_on, today).shown,
        goals=goals,
        before=_seats_on(account, plan.starts_on, at),
        after=_seats_now(account, at),
    )
    report = ValueReport.objects.create(account=account, plan=plan, made_at=at, data=msgspec.to_builtins(result))
    plan.ended_at = at
    plan.save(update_fields=["ended_at"])
    record_audit(
        account=account,
        actor=actor,
        action="value.report_written",
        target=report.public_id,
        summary=f"{result.met}/{len(goals)}",
    )
    tell_members(
        account=account,
        kind=MailChoice.Kind.REPORT,
        key=f"value_report:{report.public_id}",
        context={
            "met": result.met,
            "goals": [{"name": goal.name, "met": goal.met_on is not None} for goal in goals],
            "day": result.day,
            "link": reverse("seats:value_report", args=[account.slug, report.public_id]),
        },
        at=at,
    )
    return report


def _told(one: Standing) -> GoalResult:
    goal = one.goal
    return GoalResult(
        name=goal.name,
        unit=goal.unit,
        department=str(goal.department or ""),
        counted=goal.source == goal.Source.COUNTED,
        baseline=goal.baseline,
        target=goal.target,
        value=one.value,
        value_on=goal.value_on if one.value is not None else None,
        people=goal.people if one.value is not None else None,
        met_on=goal.met_on if one.met else None,
        percent=one.percent,
        change=one.change,
    )


def _seats_now(account: Account, at: datetime) -> Seats:
    counts = seat_counts(account, at)
    return Seats(counts.purchased, counts.assigned, counts.active)


def _seats_on(account: Account, day: date, at: datetime) -> Seats | None:
    """From the ledger, and from the week of the usage report that had begun by then."""
    known = [point for point in twelve_months(account, at).points if point.day <= day]
    if not known:
        return None
    weeks = [active for week, active in make_use_report(account=account, at=at).weeks if week <= day]
    return Seats(known[-1].purchased, known[-1].assigned, weeks[-1] if weeks else None)
