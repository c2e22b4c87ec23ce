"""The business review: value, opportunities, roadmap, as they stand on the day it is prepared (product.md E13).

It is stored, so that what was shown in the meeting can be opened afterwards. Words are not: each reader gets their own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from seats.growth.message import Line
from seats.growth.playbooks import FOLLOWS, PLAYBOOKS
from seats.growth.shown_signals import signals_shown_to
from seats.insight.activity import today_in
from seats.insight.bands import utilization_of
from seats.insight.history import twelve_months
from seats.insight.make_use_report import current_report
from seats.insight.runway import runway
from seats.insight.use_report import concentrated, for_groups
from seats.models import BusinessReview, ExpansionTask, FeatureRequest, Signal
from seats.usage.settings import groups_only
from seats.value.plans import open_plan

# Once a quarter.
CADENCE = timedelta(days=91)
# What the customer asked for and does not have.
WISHES = (FeatureRequest.State.NEW, FeatureRequest.State.PLANNED)
# Signals that are the vendor's own affair, not for the customer's table.
OURS = (Signal.Kind.LOW_HEALTH, Signal.Kind.CHAMPION_LEFT, Signal.Kind.CHECK_IN, Signal.Kind.SHARING)


@transaction.atomic
def prepare_review(*, account: Account, actor: Actor, at: datetime, reason: str) -> BusinessReview:
    """Put the account's numbers together, and set the day of the next one."""
    row = BusinessReview.objects.create(
        account=account,
        prepared_at=at,
        prepared_by=actor.user,
        data={
            "value": _value(account, at),
            "opportunities": _opportunities(account, at),
            "roadmap": _roadmap(account, at),
            "private": groups_only(account),
        },
        next_on=today_in(account, at) + CADENCE,
    )
    record_audit(account=None, actor=actor, action="review.prepared", target=row.public_id, summary=reason)
    return row


def latest_review(account: Account) -> BusinessReview | None:
    """The newest one, with its next date."""
    return BusinessReview.objects.filter(account=account).select_related("prepared_by").first()


def withheld(review: BusinessReview) -> bool:
    """Whether privacy mode was switched on after it: then what it says of few people is not shown any more."""
    return groups_only(review.account) and not review.data.get("private", False)


@dataclass(frozen=True)
class Opportunity:
    """A signal as it was on that day."""

    line: Line
    seats: int | None


def opportunities_of(review: BusinessReview) -> list[Opportunity]:
    """Its signals, readable in any language."""
    return [
        Opportunity(Line(Signal(kind=one["kind"], evidence=one["evidence"])), one["seats"])
        for one in review.data["opportunities"]["signals"]
    ]


def _value(account: Account, at: datetime) -> dict[str, Any]:
    """Seats then and now, and the goals of the value plan; privacy mode withholds what few people did."""
    seats, history = utilization_of(account, at), twelve_months(account, at)
    plan = open_plan(account, at)
    return {
        "purchased": seats.purchased,
        "assigned": seats.assigned,
        "active": seats.active,
        "percent": seats.active_percent,
        "year_ago": history.points[0].purchased if history.points else None,
        "day": plan.clock.shown if plan else None,
        "goals": [
            {
                "name": one.goal.name,
                "unit": one.goal.unit,
                "baseline": one.goal.baseline,
                "target": one.goal.target,
                "value": one.value,
                "percent": one.percent,
                "met": one.met,
            }
            for one in (plan.goals if plan else [])
        ],
    }


def _opportunities(account: Account, at: datetime) -> dict[str, Any]:
    """Open signals about the customer, features that few use much, and when the seats run out."""
    signals = signals_shown_to(account, state="open").exclude(kind__in=OURS)
    seats = utilization_of(account, at)
    report, _made = current_report(account, at, people=seats.assigned)
    report = for_groups(report) if groups_only(account) else report
    history = twelve_months(account, at)
    ends = runway(history.points, free=seats.free, today=history.last)
    return {
        "signals": [
            {"kind": one.kind, "evidence": one.evidence, "seats": one.seats} for one in signals.order_by("-score", "pk")
        ],
        "features": [
            {"name": one.name, "people": one.people, "actions": one.actions, "active": report.active}
            for one in concentrated(report.features, active=report.active)
        ],
        "runway": [ends.early, ends.late] if ends else None,
    }


def _roadmap(account: Account, at: datetime) -> dict[str, Any]:
    """What is next on both sides: goals still open, features asked for and not shipped, and the playbooks that run."""
    plan = open_plan(account, at)
    tasks = ExpansionTask.objects.filter(account=account, state__in=ExpansionTask.LIVE).exclude(
        playbook__in={FOLLOWS[kind].key for kind in (Signal.Kind.CHAMPION_LEFT, Signal.Kind.CHECK_IN)}
    )
    return {
        "goals": [one.goal.name for one in (plan.goals if plan else []) if not one.met],
        "ends_on": plan.clock.ends_on if plan else None,
        "wishes": list(
            FeatureRequest.objects.filter(account=account, state__in=WISHES).values("what", "state")[:10],
        ),
        "tasks": [
            {"playbook": task.playbook, "due_on": task.due_on}
            for task in tasks.order_by("due_on", "pk")
            if task.playbook in PLAYBOOKS
        ],
    }
