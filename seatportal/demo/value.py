"""What two firms of the demo want to reach with their seats: one is on day 37, the other has its report."""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from seatportal.demo.firm import Firm
from seatportal.demo.timeline import Timeline
from seats.insight.activity import today_in
from seats.models import ValueGoal
from seats.value.goals import Wish, add_goal, record_value
from seats.value.plans import start_plan
from seats.value.report import end_plan
from seats.value.roi import save_roi
from seats.value.roi_rules import Assumptions

PROJECTS = Wish(name="Projects delivered a month", unit="projects", baseline=Decimal(10), target=Decimal(13))
HOURS = Wish(name="Time for a client report", unit="hours", baseline=Decimal(8), target=Decimal(5))
DOCUMENTS = Wish(name="Work on shared documents", unit="actions", baseline=None, target=Decimal(60), feature="docs")


def on_day_37(firm: Firm, line: Timeline, now: datetime) -> None:
    """Three goals: one proven, one half way, one counted from usage; and what the seats are assumed to return."""
    start = now - timedelta(days=37)
    line.at(start, lambda at: _start(firm, at))
    line.at(start, lambda at: _add(firm, PROJECTS, at))
    line.at(start, lambda at: _add(firm, HOURS, at))
    for days, projects, hours in ((7, "10.5", "7.5"), (30, "12", "6.75"), (36, "13", "6.5")):
        moment = start + timedelta(days=days)
        line.at(moment, partial(_enter, firm, PROJECTS, projects))
        line.at(moment, partial(_enter, firm, HOURS, hours))
    # Once its events are there to be counted.
    line.at(now, lambda at: _add(firm, DOCUMENTS, at))
    for hundredths in (150, 200):
        line.at(now, partial(_assume, firm, hundredths))


def reported(firm: Firm, line: Timeline, now: datetime) -> None:
    """Ninety days that are over, with one goal of two reached."""
    start = now - timedelta(days=101)
    line.at(start, lambda at: _start(firm, at))
    line.at(start, lambda at: _add(firm, PROJECTS, at))
    line.at(start, lambda at: _add(firm, HOURS, at))
    line.at(start + timedelta(days=60), lambda at: _enter(firm, PROJECTS, "14", at))
    line.at(start + timedelta(days=88), lambda at: _enter(firm, HOURS, "6", at))
    line.at(start + timedelta(days=90), lambda at: end_plan(account=firm.account, actor=firm.actor, at=at))


def _start(firm: Firm, at: datetime) -> None:
    start_plan(account=firm.account, starts_on=today_in(firm.account, at), actor=firm.actor, at=at)


def _add(firm: Firm, wish: Wish, at: datetime) -> None:
    add_goal(account=firm.account, wish=wish, actor=firm.actor, at=at)


def _enter(firm: Firm, wish: Wish, value: str, at: datetime) -> None:
    goal = ValueGoal.objects.get(account=firm.account, name=wish.name)
    day = today_in(firm.account, at)
    record_value(account=firm.account, goal=goal, day=day, value=Decimal(value), actor=firm.actor, at=at)


def _assume(firm: Firm, hours: int, at: datetime) -> None:
    save_roi(account=firm.account, given=Assumptions(hours, 55_00, 50), actor=firm.actor, at=at)
