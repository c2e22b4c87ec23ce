"""Rollout plans: opened, changed, ended."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from seats.errors import RolloutEnded, RolloutRefused
from seats.models import RolloutPlan, Tranche
from seats.rollout.ask_approval import drop_request
from seats.rollout.tell import emit

# Open at a time.
MOST = 20


@transaction.atomic
def open_rollout(*, account: Account, name: str, budget_month: int, actor: Actor) -> RolloutPlan:
    """Begin a plan; budget_month: 1 to 12. Raises RolloutRefused."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    if RolloutPlan.objects.filter(account=account, ended_at__isnull=True).count() >= MOST:
        raise RolloutRefused(_("There are %(most)d open rollout plans. End one of them first.") % {"most": MOST})
    plan = RolloutPlan(account=account)
    _fill(plan, name=name, budget_month=budget_month)
    plan.save()
    record_audit(account=account, actor=actor, action="rollout.opened", target=plan.public_id, summary=plan.name)
    return plan


@transaction.atomic
def change_rollout(*, account: Account, plan_id: str, name: str, budget_month: int, actor: Actor) -> RolloutPlan:
    """Another name or budget year. Raises RolloutPlan.DoesNotExist, RolloutEnded, RolloutRefused."""
    plan = lock_plan(account, plan_id)
    before = {"name": plan.name, "budget_month": plan.budget_month}
    _fill(plan, name=name, budget_month=budget_month)
    after = {"name": plan.name, "budget_month": plan.budget_month}
    if after != before:
        plan.save()
        record_audit(
            account=account,
            actor=actor,
            action="rollout.changed",
            target=plan.public_id,
            summary=plan.name,
            old=before,
            new=after,
        )
    return plan


@transaction.atomic
def end_rollout(*, account: Account, plan_id: str, actor: Actor, at: datetime) -> RolloutPlan:
    """Close a plan: what is not bought yet is cancelled. Raises RolloutPlan.DoesNotExist, RolloutEnded."""
    plan = lock_plan(account, plan_id)
    plan.ended_at = at
    plan.save(update_fields=["ended_at"])
    rows = Tranche.objects.select_for_update(of=("self",), no_key=True).select_related("account", "plan", "request")
    tranches = list(rows.filter(plan=plan, state__in=Tranche.OPEN).order_by("pk"))
    for tranche in tranches:
        drop_request(tranche, actor, at)
        close(tranche, Tranche.State.CANCELLED, at)
        emit(tranche, "tranche.cancelled", at)
    record_audit(
        account=account,
        actor=actor,
        action="rollout.ended",
        target=plan.public_id,
        summary=plan.name,
        cancelled=len(tranches),
    )
    return plan


def close(tranche: Tranche, state: str, at: datetime) -> None:
    """Its end; the caller holds the row."""
    tranche.state, tranche.settled_at, tranche.next_look_at = Tranche.State(state), at, None
    tranche.held_code, tranche.tried_since = "", None
    tranche.save()


def lock_plan(account: Account, plan_id: str) -> RolloutPlan:
    """An open plan, until the transaction ends. Raises RolloutPlan.DoesNotExist, RolloutEnded."""
    plan = RolloutPlan.objects.select_for_update(no_key=True).get(account=account, public_id=plan_id)
    if plan.ended_at is not None:
        raise RolloutEnded
    plan.account = account
    return plan


def _fill(plan: RolloutPlan, *, name: str, budget_month: int) -> None:
    if not name.strip():
        raise RolloutRefused(_("Give the plan a name."), field="name")
    if not 1 <= budget_month <= 12:
        raise RolloutRefused(_("Choose a month from 1 to 12."), field="budget_month")
    plan.name, plan.budget_month = name.strip()[:80], budget_month
