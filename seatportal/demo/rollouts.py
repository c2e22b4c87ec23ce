"""Rollout plans: a tranche that waits for more activity, and tranches that are not due yet."""

from datetime import datetime, timedelta

from seatportal.demo.firm import Firm
from seats.insight.activity import today_in
from seats.models import RolloutPlan
from seats.rollout.plans import open_rollout
from seats.rollout.run_tranches import run_due_tranches
from seats.rollout.tranches import Wish, schedule_tranche


def plan_rollout(firm: Firm, name: str, at: datetime, *, budget_month: int) -> None:
    """Its owner begins a plan."""
    open_rollout(account=firm.account, name=name, budget_month=budget_month, actor=firm.actor)


def add_tranche(
    firm: Firm, at: datetime, *, seats: int, in_days: int, owner: str, ceiling: int, gate: int, po_number: str = ""
) -> None:
    """Add a tranche for the department of its owner. ceiling: minor units; gate: percent of seats that are active."""
    lead = firm.people[owner]
    wish = Wish(
        quantity=seats,
        due_on=today_in(firm.account, at) + timedelta(days=in_days),
        owner=lead,
        ceiling=ceiling,
        department=lead.department,
        gate_percent=gate,
        po_number=po_number,
    )
    plan = RolloutPlan.objects.get(account=firm.account)
    schedule_tranche(account=firm.account, plan_id=plan.public_id, wish=wish, actor=firm.actor, at=at)


def look_at_tranches(at: datetime) -> None:
    """As the hourly job does: what is due is bought or held."""
    run_due_tranches(at=at)
